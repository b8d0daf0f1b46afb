#include <algorithm>

#include "compile.hpp"

namespace o2m {
namespace {

struct Frame {
  std::string_view kernel;
  std::int64_t m3, m4, m7;
};

constexpr Frame frames[] = {
#define FRAME(kernel, m3, m4, m7) {#kernel, m3, m4, m7},
#include "program/stack_frames.def"
#undef FRAME
};

/// A quarter more than measured, as a frame depends on the layer's constants; the most of all cores where
/// this one was not measured.
std::int64_t layer_bytes(const Call& layer, const Target& target) {
  std::int64_t here = -1, most = 0;
  for (const Frame& f : frames) {
    const std::int64_t any = std::max({f.m3, f.m4, f.m7});
    most = std::max(most, any);
    if (f.kernel != layer.kernel) continue;
    here = target.cpu == "CortexM3"   ? f.m3
           : target.cpu == "CortexM4" ? f.m4
           : target.cpu == "CortexM7" ? f.m7
                                      : -1;
    here = here >= 0 ? here : any;
  }
  return (here >= 0 ? here : most) * 5 / 4;
}

std::int64_t arguments(const Call& call) {
  return static_cast<std::int64_t>(call.reads.size() + call.writes.size() + call.scratch.size());
}

/// The nest of loops is one function: the rows made and the place of each stage, pointers to the rows under
/// each window, and below it one layer at a time.
std::int64_t stream_bytes(const Call& stream, const Target& target) {
  std::int64_t own = 64, deepest = 0;
  for (const Stage& stage : stream.stages) {
    own += 16 + (stage.kind == StageKind::window ? 4 * stage.k_h : 0);
    deepest = std::max(deepest, layer_bytes(stage.layer, target));
  }
  return own + deepest;
}

}  // namespace

/// By the call graph, which has two levels and no recursion: run() calls the layers, one after the other.
/// What run() takes itself: saved registers, addresses used again, arguments beyond the fourth, pointers to
/// the caller's buffers.
StackBound stack_bound(const Program& program, const Target& target) {
  StackBound bound;
  std::int64_t most_arguments = 0;
  for (const Call& call : program.calls) {
    const std::int64_t bytes = call.stages.empty() ? layer_bytes(call, target) : stream_bytes(call, target);
    if (bytes > bound.layer_bytes || bound.layer.empty()) bound.layer_bytes = bytes, bound.layer = call.name;
    most_arguments = std::max(most_arguments, arguments(call));
  }
  const auto ports = static_cast<std::int64_t>(program.inputs.size() + program.outputs.size());
  const auto layers = static_cast<std::int64_t>(program.calls.size());
  bound.run_bytes = 32 + 4 * ports + 8 * std::max<std::int64_t>(most_arguments - 4, 0) +
                    4 * std::min<std::int64_t>(layers, 32);
  bound.bytes = (bound.run_bytes + bound.layer_bytes + 7) / 8 * 8;
  return bound;
}

}  // namespace o2m

#include "stream/choose.hpp"

#include <algorithm>
#include <limits>

#include "compile.hpp"
#include "ops/quantized_conv.hpp"
#include "plan/place.hpp"
#include "stream/row_form.hpp"
#include "stream/stream.hpp"

namespace o2m {
namespace {

constexpr std::size_t longest = 48;  ///< layers of a stream: bounds the search

/// Bytes that the buffers of step `step` need, whatever lies elsewhere in time.
std::int64_t step_bytes(const PlanProblem& whole, int step) {
  PlanProblem problem;
  std::vector<int> index(whole.buffers.size(), -1);
  for (std::size_t i = 0; i < whole.buffers.size(); ++i) {
    if (whole.buffers[i].lower > step || step >= whole.buffers[i].upper) continue;
    index[i] = static_cast<int>(problem.buffers.size());
    problem.buffers.push_back({whole.buffers[i].name, 0, 1, whole.buffers[i].size, whole.buffers[i].alignment});
  }
  for (const Overlap& o : whole.overlaps) {
    const int below = index[static_cast<std::size_t>(o.below)], above = index[static_cast<std::size_t>(o.above)];
    if (below >= 0 && above >= 0) problem.overlaps.push_back({below, above, o.distance});
  }
  PlaceOptions options;
  options.step_limit = 2000;
  return place(problem, options).height;
}

struct Piece {
  std::size_t first = 0;
  std::int64_t peak = std::numeric_limits<std::int64_t>::max();  ///< highest of all pieces so far
  std::size_t streamed = 0;                                      ///< layers in streams so far
};

/// Best cut before each call: the lowest peak, then the fewest layers in streams.
std::vector<Piece> best_cuts(const Program& program) {
  const std::size_t n = program.calls.size();
  std::vector<Piece> best(n + 1);
  best[0] = {0, 0, 0};
  const auto offer = [&](std::size_t first, std::size_t last, std::int64_t bytes) {
    const Piece piece{first, std::max(best[first].peak, bytes), best[first].streamed + (last - first > 1 ? last - first : 0)};
    Piece& old = best[last];
    if (std::pair(piece.peak, piece.streamed) < std::pair(old.peak, old.streamed)) old = piece;
  };
  const PlanProblem layers = plan_problem(program);
  for (std::size_t first = 0; first < n; ++first) {
    offer(first, first + 1, step_bytes(layers, static_cast<int>(first) + 1));
    for (std::size_t last = first + 1; last <= std::min(n, first + longest); ++last) {
      if (!row_form(program, program.calls[last - 1])) break;
      Program trial = program;
      if (last < first + 2 || !make_stream(trial, first, last, /*small=*/true)) continue;
      offer(first, last, step_bytes(plan_problem(with_streams(program, {{first, last}}, /*small=*/true)), static_cast<int>(first) + 1));
    }
  }
  return best;
}

/// Every convolution with a patch, in streams or not: its params and its patch.
template <class F>
void for_each_patch(Program& program, F f) {
  const auto visit = [&](Call& call) {
    if (int_param(call, "tile") > 0) f(call, program[call.scratch.at(0)]);
  };
  for (Call& call : program.calls) {
    visit(call);
    for (Stage& stage : call.stages) visit(stage.layer);
  }
}

void resize_patch(Call& call, Buffer& patch, std::int64_t tile) {
  set_tile(call, tile);
  patch.shape = {patch_elements(call, tile)};
  patch.bytes = patch.shape[0] * size_of(patch.type);
}

/// Patches as large as the arena's size allows, one after the other: larger ones are filled less often.
void grow_patches(Program& program) {
  const std::int64_t arena = plan_memory(program).arena_bytes;
  for_each_patch(program, [&](Call& call, Buffer& patch) {
    const std::int64_t width = int_param(call, "out_w"), small = int_param(call, "tile");
    for (std::int64_t tile = std::min<std::int64_t>(width, 32); tile > small; tile = tile / 4 * 2) {
      resize_patch(call, patch, tile);
      if (plan_memory(program).arena_bytes <= arena) return;
    }
    resize_patch(call, patch, small);
  });
}

}  // namespace

Program with_smallest_arena(const Program& program) {
  Program skeleton = program;
  skeleton.constants.clear();
  for_each_patch(skeleton, [](Call& call, Buffer& patch) { resize_patch(call, patch, smallest_tile(call)); });
  const std::vector<Piece> best = best_cuts(skeleton);
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (std::size_t last = program.calls.size(); last > 0; last = best[last].first)
    if (last - best[last].first > 1) ranges.emplace_back(best[last].first, last);
  std::reverse(ranges.begin(), ranges.end());
  Program streamed = with_streams(skeleton, ranges, /*small=*/true);
  grow_patches(streamed);
  streamed.constants = program.constants;
  return streamed;
}

}  // namespace o2m

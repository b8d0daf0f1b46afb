#include "stream/choose.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "compile.hpp"
#include "ops/quantized_conv.hpp"
#include "plan/place.hpp"
#include "stream/row_form.hpp"
#include "stream/stream.hpp"

namespace o2m {
namespace {

constexpr std::size_t longest = 48;  ///< layers of a stream: bounds the search

/// Bytes that the buffers of step `step` need, whatever lies elsewhere in time; `beside` of them belong to
/// none of these.
std::int64_t step_bytes(const PlanProblem& whole, int step, std::int64_t beside) {
  PlanProblem problem;
  std::vector<int> index(whole.buffers.size(), -1);
  const auto add = [&](std::int64_t size, std::int64_t alignment) {
    problem.buffers.push_back({"", 0, 1, size, alignment});
  };
  for (std::size_t i = 0; i < whole.buffers.size(); ++i) {
    if (whole.buffers[i].lower > step || step >= whole.buffers[i].upper) continue;
    index[i] = static_cast<int>(problem.buffers.size());
    add(whole.buffers[i].size, whole.buffers[i].alignment);
  }
  for (const Overlap& o : whole.overlaps) {
    const int below = index[static_cast<std::size_t>(o.below)],
              above = index[static_cast<std::size_t>(o.above)];
    if (below >= 0 && above >= 0) problem.overlaps.push_back({below, above, o.distance});
  }
  PlaceOptions options;
  options.step_limit = 2000;
  return place(problem, options).height + beside;
}

/// A sequence of calls by itself: what is given to them and what is needed behind them become its inputs and
/// outputs.
struct Excerpt {
  Program program = {};
  std::int64_t beside = 0;  ///< bytes that are alive before and behind it, but not touched

  /// `life`: of the whole program's buffers, in steps (call i is step i + 1).
  Excerpt(const Program& whole, const std::vector<PlanBuffer>& life, std::size_t first, std::size_t last) {
    std::map<BufferId, BufferId> known;
    const auto own = [&](const auto& self, BufferId& id) -> void {
      const auto [it, added] = known.try_emplace(id, static_cast<BufferId>(program.buffers.size()));
      if (added) {
        program.buffers.push_back(whole[id]);
        if (whole[id].whole != BufferId::none) {
          BufferId outer = whole[id].whole;
          self(self, outer);
          program[it->second].whole = outer;
        }
        if (life[static_cast<std::size_t>(id)].upper > static_cast<std::int64_t>(last) + 1)
          program.outputs.emplace_back().buffer = it->second;
      }
      id = it->second;
    };
    for (std::size_t i = first; i < last; ++i) {
      Call call = whole.calls[i];
      for (Operand& read : call.reads)
        if (auto* id = std::get_if<BufferId>(&read)) own(own, *id);
      for (BufferId& id : call.writes) own(own, id);
      for (BufferId& id : call.scratch) own(own, id);
      program.calls.push_back(std::move(call));
    }
    for (const Port& port : whole.inputs)
      if (const auto it = known.find(port.buffer); it != known.end())
        program.inputs.emplace_back().buffer = it->second;
    for (std::size_t b = 0; b < life.size(); ++b)
      if (life[b].lower <= static_cast<std::int64_t>(first) &&
          life[b].upper > static_cast<std::int64_t>(last) + 1 && !known.contains(static_cast<BufferId>(b)))
        beside += (life[b].size + 7) / 8 * 8;
  }

  /// One call: what its step needs.
  std::int64_t bytes() const { return step_bytes(plan_problem(program), 1, beside); }

  bool become_stream() {
    auto stream = make_stream(program, 0, program.calls.size(), /*small=*/true);
    if (stream) program.calls = {std::move(*stream)};
    return stream.has_value();
  }
};

struct Piece {
  std::size_t first = 0;
  std::int64_t peak = std::numeric_limits<std::int64_t>::max();  ///< highest of all pieces so far
  std::size_t streamed = 0;                                      ///< layers in streams so far
};

std::int64_t port_bytes(const Program& program, const std::vector<Port>& ports) {
  std::int64_t bytes = 0;
  for (const Port& port : ports) bytes += program[port.buffer].bytes;
  return bytes;
}

/// Best cut before each call: the lowest peak, then the fewest layers in streams.
std::vector<Piece> best_cuts(const Program& program) {
  const std::size_t n = program.calls.size();
  const std::vector<PlanBuffer> life = plan_problem(program).buffers;
  std::vector<std::int64_t> single(n);
  std::vector<char> streams(n);  // whether the layer can be part of a stream
  // No choice of streams leads below this: inputs, outputs, and the layers that only know whole tensors.
  std::int64_t floor = std::max(port_bytes(program, program.inputs), port_bytes(program, program.outputs));
  for (std::size_t i = 0; i < n; ++i) {
    single[i] = Excerpt(program, life, i, i + 1).bytes();
    streams[i] = row_form(program, program.calls[i]).has_value();
    if (!streams[i]) floor = std::max(floor, single[i]);
  }
  std::vector<Piece> best(n + 1);
  best[0] = {0, 0, 0};
  const auto offer = [&](std::size_t first, std::size_t last, std::int64_t bytes) {
    const Piece piece{first, std::max(best[first].peak, bytes),
                      best[first].streamed + (last - first > 1 ? last - first : 0)};
    Piece& old = best[last];
    if (std::pair(piece.peak, piece.streamed) < std::pair(old.peak, old.streamed)) old = piece;
  };
  for (std::size_t first = 0; first < n; ++first) {
    offer(first, first + 1, single[first]);
    std::int64_t highest = single[first];
    for (std::size_t last = first + 2;
         last <= std::min(n, first + longest) && streams[first] && streams[last - 1]; ++last) {
      highest = std::max(highest, single[last - 1]);
      if (highest <= floor) continue;  // nothing to win
      Excerpt piece(program, life, first, last);
      if (piece.become_stream()) offer(first, last, piece.bytes());
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

}  // namespace

Program with_larger_patches(const Program& small_patches, std::int64_t arena) {
  Program program = small_patches;
  const auto fits = [&] {
    return place(plan_problem(program), {.capacity = arena, .step_limit = 20'000}).height <= arena;
  };
  for_each_patch(program, [&](Call& call, Buffer& patch) {
    const std::int64_t width = int_param(call, "out_w"), small = int_param(call, "tile");
    for (std::int64_t tile = std::min<std::int64_t>(width, 32); tile > small; tile = tile / 4 * 2) {
      resize_patch(call, patch, tile);
      if (fits()) return;
    }
    resize_patch(call, patch, small);
  });
  // The same search, at other heights, may miss it.
  return plan_memory(program).arena_bytes > arena ? small_patches : program;
}

Program with_smallest_arena(const Program& program) {
  Program skeleton = program;
  skeleton.constants.clear();  // the search copies programs
  for_each_patch(skeleton, [](Call& call, Buffer& patch) { resize_patch(call, patch, smallest_tile(call)); });
  const std::vector<Piece> best = best_cuts(skeleton);
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (std::size_t last = program.calls.size(); last > 0; last = best[last].first)
    if (last - best[last].first > 1) ranges.emplace_back(best[last].first, last);
  std::reverse(ranges.begin(), ranges.end());
  Program streamed = with_streams(skeleton, ranges, /*small=*/true);
  streamed = with_larger_patches(streamed, plan_memory(streamed).arena_bytes);
  streamed.constants = program.constants;
  return streamed;
}

}  // namespace o2m

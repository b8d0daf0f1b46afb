// Streams of random layers, judged by what a memory would really hold: every buffer gets its place from the
// planner under the overlaps that the compiler allows, each row made marks its bytes, and each row read must
// still carry its own marks. Which rows a layer needs is worked out here from the definition of a window.
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <tuple>

#include "compile.hpp"
#include "plan/check_plan.hpp"
#include "plan/place.hpp"
#include "stream/schedule.hpp"
#include "stream/stream.hpp"

namespace {

using namespace o2m;

std::mt19937 bits(7);
int random_int(int lo, int hi) { return lo + static_cast<int>(bits() % static_cast<unsigned>(hi - lo + 1)); }

BufferId add_buffer(Program& p, Shape shape, DType type = DType::int8) {
  const std::int64_t bytes = element_count(shape) * size_of(type);
  p.buffers.push_back({"b" + std::to_string(p.buffers.size()), type, std::move(shape), bytes, 4});
  return static_cast<BufferId>(p.buffers.size() - 1);
}

Param number(const char* name, std::int64_t value) { return {"int", name, std::to_string(value)}; }

/// A layer with a window; every third has a patch.
Call window_layer(Program& p, BufferId x) {
  const Shape in = p[x].shape;
  const std::int64_t k = random_int(1, 4), stride = random_int(1, 3),
                     pad = k > 1 ? random_int(0, static_cast<int>(k) - 1) : 0,
                     dil = k > 1 ? random_int(1, 2) : 1;
  const std::int64_t reach = (k - 1) * dil + 1, c = random_int(1, 3);
  if (in[1] + 2 * pad < reach) return {};
  const std::int64_t out = (in[1] + 2 * pad - reach) / stride + 1;
  Call call;
  call.kernel = random_int(0, 3) == 0 ? "max_pool" : "conv2d";
  call.reads = {x};
  call.params = {number("in_h", in[1]),      number("in_w", in[2]), number("in_c", in[3]),
                 number("channels", in[3]),  number("out_h", out),  number("out_w", in[2]),
                 number("out_c", c),         number("k_h", k),      number("k_w", 1),
                 number("stride_h", stride), number("stride_w", 1), number("dil_h", dil),
                 number("dil_w", 1),         number("pad_top", pad)};
  call.writes = {add_buffer(p, {1, out, in[2], call.kernel == "max_pool" ? in[3] : c})};
  if (call.kernel == "max_pool") call.params[6] = number("out_c", in[3]);
  if (random_int(0, 2) == 0) call.scratch = {add_buffer(p, {random_int(1, 40)}, DType::int16)};
  return call;
}

Call sum_layer(Program& p, BufferId a, BufferId b) {
  Call call;
  call.kernel = "elementwise_add";
  call.reads = {a, b};
  call.params = {{"int", "size[]", "{" + std::to_string(p[a].bytes) + "}"},
                 {"int", "a_step[]", "{1}"},
                 {"int", "b_step[]", "{1}"}};
  call.writes = {add_buffer(p, p[a].shape)};
  return call;
}

Call mean_layer(Program& p, BufferId x) {
  const Shape in = p[x].shape;
  Call call;
  call.kernel = "global_average_pool";
  call.reads = {x};
  call.params = {number("in_h", in[1]), number("in_w", in[2]), number("channels", in[3])};
  call.writes = {add_buffer(p, {1, 1, 1, in[3]})};
  return call;
}

/// A chain of layers, some of which add an earlier tensor of the same shape.
Program random_program() {
  Program p;
  std::vector<BufferId> tensors{add_buffer(p, {1, random_int(4, 20), random_int(1, 4), random_int(1, 3)})};
  p.inputs.push_back({});
  p.inputs.back().buffer = tensors[0];
  const int layers = random_int(2, 9);
  for (int i = 0; i < layers; ++i) {
    Call call;
    for (const BufferId earlier : tensors)
      if (earlier != tensors.back() && p[earlier].shape == p[tensors.back()].shape && random_int(0, 1) == 0) {
        call = sum_layer(p, tensors.back(), earlier);
        break;
      }
    if (call.kernel.empty())
      call = i + 1 == layers && random_int(0, 2) == 0 ? mean_layer(p, tensors.back())
                                                      : window_layer(p, tensors.back());
    if (call.kernel.empty()) continue;
    call.name = "layer" + std::to_string(i);
    tensors.push_back(call.writes[0]);
    p.calls.push_back(std::move(call));
  }
  p.outputs.push_back({});
  p.outputs.back().buffer = tensors.back();
  return p;
}

/// Marks of (value, row) on every byte of the arena.
struct Memory {
  const Program& program;
  const MemoryPlan& plan;
  const Call& stream;
  std::map<std::int64_t, std::pair<int, std::int64_t>> marks = {};

  template <class F>
  void for_bytes(int value, std::int64_t row, F f) const {
    const StreamValue& v = stream.values[static_cast<std::size_t>(value)];
    const std::int64_t first = plan.offsets[static_cast<std::size_t>(v.buffer)] + row % v.kept * v.pitch;
    for (std::int64_t i = first; i < first + v.pitch; ++i) f(i);
  }
  void write(int value, std::int64_t row) {
    for_bytes(value, row, [&](std::int64_t i) { marks[i] = {value, row}; });
  }
  bool holds(int value, std::int64_t row) const {
    bool all = true;
    for_bytes(value, row, [&](std::int64_t i) {
      const auto it = marks.find(i);
      all = all && it != marks.end() && it->second == std::pair(value, row);
    });
    return all;
  }
  /// Working memory: belongs to the stage alone from now on.
  void take(BufferId id, int stage) {
    const std::int64_t first = plan.offsets[static_cast<std::size_t>(id)];
    for (std::int64_t i = first; i < first + program[id].bytes; ++i) marks[i] = {-1, stage};
  }
  bool still_has(BufferId id, int stage) {
    const std::int64_t first = plan.offsets[static_cast<std::size_t>(id)];
    bool all = true;
    for (std::int64_t i = first; i < first + program[id].bytes; ++i)
      all = all && marks[i] == std::pair<int, std::int64_t>(-1, stage);
    return all;
  }
};

/// The rows that a stage needs for row y, from the definition.
std::set<std::pair<int, std::int64_t>> rows_needed(const Stage& s, const std::vector<StreamValue>& values,
                                                   std::int64_t y, std::int64_t part) {
  std::set<std::pair<int, std::int64_t>> rows;
  for (const int value : s.reads) {
    if (s.kind == StageKind::row) rows.emplace(value, y);
    if (s.kind == StageKind::fold) rows.emplace(value, part);
    for (std::int64_t k = 0; s.kind == StageKind::window && k < s.k_h; ++k) {
      const std::int64_t iy = y * s.stride_h - s.pad_top + k * s.dil_h;
      if (iy >= 0 && iy < values[static_cast<std::size_t>(value)].height) rows.emplace(value, iy);
    }
  }
  return rows;
}

void check_stream(const Program& program, const MemoryPlan& plan, const Call& stream) {
  const Schedule schedule = run_schedule(stream.values, stream.stages);
  const int given = static_cast<int>(stream.values.size() - stream.stages.size());
  Memory memory{program, plan, stream};
  for (int v = 0; v < given; ++v)
    for (std::int64_t r = 0; r < stream.values[static_cast<std::size_t>(v)].height; ++r) memory.write(v, r);
  std::set<std::tuple<int, std::int64_t, std::int64_t>> seen;
  std::map<int, std::int64_t> next, parts;
  for (const RowEvent& e : schedule.events) {
    const Stage& stage = stream.stages[static_cast<std::size_t>(e.stage)];
    const bool folds = stage.kind == StageKind::fold;
    const std::int64_t row = folds ? e.reads.at(0).second : 0,
                       part = folds ? row - std::max<std::int64_t>(0, e.row * stage.stride_h - stage.pad_top)
                                    : 0;
    CHECK(seen.emplace(e.stage, e.row, row).second);  // nothing is computed twice
    CHECK(part >= 0);
    if (part == 0) CHECK(e.row == next[e.stage]++);
    parts[e.stage] = part == 0 ? 1 : parts[e.stage] + 1;
    if (folds) CHECK(parts[e.stage] == part + 1);
    const auto needed = rows_needed(stage, stream.values, e.row, row);
    CHECK(needed == std::set(e.reads.begin(), e.reads.end()));
    for (const BufferId id : stage.layer.scratch) {
      if (part > 0) CHECK(memory.still_has(id, e.stage));  // sums of the rows before
      memory.take(id, e.stage);
    }
    if (part > 0) CHECK(memory.holds(given + e.stage, e.row));  // what the rows before gave
    memory.write(given + e.stage, e.row);
    for (const auto& [value, iy] : needed)
      CHECK(memory.holds(value, iy));  // also beside what this layer writes now
  }
  const int last = static_cast<int>(stream.values.size()) - 1;
  for (std::int64_t r = 0; r < stream.values.back().height; ++r) CHECK(memory.holds(last, r));
}

}  // namespace

TEST_CASE("rows of a stream are there when they are read") {
  int streams = 0, shared = 0;
  for (int round = 0; round < 3000; ++round) {
    const Program program = random_program();
    if (program.calls.size() < 2) continue;
    Program with = program;
    if (!make_stream(with, 0, program.calls.size(), false)) continue;
    const Program streamed = with_streams(program, {{0, program.calls.size()}}, false);
    const MemoryPlan plan = plan_memory(streamed);
    std::int64_t apart = 0;
    const Call& stream = streamed.calls.at(0);
    for (const auto& [first, last] : plan.lifetimes) apart += first == last;
    for (const Operand& read : stream.reads) apart += streamed[std::get<BufferId>(read)].bytes;
    for (const BufferId id : stream.writes) apart += streamed[id].bytes;
    for (const BufferId id : stream.scratch) apart += streamed[id].bytes;
    check_stream(streamed, plan, stream);
    ++streams;
    shared += plan.arena_bytes < apart;
  }
  CHECK(streams > 1000);
  CHECK(shared > 500);  // the overlaps were put to use
}

TEST_CASE("the fewest rows are kept") {
  int rings = 0;
  for (int round = 0; round < 500; ++round) {
    const Program program = random_program();
    if (program.calls.size() < 2) continue;
    Program with = program;
    const auto stream = make_stream(with, 0, program.calls.size(), false);
    if (!stream) continue;
    const Schedule schedule = run_schedule(stream->values, stream->stages);
    for (std::size_t v = 0; v < stream->values.size(); ++v) {
      const StreamValue& value = stream->values[v];
      if (value.kept == value.height || value.kept == 1) continue;
      // With one row fewer some row would be overwritten before, or while, it is read.
      const int number = static_cast<int>(v),
                given = static_cast<int>(stream->values.size() - stream->stages.size());
      std::map<std::int64_t, std::int64_t> holder;
      bool lost = false;
      for (const RowEvent& e : schedule.events) {
        if (e.stage == number - given) holder[e.row % (value.kept - 1)] = e.row;
        for (const auto& [read, row] : e.reads)
          lost = lost || (read == number && holder[row % (value.kept - 1)] != row);
      }
      CHECK(lost);
      ++rings;
    }
  }
  CHECK(rings > 100);
}

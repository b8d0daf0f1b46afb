// What happens when in a stream: which row each stage makes, which rows it reads for that. It follows the
// driver of runtime/onnx2mcu/stream.hpp step by step, and so knows how many rows must be kept and which bytes
// of which buffer are in use at the same time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "plan/problem.hpp"
#include "program/program.hpp"

namespace o2m {

/// One call of a stage's layer.
struct RowEvent {
  int stage = 0;
  std::int64_t row = 0;                             ///< of the stage's own value
  std::vector<std::pair<int, std::int64_t>> reads;  ///< (value, row)
};

struct Schedule {
  std::vector<RowEvent> events;
  std::vector<std::vector<bool>>
      asked;                       ///< by stage and position in Stage::reads: whether asking ever made a row
  std::vector<std::int64_t> made;  ///< rows made of each value, of values given all
};

/// `pulls` of the stages as they are; with `ask_all` each stage asks for all it reads, the value made last
/// first.
Schedule run_schedule(const std::vector<StreamValue>& values, const std::vector<Stage>& stages,
                      bool ask_all = false);

/// The fewest rows of each value that can be kept: row r + kept takes the place of row r when that is read no
/// more.
std::vector<std::int64_t> rows_kept(const Schedule& schedule, const std::vector<StreamValue>& values,
                                    const std::vector<Stage>& stages);

/// The bytes [first, last) of a buffer that hold something still to be read; empty: first == last.
struct LiveBytes {
  std::int64_t first = 0, last = 0;
};

/// Of each buffer of a call, at each event.
struct LiveBuffer {
  BufferId buffer;
  std::vector<LiveBytes> at;
};
std::vector<LiveBuffer> live_buffers(const Program& program, const Call& stream);

/// How far the buffers of a call, of a stream or of one layer, may share their bytes: for each ordered pair
/// that need not be entirely apart, by the order in which the kernels read and write.
std::vector<Overlap> call_overlaps(const Program& program, const Call& call);

}  // namespace o2m

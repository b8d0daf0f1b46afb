#include "program/program.hpp"

namespace o2m {

std::pair<BufferId, std::int64_t> place_in(const Program& program, BufferId id) {
  std::int64_t at = 0;
  for (; program[id].whole != BufferId::none; id = program[id].whole) at += program[id].at;
  return {id, at};
}

std::int64_t constant_bytes(const Program& program) {
  std::int64_t bytes = 0;
  for (const ConstantArray& c : program.constants) bytes += static_cast<std::int64_t>(c.bytes.size());
  return bytes;
}

std::int64_t hot_bytes(const Program& program) {
  std::int64_t bytes = 0;
  for (const ConstantArray& c : program.constants)
    bytes += c.hot ? static_cast<std::int64_t>(c.bytes.size()) : 0;
  return bytes;
}

std::int64_t total_macs(const Program& program) {
  std::int64_t macs = 0;
  for (const Call& call : program.calls) macs += call.macs;
  return macs;
}

}  // namespace o2m

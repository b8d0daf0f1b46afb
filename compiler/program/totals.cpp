#include "program/program.hpp"

namespace o2m {

std::int64_t constant_bytes(const Program& program) {
  std::int64_t bytes = 0;
  for (const ConstantArray& c : program.constants) bytes += static_cast<std::int64_t>(c.bytes.size());
  return bytes;
}

std::int64_t total_macs(const Program& program) {
  std::int64_t macs = 0;
  for (const Call& call : program.calls) macs += call.macs;
  return macs;
}

}  // namespace o2m

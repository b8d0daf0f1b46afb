// The chips this compiler knows: memory banks and what the CPU can do. The board simulator and the linker scripts
// are made from the same table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace o2m {

struct Target {
  std::string_view name;         ///< as given to --target
  std::string_view description;
  std::string_view cpu;          ///< type in namespace onnx2mcu::cpu: "Portable", "CortexM3", …
  bool has_fpu = false;          ///< single-precision hardware floating point
  bool has_dsp = false;          ///< SMLAD, SXTB16, SSAT16, …
  std::int64_t flash_bytes = 0;  ///< 0: no limit (portable)
  std::int64_t ram_bytes = 0;    ///< all banks together; 0: no limit
};

std::span<const Target> targets();
/// Null when there is no such target.
const Target* find_target(std::string_view name);

}  // namespace o2m

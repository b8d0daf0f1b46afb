// Cortex-M3: the portable primitives until a faster form is chosen per kernel.
#ifndef ONNX2MCU_CPU_CORTEX_M3_HPP
#define ONNX2MCU_CPU_CORTEX_M3_HPP

#include "portable.hpp"

namespace onnx2mcu::cpu {

struct CortexM3 : Portable {
  static constexpr bool has_fpu = false;
};

}  // namespace onnx2mcu::cpu

#endif

// Cortex-M4: the portable primitives until a faster form is chosen per kernel.
#ifndef ONNX2MCU_CPU_CORTEX_M4_HPP
#define ONNX2MCU_CPU_CORTEX_M4_HPP

#include "portable.hpp"

namespace onnx2mcu::cpu {

struct CortexM4 : Portable {
  static constexpr bool has_fpu = true;
};

}  // namespace onnx2mcu::cpu

#endif

// Makes the generated code note the cycle counter at the end of every layer: what `profile` reports. Included
// before the network's header.
#ifndef ONNX2MCU_TARGET_LAYER_ENDS_HPP
#define ONNX2MCU_TARGET_LAYER_ENDS_HPP

#include "cycle_counter.hpp"

extern volatile std::uint32_t onnx2mcu_layer_ends[];
#define ONNX2MCU_LAYER_END(layer) (onnx2mcu_layer_ends[layer] = onnx2mcu::target::cycles())

#endif

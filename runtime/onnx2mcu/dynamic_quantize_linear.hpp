// DynamicQuantizeLinear: a uint8 scale and zero point from the range of the values themselves, then
// QuantizeLinear.
#ifndef ONNX2MCU_DYNAMIC_QUANTIZE_LINEAR_HPP
#define ONNX2MCU_DYNAMIC_QUANTIZE_LINEAR_HPP

#include "float_qlinear.hpp"

namespace onnx2mcu {

/// x, y: L::size elements; they do not overlap.
template <class L>
ONNX2MCU_INLINE void dynamic_quantize_linear(const float* x, std::uint8_t* y, float* y_scale,
                                             std::uint8_t* y_zero_point) noexcept {
  const QuantizationParameters q = dynamic_quantization(x, L::size);
  *y_scale = q.scale;
  *y_zero_point = static_cast<std::uint8_t>(q.zero_point);
  for (int i = 0; i < L::size; ++i)
    y[i] = static_cast<std::uint8_t>(quantize_element(x[i], q.scale, q.zero_point, 0, 255));
}

}  // namespace onnx2mcu

#endif

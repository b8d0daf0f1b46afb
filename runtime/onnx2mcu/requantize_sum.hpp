// Requantization of a sum that the kernel scaled up: y = hi32(sum * multiplier) >> shift, in two
// instructions. L: scale_bits, start (what a channel's sums begin from), multiplier, shift. Where
// L::has_careful, channels without a positive multiplier need care: with the negative one that is meant, the
// result is off by careful_step[] at two sums, careful_sum[]; with 0 they are requantized exactly by `scale`
// (L::has_exact: there is one).
#ifndef ONNX2MCU_REQUANTIZE_SUM_HPP
#define ONNX2MCU_REQUANTIZE_SUM_HPP

#include "requantize_channel.hpp"

namespace onnx2mcu {

ONNX2MCU_INLINE std::int32_t upper_product(std::int32_t sum, std::int32_t multiplier) noexcept {
  return static_cast<std::int32_t>((static_cast<std::int64_t>(sum) * multiplier) >> 32);
}

/// A channel that needs no care.
template <class L>
ONNX2MCU_INLINE std::int32_t requantize_sum(std::int32_t sum, std::int32_t multiplier) noexcept {
  const std::int32_t upper = upper_product(sum, multiplier);
  return L::y_min < 0 ? L::Cpu::template ssat8_asr<L::shift>(upper)
                      : L::Cpu::template usat8_asr<L::shift>(upper);
}

/// Any channel c.
template <class L>
ONNX2MCU_INLINE std::int32_t requantize_careful_sum(std::int32_t sum, int c) noexcept {
  if constexpr (L::has_exact) {
    if (L::multiplier[c] == 0) return requantize_exact_channel<L>(sum >> L::scale_bits, c);
  }
  std::int32_t value = upper_product(sum, -L::multiplier[c]) >> L::shift;
  if (sum == L::careful_sum[2 * c]) value += L::careful_step[2 * c];
  if (sum == L::careful_sum[2 * c + 1]) value += L::careful_step[2 * c + 1];
  return saturate<L>(value);
}

}  // namespace onnx2mcu

#endif

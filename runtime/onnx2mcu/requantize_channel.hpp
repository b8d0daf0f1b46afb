// Requantization of channel c of a layer, in the form the compiler proved exact for it.
// L: form, y_zero_point, y_min, y_max, and by form: multiplier[], addend[], shift (or shift[]), scale[].
// Arrays of one element serve all channels.
#ifndef ONNX2MCU_REQUANTIZE_CHANNEL_HPP
#define ONNX2MCU_REQUANTIZE_CHANNEL_HPP

#include "requantize.hpp"

namespace onnx2mcu {

enum class Requantize {
  affine,         ///< (acc * multiplier[c] + addend[c]) >> shift, proven for every channel
  affine_shifts,  ///< the same with shift[c]
  exact,          ///< float(acc) * scale[c] as ONNX Runtime computes it, for every channel
  exact_in_range, ///< the same where the product is proven to lie within 2^30: rounded first, then limited
  mixed,          ///< affine where shift[c] > 0, exact where it is 0
};

/// The element for channel c of a per-channel array, or the only one.
template <class T, std::size_t N>
ONNX2MCU_INLINE T channel_element(const T (&values)[N], int c) noexcept {
  return values[N == 1 ? 0 : c];
}

template <class L>
ONNX2MCU_INLINE std::int32_t requantize_exact_channel(std::int32_t acc, int c) noexcept {
  const float scale = channel_element(L::scale, c);
  if constexpr (L::Cpu::has_fpu) return requantize_float(acc, scale, L::y_zero_point, L::y_min, L::y_max);
  else return requantize_exact(acc, scale, L::y_zero_point, L::y_min, L::y_max);
}

/// v limited to [y_min, y_max], in one instruction where that is a whole type.
template <class L>
ONNX2MCU_INLINE std::int32_t saturate(std::int32_t v) noexcept {
  if constexpr (L::y_min == -128 && L::y_max == 127) return L::Cpu::ssat8(v);
  else if constexpr (L::y_min == 0 && L::y_max == 255) return L::Cpu::usat8(v);
  else return clamp(v, L::y_min, L::y_max);
}

template <class L>
ONNX2MCU_INLINE std::int32_t requantize_channel(std::int32_t acc, int c) noexcept {
  if constexpr (L::form == Requantize::exact) {
    return requantize_exact_channel<L>(acc, c);
  } else if constexpr (L::form == Requantize::exact_in_range) {
    return saturate<L>(L::Cpu::round_even(static_cast<float>(acc) * channel_element(L::scale, c)) + L::y_zero_point);
  } else {
    int shift = 0;
    if constexpr (L::form == Requantize::affine) shift = L::shift;
    else shift = channel_element(L::shift, c);
    if constexpr (L::form == Requantize::mixed) {
      if (shift == 0) return requantize_exact_channel<L>(acc, c);
    }
    const std::int64_t scaled = static_cast<std::int64_t>(acc) * channel_element(L::multiplier, c) + channel_element(L::addend, c);
    return saturate<L>(static_cast<std::int32_t>(scaled >> shift));
  }
}

}  // namespace onnx2mcu

#endif

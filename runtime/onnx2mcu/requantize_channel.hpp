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

template <class L>
ONNX2MCU_INLINE std::int32_t requantize_channel(std::int32_t acc, int c) noexcept {
  if constexpr (L::form == Requantize::exact) {
    return requantize_exact_channel<L>(acc, c);
  } else {
    int shift = 0;
    if constexpr (L::form == Requantize::affine) shift = L::shift;
    else shift = channel_element(L::shift, c);
    if constexpr (L::form == Requantize::mixed) {
      if (shift == 0) return requantize_exact_channel<L>(acc, c);
    }
    return requantize_affine(acc, channel_element(L::multiplier, c), channel_element(L::addend, c), shift, L::y_min, L::y_max);
  }
}

}  // namespace onnx2mcu

#endif

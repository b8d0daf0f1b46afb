// Requantization of channel c of a layer, in the form the compiler proved exact for it.
// L: form, y_zero_point, y_min, y_max, and by form: multiplier[], addend[], shift (or shift[]), scale[].
// Arrays of one element serve all channels.
#ifndef ONNX2MCU_REQUANTIZE_CHANNEL_HPP
#define ONNX2MCU_REQUANTIZE_CHANNEL_HPP

#include "requantize.hpp"

namespace onnx2mcu {

enum class Requantize {
  affine,          ///< (acc * multiplier[c] + addend[c]) >> shift, proven for every channel
  affine_shifts,   ///< the same with shift[c]
  exact,           ///< float(acc) * scale[c] as ONNX Runtime computes it, for every channel
  exact_in_range,  ///< the same where the product is proven to lie within 2^30: rounded first, then limited
  mixed,           ///< affine where shift[c] > 0, exact where it is 0
};

/// The element for channel c of a per-channel array, or the only one.
template <class T, std::size_t N>
ONNX2MCU_INLINE T channel_element(const T (&values)[N], int c) noexcept {
  return values[N == 1 ? 0 : c];
}

template <class L>
ONNX2MCU_INLINE std::int32_t requantize_exact_channel(std::int32_t acc, int c) noexcept {
  const float scale = channel_element(L::scale, c);
  if constexpr (L::Cpu::has_fpu)
    return requantize_float(acc, scale, L::y_zero_point, L::y_min, L::y_max);
  else
    return requantize_exact(acc, scale, L::y_zero_point, L::y_min, L::y_max);
}

/// v limited to [y_min, y_max], in one instruction where that is a whole type.
template <class L>
ONNX2MCU_INLINE std::int32_t saturate(std::int32_t v) noexcept {
  if constexpr (L::y_min == -128 && L::y_max == 127)
    return L::Cpu::ssat8(v);
  else if constexpr (L::y_min == 0 && L::y_max == 255)
    return L::Cpu::usat8(v);
  else
    return clamp(v, L::y_min, L::y_max);
}

/// The same for v >> shift.
template <class L, int shift>
ONNX2MCU_INLINE std::int32_t saturate_shifted(std::int32_t v) noexcept {
  if constexpr (L::y_min == -128 && L::y_max == 127)
    return L::Cpu::template ssat8_asr<shift>(v);
  else if constexpr (L::y_min == 0 && L::y_max == 255)
    return L::Cpu::template usat8_asr<shift>(v);
  else
    return clamp(v >> shift, L::y_min, L::y_max);
}

/// What requantizes channel c, loaded once for many accumulators.
template <class L>
struct ChannelRequantizer {
  static constexpr bool affine = L::form != Requantize::exact && L::form != Requantize::exact_in_range;
  std::int32_t addend_low = 0, addend_high = 0, multiplier = 0, shift = 0;
  float scale = 0;
  int channel;

  ONNX2MCU_INLINE explicit ChannelRequantizer(int c) noexcept : channel(c) {
    if constexpr (L::form == Requantize::exact_in_range) scale = channel_element(L::scale, c);
    if constexpr (affine) {
      const std::int64_t addend = channel_element(L::addend, c);
      addend_low = static_cast<std::int32_t>(addend);
      addend_high = static_cast<std::int32_t>(addend >> 32);
      multiplier = channel_element(L::multiplier, c);
      if constexpr (L::form != Requantize::affine) shift = channel_element(L::shift, c);
    }
  }

  ONNX2MCU_INLINE std::int32_t operator()(std::int32_t acc) const noexcept {
    if constexpr (L::form == Requantize::exact) {
      return requantize_exact_channel<L>(acc, channel);
    } else if constexpr (L::form == Requantize::exact_in_range) {
      return saturate<L>(L::Cpu::round_even(static_cast<float>(acc) * scale) + L::y_zero_point);
    } else {
      if constexpr (L::form == Requantize::mixed) {
        if (shift == 0) return requantize_exact_channel<L>(acc, channel);
      }
      const std::int64_t addend =
          std::int64_t{addend_high} * 4294967296 + static_cast<std::uint32_t>(addend_low);
      const auto upper =
          static_cast<std::int32_t>((static_cast<std::int64_t>(acc) * multiplier + addend) >> 32);
      if constexpr (L::form == Requantize::affine)
        return saturate_shifted<L, L::shift - 32>(upper);
      else
        return saturate<L>(upper >> (shift - 32));  // every affine form shifts by 32 or more
    }
  }
};

template <class L>
ONNX2MCU_INLINE std::int32_t requantize_channel(std::int32_t acc, int c) noexcept {
  return ChannelRequantizer<L>(c)(acc);
}

}  // namespace onnx2mcu

#endif

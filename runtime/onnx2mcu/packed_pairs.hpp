// Four output channels of pairs of pixels of a patch, the loop that convolutions on packed weights spend
// their time in: in one piece of assembly where the core has it (cpu/register_blocks.hpp), else what the loop
// needs only once a pair is parked, for its innermost part takes all registers.
#ifndef ONNX2MCU_PACKED_PAIRS_HPP
#define ONNX2MCU_PACKED_PAIRS_HPP

#include "packed_mac.hpp"

namespace onnx2mcu {

/// The cells under `tile` pixels, column by column: [column][k_h][in_c], so that a pixel's whole window is
/// contiguous.
template <class L>
struct Patch {
  static constexpr int columns = (L::tile - 1) * L::stride_w + (L::k_w - 1) * L::dil_w + 1;
  static constexpr int column = L::k_h * L::in_c;           ///< elements
  static constexpr int taps = L::dil_w == 1 ? L::k_w : 1;   ///< kernel columns that lie side by side
  static constexpr int steps = (taps * column + 1) / 2;     ///< words of such a run; the odd one has weight 0
  static constexpr int pair_words = L::k_w / taps * steps;  ///< of packed weights of a pair of rows
  static constexpr int pixel = L::stride_w * column;        ///< elements from one pixel to the next
  static constexpr int row = (columns * column + 1) / 2 * 2;  ///< elements of a whole one
};

/// Pairs of neighbours in a row: elements from a pair's first window to its second and to the next pair's
/// first, and from its first output to its second and to the next pair's.
template <class L>
struct Beside {
  static constexpr int pixels = 2, second = Patch<L>::pixel, ahead = 2 * second, out = L::out_c,
                       along = 2 * out;
};

/// Pairs of a pixel and the one below it, which has a patch of its own.
template <class L>
struct Below {
  static constexpr int pixels = 1, second = Patch<L>::row, ahead = Patch<L>::pixel, out = L::out_w * L::out_c,
                       along = L::out_c;
};

/// 256 times the accumulator of row k and pixel p.
template <int k, int p>
ONNX2MCU_INLINE std::int32_t packed_pair_sum(const PackedSums<2, 2>& sums) noexcept {
  if constexpr (k % 2 != 0)
    return sums.value[4 * p + k] * 256;
  else
    return cpu::wrapping_sub(sums.value[4 * p + k], sums.value[4 * p + k + 1]);
}

/// Row k of two pixels, unless one of them is doubtful.
template <class D, int k, class Finish, class Doubt, class Y>
ONNX2MCU_INLINE bool packed_pair_row(const PackedSums<2, 2>& sums, std::int32_t multiplier,
                                     std::int32_t addend, Doubt parked, Y* y) noexcept {
  std::uint32_t doubt = 0;
  if constexpr (Finish::has_doubt) doubt = parked.get();
  const std::int32_t first = Finish::scaled(packed_pair_sum<k, 0>(sums), multiplier, addend);
  if (Finish::has_doubt && Finish::is_doubtful(first, doubt)) return false;
  y[k] = Finish::rounded(first);
  const std::int32_t second = Finish::scaled(packed_pair_sum<k, 1>(sums), multiplier, addend);
  if (Finish::has_doubt && Finish::is_doubtful(second, doubt)) return false;
  y[D::out + k] = Finish::rounded(second);
  return true;
}

/// Four output channels from c on of `count` pairs. (In variables of their own, or they would stay in
/// memory.)
template <class L, class D, class Y, class Finish>
ONNX2MCU_INLINE void packed_parked_pairs(const std::int16_t* patch, const std::int32_t* w, Y* y, int count,
                                         int c, Finish finish) noexcept {
  using Word = typename L::Cpu::template Parked<std::int32_t>;
  using Input = typename L::Cpu::template Parked<const std::int16_t*>;
  using Output = typename L::Cpu::template Parked<Y*>;
  const Word s0(L::bias[c]), s1(L::bias[c + 1]), s2(L::bias[c + 2]), s3(L::bias[c + 3]);
  const Word m0(Finish::multiplier(c)), m1(Finish::multiplier(c + 1)), m2(Finish::multiplier(c + 2)),
      m3(Finish::multiplier(c + 3));
  const Word a0(Finish::addend(c)), a1(Finish::addend(c + 1)), a2(Finish::addend(c + 2)),
      a3(Finish::addend(c + 3));
  using Doubt = typename L::Cpu::template Parked<std::uint32_t>;
  const Doubt d0(Finish::doubt(c)), d1(Finish::doubt(c + 1)), d2(Finish::doubt(c + 2)),
      d3(Finish::doubt(c + 3));
  const typename L::Cpu::template Parked<const std::int32_t*> weights(w);
  Input x(patch);
  Output to(y + c);
  for (Word left(count);;) {
    PackedSums<2, 2> sums{{s0.get(), s1.get(), s2.get(), s3.get(), s0.get(), s1.get(), s2.get(), s3.get()}};
    const std::int32_t* from = weights.get();
    packed_run<L, Patch<L>::steps, D::second>(sums, x.get(), from);
    Y* const out = to.get();
    const bool certain = packed_pair_row<D, 0, Finish>(sums, m0.get(), a0.get(), d0, out) &&
                         packed_pair_row<D, 1, Finish>(sums, m1.get(), a1.get(), d1, out) &&
                         packed_pair_row<D, 2, Finish>(sums, m2.get(), a2.get(), d2, out) &&
                         packed_pair_row<D, 3, Finish>(sums, m3.get(), a3.get(), d3, out);
    if constexpr (Finish::has_doubt) {
      if (!certain) {  // all eight once more
        std::int32_t scaled[8];
        unrolled<4>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
          const std::int32_t multiplier = Finish::multiplier(c + k.value),
                             addend = Finish::addend(c + k.value);
          scaled[k.value] = Finish::scaled(packed_pair_sum<k.value, 0>(sums), multiplier, addend);
          scaled[k.value + 4] = Finish::scaled(packed_pair_sum<k.value, 1>(sums), multiplier, addend);
        });
        finish.template doubtful_pair<D>(scaled, x.get(), weights.get(), out, c);
      }
    }
    const int next = left.get() - 1;
    if (next == 0) break;
    left = Word(next);
    x = Input(x.get() + D::ahead);
    to = Output(out + D::along);
  }
}

/// What the core needs to know of it, in bytes.
template <class L, class D>
struct PairGeometry {
  static constexpr int steps = Patch<L>::steps, unroll = L::unroll, second = 2 * D::second,
                       ahead = 2 * D::ahead, out = D::out, along = D::along;
};

/// Whether the core has the loop in one piece.
template <class L, class D>
constexpr bool has_whole_pairs() noexcept {
  if constexpr (L::Cpu::has_blocks && L::y_max - L::y_min == 255)
    return L::Cpu::template takes_pairs<PairGeometry<L, D>>();
  return false;
}

/// By a finish with two numbers a channel (packed_mac.hpp), and one of doubt.
template <class L, class D, class Y, class Finish>
ONNX2MCU_INLINE void packed_pairs(const std::int16_t* patch, const std::int32_t* w, Y* y, int count, int c,
                                  Finish finish) noexcept {
  if (count <= 0) return;
  if constexpr (!has_whole_pairs<L, D>()) {
    packed_parked_pairs<L, D>(patch, w, y, count, c, finish);
  } else {
    using Geometry = PairGeometry<L, D>;
    const std::int16_t *x = patch, *const end = patch + count * D::ahead;
    if constexpr (!Finish::has_doubt) {
      L::Cpu::template upper_pairs<Geometry, L::upper_shift, (L::y_min < 0)>(
          x, end, w, y + c, L::bias + c, L::upper_multiplier + c, L::upper_addend + c);
    } else {
      for (Y* to = y + c; x != end; to += D::along) {  // every round but the last ends with a pair in doubt
        std::int32_t scaled[8];
        to = L::Cpu::template guarded_pairs<Geometry, L::left, L::fraction, (L::y_min < 0)>(
            scaled, x, end, w, to, L::bias + c, L::multiplier + c, L::addend + c, L::doubt + c);
        if (to == nullptr) return;
        finish.template doubtful_pair<D>(scaled, x - D::ahead, w, to, c);
      }
    }
  }
}

/// The same for four channels that are requantized in float together.
template <class L, class D, class Y>
ONNX2MCU_INLINE void packed_float_pairs(const std::int16_t* patch, const std::int32_t* w, Y* y, int count,
                                        int c) noexcept {
  using Word = typename L::Cpu::template Parked<std::int32_t>;
  using Input = typename L::Cpu::template Parked<const std::int16_t*>;
  using Output = typename L::Cpu::template Parked<Y*>;
  if (count <= 0) return;
  if constexpr (has_whole_pairs<L, D>()) {
    L::Cpu::template float_pairs<PairGeometry<L, D>, L::y_zero_point, (L::y_min < 0)>(
        patch, patch + count * D::ahead, w, y + c, L::bias + c, L::scale + c);
    return;
  }
  const Word s0(L::bias[c]), s1(L::bias[c + 1]), s2(L::bias[c + 2]), s3(L::bias[c + 3]);
  const typename L::Cpu::template Parked<const std::int32_t*> weights(w);
  const typename L::Cpu::template Parked<const float*> scale(L::scale + c);
  Input x(patch);
  Output to(y + c);
  for (Word left(count);;) {
    PackedSums<2, 2> sums{{s0.get(), s1.get(), s2.get(), s3.get(), s0.get(), s1.get(), s2.get(), s3.get()}};
    const std::int32_t* from = weights.get();
    packed_run<L, Patch<L>::steps, D::second>(sums, x.get(), from);
    L::Cpu::scale_4x2(sums.value, scale.get());
    Y* const out = to.get();
    unrolled<8>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
      out[i.value / 4 * D::out + i.value % 4] =
          static_cast<Y>(saturate<L>(sums.value[i.value] + L::y_zero_point));
    });
    const int next = left.get() - 1;
    if (next == 0) break;
    left = Word(next);
    x = Input(x.get() + D::ahead);
    to = Output(out + D::along);
  }
}

}  // namespace onnx2mcu

#endif

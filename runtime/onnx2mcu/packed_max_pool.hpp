// Maximum of sliding windows of 8-bit integers, channels last, four channels an instruction.
#ifndef ONNX2MCU_PACKED_MAX_POOL_HPP
#define ONNX2MCU_PACKED_MAX_POOL_HPP

#include "cpu/portable.hpp"
#include "max_pool.hpp"

namespace onnx2mcu {

template <class L, class T>
ONNX2MCU_INLINE std::uint32_t larger_bytes(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<T>(-1) < 0 ? L::Cpu::max_s8(a, b) : L::Cpu::max_u8(a, b);
}

/// The maxima of four neighbouring channels over `cols` cells, from `first` on, of each row; `whole`: no row
/// is null.
template <class L, bool whole, int n, class T>
ONNX2MCU_INLINE std::uint32_t max_of_words(const T* const (&rows)[n], int first, int cols) noexcept {
  constexpr bool is_signed = static_cast<T>(-1) < 0;
  if constexpr (whole && n * L::k_w == 4) {  // loads that stand together are cheaper, and two maxima need not
                                             // wait for each other
    std::uint32_t cells[4];
    unrolled<4>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
      cells[i.value] =
          cpu::load_word(rows[i.value / L::k_w] + (first + i.value % L::k_w * (L::dil_w * L::channels)));
    });
    return larger_bytes<L, T>(larger_bytes<L, T>(cells[0], cells[1]), larger_bytes<L, T>(cells[2], cells[3]));
  }
  std::uint32_t best = whole ? cpu::load_word(rows[0] + first) : is_signed ? 0x80808080U : 0;
  for (int ky = 0; ky < n; ++ky) {
    if (!whole && rows[ky] == nullptr) continue;
    for (int c = whole && ky == 0 ? 1 : 0; c < cols; ++c) {
      const std::uint32_t cell = cpu::load_word(rows[ky] + (first + c * (L::dil_w * L::channels)));
      best = larger_bytes<L, T>(best, cell);
    }
  }
  return best;
}

/// One row of output, [out_w][channels], from k_h rows of x, [in_w][channels], null outside the image.
template <class L, class T>
ONNX2MCU_INLINE void packed_max_pool_stage(const T* const (&rows)[L::k_h], T* y, int) noexcept {
  constexpr int words_end = L::channels / 4 * 4;
  for_each_pool_window<L>(rows, y, [&rows](auto whole, int first, int cols, T* to) ONNX2MCU_INLINE_LAMBDA {
    const auto word = [&](int c) ONNX2MCU_INLINE_LAMBDA {
      cpu::store_word(to + c, max_of_words<L, whole.value>(rows, first + c, cols));
    };
    if constexpr (whole.value && words_end <= 16)
      unrolled<words_end / 4>([&](auto i) ONNX2MCU_INLINE_LAMBDA { word(4 * i.value); });
    else
      for (int c = 0; c < words_end; c += 4) word(c);
    for (int c = words_end; c < L::channels; ++c)
      max_of_cells<L, 1, whole.value>(rows, first + c, cols, to + c);
  });
}

/// The same, the rows one after the other: part 0 begins, further ones join.
template <class L, class T>
ONNX2MCU_INLINE void packed_max_pool_part(const T* row, T* y, int part) noexcept {
  constexpr int words_end = L::channels / 4 * 4;
  const T* const rows[] = {row};
  for_each_pool_window<L>(
      rows, y, [&rows, part](auto whole, int first, int cols, T* to) ONNX2MCU_INLINE_LAMBDA {
        for (int c = 0; c < words_end; c += 4) {
          const std::uint32_t best = max_of_words<L, whole.value>(rows, first + c, cols);
          cpu::store_word(to + c, part != 0 ? larger_bytes<L, T>(best, cpu::load_word(to + c)) : best);
        }
        for (int c = words_end; c < L::channels; ++c) {
          T best;
          max_of_cells<L, 1, whole.value>(rows, first + c, cols, &best);
          to[c] = part != 0 && to[c] > best ? to[c] : best;
        }
      });
}

/// x: [in_h][in_w][channels], y: [out_h][out_w][channels]; they do not overlap.
template <class L, class T>
ONNX2MCU_INLINE void packed_max_pool(const T* x, T* y) noexcept {
  for_each_output_row<L, L::in_w * L::channels, L::out_w * L::channels>(
      x, y,
      [](const auto& rows, T* to, int oy) ONNX2MCU_INLINE_LAMBDA { packed_max_pool_stage<L>(rows, to, oy); });
}

}  // namespace onnx2mcu

#endif

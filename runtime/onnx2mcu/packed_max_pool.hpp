// Maximum of sliding windows of 8-bit integers, channels last, four channels an instruction.
#ifndef ONNX2MCU_PACKED_MAX_POOL_HPP
#define ONNX2MCU_PACKED_MAX_POOL_HPP

#include "cpu/portable.hpp"
#include "max_pool.hpp"

namespace onnx2mcu {

/// The maxima of four neighbouring channels over rows x cols cells, at least one.
template <class L, class T>
ONNX2MCU_INLINE std::uint32_t max_of_words(const T* first, int rows, int cols) noexcept {
  std::uint32_t best = cpu::load_word(first);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < cols; ++c) {
      const std::uint32_t cell = cpu::load_word(first + (r * L::dil_h * L::in_w + c * L::dil_w) * L::channels);
      best = static_cast<T>(-1) < 0 ? L::Cpu::max_s8(best, cell) : L::Cpu::max_u8(best, cell);
    }
  return best;
}

/// x: [in_h][in_w][channels], y: [out_h][out_w][channels]; they do not overlap.
template <class L, class T>
ONNX2MCU_INLINE void packed_max_pool(const T* x, T* y) noexcept {
  constexpr int words_end = L::channels / 4 * 4;
  for_each_window<L>(x, [&y](const WindowCells<T>& w) {
    int c = 0;
    if (w.rows == L::k_h && w.cols == L::k_w) {  // nearly every window: the loops over its cells are written out
      for (; c < words_end; c += 4) cpu::store_word(y + c, max_of_words<L>(w.first + c, L::k_h, L::k_w));
    } else if (w.rows != 0 && w.cols != 0) {
      for (; c < words_end; c += 4) cpu::store_word(y + c, max_of_words<L>(w.first + c, w.rows, w.cols));
    }
    for (; c < L::channels; ++c) max_of_cells<L, 1>(w.first + c, w.rows, w.cols, y + c);
    y += L::channels;
  });
}

}  // namespace onnx2mcu

#endif

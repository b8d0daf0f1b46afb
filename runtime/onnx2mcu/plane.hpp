// Depthwise convolutions work on one channel at a time: its cells under a band of rows of output are gathered
// into a plane and padded with the zero point, alone, or four channels' together where words are cheaper to
// copy than bytes. The weights of a channel and what requantizes it stay at hand for the whole band.
#ifndef ONNX2MCU_PLANE_HPP
#define ONNX2MCU_PLANE_HPP

#include "cpu/portable.hpp"
#include "unrolled.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// The cells of L::lanes channels under L::band rows of output: [rows][pitch][lanes]. A band of one row holds
/// only the rows it needs.
template <class L>
struct Plane {
  static constexpr int row_step =
      L::band == 1 ? L::dil_h : 1;  ///< rows of the image from one row of the plane to the next
  static constexpr int tap_step =
      L::band == 1 ? 1 : L::dil_h;  ///< rows of the plane from one row of the kernel to the next
  static constexpr int rows = (L::band - 1) * L::stride_h + (L::k_h - 1) * tap_step + 1;
  static constexpr int width = (L::out_w - 1) * L::stride_w + (L::k_w - 1) * L::dil_w + 1;
  static constexpr int pitch = (width + 3) / 4 * 4;
  static constexpr int inside =
      L::in_w < width - L::pad_left ? L::in_w : width - L::pad_left;  ///< columns of the image
};

/// n elements of x, `distance` apart. Loads stand together; the stores are volatile lest GCC first assemble
/// words of them.
template <int n, int distance, class X, class Cell>
ONNX2MCU_INLINE void gather_few(const X* x, volatile Cell* cells) noexcept {
  X cell[n + 1];
  unrolled<n>([&](auto k) ONNX2MCU_INLINE_LAMBDA { cell[k.value] = x[k.value * distance]; });
  unrolled<n>([&](auto k) ONNX2MCU_INLINE_LAMBDA { cells[k.value] = cell[k.value]; });
}
/// The same for four channels: words.
template <int n, int distance, class X>
ONNX2MCU_INLINE void copy_cells(const X* x, X* cells) noexcept {
  std::uint32_t words[n + 1];
  unrolled<n>([&](auto k)
                  ONNX2MCU_INLINE_LAMBDA { words[k.value] = cpu::load_word(x + k.value * distance); });
  unrolled<n>([&](auto k) ONNX2MCU_INLINE_LAMBDA { cpu::store_word(cells + 4 * k.value, words[k.value]); });
}
template <int n, int distance, int lanes, class X, class Cell>
ONNX2MCU_INLINE void gather_cells(const X* x, Cell* cells) noexcept {
  if constexpr (lanes == 4) {
    for (int i = 0; i + 4 <= n; i += 4, x += 4 * distance, cells += 16) copy_cells<4, distance>(x, cells);
    copy_cells<n % 4, distance>(x, cells);
  } else {
    for (int i = 0; i + 8 <= n; i += 8, x += 8 * distance, cells += 8) gather_few<8, distance>(x, cells);
    gather_few<n % 8, distance>(x, cells);
  }
}

/// What lies outside the image, the same for all channels: whole rows where is_inside(row of the plane) is
/// false.
template <class L, class Cell, class Inside>
ONNX2MCU_INLINE void fill_outside(Cell* plane, Inside is_inside) noexcept {
  constexpr int left = L::pad_left * L::lanes, right = left + Plane<L>::inside * L::lanes,
                end = Plane<L>::width * L::lanes;
  const auto fill = [](Cell* cells, int n) ONNX2MCU_INLINE_LAMBDA {
    for (int k = 0; k < n; ++k) cells[k] = static_cast<Cell>(L::x_zero_point);
  };
  for (int i = 0; i < Plane<L>::rows; ++i, plane += Plane<L>::pitch * L::lanes) {
    const bool inside = is_inside(i);
    fill(plane, inside ? left : end);
    if (inside) fill(plane + right, end - right);
  }
}

/// Calls channel(output channel) for every channel when gather(first input channel of the lanes) has filled
/// the plane.
template <class L, class Gather, class Channel>
ONNX2MCU_INLINE void for_each_plane(Gather gather, Channel channel) noexcept {
  constexpr int outputs = L::out_c / L::in_c;
  for (int c = 0; c < L::in_c; c += L::lanes) {
    gather(c);
    for (int o = c * outputs; o < (c + L::lanes) * outputs; ++o) channel(o);
  }
}

/// One row of output from the k_h rows of x under it: channel(output channel) for every channel.
template <class L, class X, class Cell, class Channel>
ONNX2MCU_INLINE void for_each_row_plane(const X* const (&rows)[L::k_h], Cell* plane,
                                        Channel channel) noexcept {
  fill_outside<L>(plane, [&rows](int i) ONNX2MCU_INLINE_LAMBDA { return rows[i] != nullptr; });
  const auto gather = [&](int c) ONNX2MCU_INLINE_LAMBDA {
    for (int i = 0; i < L::k_h; ++i)
      if (rows[i] != nullptr)
        gather_cells<Plane<L>::inside, L::in_c, L::lanes>(
            rows[i] + c, plane + (i * Plane<L>::pitch + L::pad_left) * L::lanes);
  };
  for_each_plane<L>(gather, channel);
}

/// All bands of an image: channel(output channel, rows of output, first of them) for every channel of each.
template <class L, class X, class Cell, class Channel>
ONNX2MCU_INLINE void for_each_band(const X* x, Cell* plane, Channel channel) noexcept {
  constexpr int step = Plane<L>::row_step * L::in_w * L::in_c;
  for (int oy = 0; oy < L::out_h; oy += L::band) {
    const int top = oy * L::stride_h - L::pad_top, rows = L::out_h - oy < L::band ? L::out_h - oy : L::band;
    const TapRange inside = taps_inside(top, Plane<L>::rows, Plane<L>::row_step, L::in_h);
    fill_outside<L>(plane,
                    [inside](int i) ONNX2MCU_INLINE_LAMBDA { return i >= inside.first && i < inside.last; });
    const X* const first = x + (top + inside.first * Plane<L>::row_step) * (L::in_w * L::in_c);
    Cell* const cells = plane + (inside.first * Plane<L>::pitch + L::pad_left) * L::lanes;
    const auto gather = [&](int c) ONNX2MCU_INLINE_LAMBDA {
      const X* from = first + c;
      Cell* to = cells;
      constexpr int pitch = Plane<L>::pitch * L::lanes;
      constexpr int together = L::lanes == 1 && Plane<L>::inside <= 8 ? 4 : 1;  // short rows in one piece
      int left = inside.last - inside.first;
      for (; left >= together; left -= together, from += together * step, to += together * pitch)
        unrolled<together>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
          gather_cells<Plane<L>::inside, L::in_c, L::lanes>(from + k.value * step, to + k.value * pitch);
        });
      if constexpr (together > 1)
        for (; left > 0; --left, from += step, to += pitch)
          gather_cells<Plane<L>::inside, L::in_c, L::lanes>(from, to);
    };
    for_each_plane<L>(gather, [&](int c) ONNX2MCU_INLINE_LAMBDA { channel(c, rows, oy); });
  }
}

}  // namespace onnx2mcu

#endif

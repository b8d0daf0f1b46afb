// Which cells of a sliding window lie inside the image, and the walks over all rows of output and all
// windows.
#ifndef ONNX2MCU_WINDOW_HPP
#define ONNX2MCU_WINDOW_HPP

#include <type_traits>

#include "core.hpp"

namespace onnx2mcu {

/// Taps [first, last) of a window of `taps` cells, `dilation` apart, whose first cell is `origin`, that lie
/// in [0, size).
struct TapRange {
  int first, last;
};
ONNX2MCU_INLINE TapRange taps_inside(int origin, int taps, int dilation, int size) noexcept {
  int first = 0, last = taps;
  while (first < last && origin + first * dilation < 0) ++first;
  while (last > first && origin + (last - 1) * dilation >= size) --last;
  return {first, last};
}

/// The rows of x, `pitch` elements apart, under output row oy; null above and below the image.
template <class L, int pitch, class X>
ONNX2MCU_INLINE void input_rows(const X* x, int oy, const X* (&rows)[L::k_h]) noexcept {
  for (int ky = 0; ky < L::k_h; ++ky) {
    const int iy = oy * L::stride_h - L::pad_top + ky * L::dil_h;
    rows[ky] = iy < 0 || iy >= L::in_h ? nullptr : x + iy * pitch;
  }
}

/// The planes of an image with three spatial dimensions, and how a window of k planes moves through them.
/// Such a layer has a member `planes`, and its rows are numbered through the planes: in_h, k_h and out_h
/// count the rows of all of them.
struct Planes {
  int in = 1, out = 1, k = 1, stride = 1, dil = 1, pad_front = 0, pad_back = 0;
  constexpr bool one() const noexcept { return in == 1 && out == 1 && k == 1; }
};
template <class L, class = void>
struct PlanesOf {
  static constexpr Planes value{};
};
template <class L>
struct PlanesOf<L, std::void_t<decltype(L::planes)>> {
  static constexpr Planes value = L::planes;
};

/// The row of x that row ky of the window under output row oy reads; -1 outside the image.
template <class L>
ONNX2MCU_INLINE int source_row(int oy, int ky) noexcept {
  constexpr Planes p = PlanesOf<L>::value;
  const int in_h = L::in_h / p.in, out_h = L::out_h / p.out, k_h = L::k_h / p.k;
  const int out_plane = p.out == 1 ? 0 : oy / out_h, k_plane = p.k == 1 ? 0 : ky / k_h;
  const int plane = out_plane * p.stride + k_plane * p.dil - p.pad_front;
  const int row = (oy - out_plane * out_h) * L::stride_h + (ky - k_plane * k_h) * L::dil_h - L::pad_top;
  return row < 0 || row >= in_h || plane < 0 || plane >= p.in ? -1 : plane * in_h + row;
}

/// A window in one or more planes: under output row oy, from column ix on, which may lie outside the image.
/// The rows outside `rows` and the columns outside `cols` do.
struct RowWindow {
  int oy, ix;
  TapRange rows, cols;
};

template <class L>
ONNX2MCU_INLINE RowWindow row_window(int oy, int ox) noexcept {
  const int iy = oy * L::stride_h - L::pad_top, ix = ox * L::stride_w - L::pad_left;
  const TapRange cols = taps_inside(ix, L::k_w, L::dil_w, L::in_w);
  if constexpr (!PlanesOf<L>::value.one()) return {oy, ix, {0, L::k_h}, cols};
  return {oy, ix, taps_inside(iy, L::k_h, L::dil_h, L::in_h), cols};
}

/// Calls visit(i, row) for the rows of x, [in_h][in_w][channels], under the window, i = 0, 1, …; their
/// number.
template <class L, class X, class Visit>
ONNX2MCU_INLINE int for_each_row(const X* x, const RowWindow& w, Visit visit) noexcept {
  int count = 0;
  for (int ky = w.rows.first; ky < w.rows.last; ++ky)
    if (const int row = source_row<L>(w.oy, ky); row >= 0) visit(count++, x + row * (L::in_w * L::channels));
  return count;
}

/// Calls make(rows, y, oy) for each row of output: what a kernel does for a whole image is what it does for a
/// row (a stage of a stream, stream.hpp), over and over. Pitches: elements of a row of x and of y.
template <class L, int x_pitch, int y_pitch, class X, class Y, class Make>
ONNX2MCU_INLINE void for_each_output_row(const X* x, Y* y, Make make) noexcept {
  for (int oy = 0; oy < L::out_h; ++oy, y += y_pitch) {
    const X* rows[L::k_h];
    input_rows<L, x_pitch>(x, oy, rows);
    make(rows, y, oy);
  }
}

/// The taps of a window's columns that lie inside the image.
template <class L>
ONNX2MCU_INLINE TapRange columns_inside(int ox) noexcept {
  return taps_inside(ox * L::stride_w - L::pad_left, L::k_w, L::dil_w, L::in_w);
}

/// The number of rows under a window that lie inside the image.
template <int n, class X>
ONNX2MCU_INLINE int rows_inside(const X* const (&rows)[n]) noexcept {
  int count = 0;
  for (const X* row : rows) count += row != nullptr;
  return count;
}

/// y: [batch][out_h][out_w][out_c] = make(x, oy, ox, oc) with x the image [in_h][in_w][in_c] of that batch
/// entry.
template <class L, class X, class Y, class Make>
ONNX2MCU_INLINE void for_each_output(const X* x, Y* y, Make make) noexcept {
  for (int n = 0; n < L::batch; ++n, x += L::in_h * L::in_w * L::in_c)
    for (int oy = 0; oy < L::out_h; ++oy)
      for (int ox = 0; ox < L::out_w; ++ox)
        for (int oc = 0; oc < L::out_c; ++oc) *y++ = make(x, oy, ox, oc);
}

/// The cells of one window that lie inside the image: rows x cols of them, from `first` on. Neighbouring
/// cells are L::dil_w * L::channels elements apart in a row and L::dil_h * L::in_w * L::channels in a column.
template <class X>
struct WindowCells {
  const X* first;
  int rows, cols;
};

/// x: [in_h][in_w][channels]. Calls visit(WindowCells) for each of the out_h x out_w windows in order.
template <class L, class X, class Visit>
ONNX2MCU_INLINE void for_each_window(const X* x, Visit visit) noexcept {
  for (int oy = 0; oy < L::out_h; ++oy) {
    const int iy = oy * L::stride_h - L::pad_top;
    const TapRange rows = taps_inside(iy, L::k_h, L::dil_h, L::in_h);
    for (int ox = 0; ox < L::out_w; ++ox) {
      const int ix = ox * L::stride_w - L::pad_left;
      const TapRange cols = taps_inside(ix, L::k_w, L::dil_w, L::in_w);
      const bool empty = rows.first == rows.last || cols.first == cols.last;
      const int cell = empty ? 0 : (iy + rows.first * L::dil_h) * L::in_w + ix + cols.first * L::dil_w;
      visit(WindowCells<X>{x + cell * L::channels, rows.last - rows.first, cols.last - cols.first});
    }
  }
}

}  // namespace onnx2mcu

#endif

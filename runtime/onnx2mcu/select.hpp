// TopK, CumSum, OneHot, Trilu, ScatterElements, ScatterND: elements chosen, summed up or placed along an
// axis. Tensors are seen as [outer][n][inner], n being the axis.
#ifndef ONNX2MCU_SELECT_HPP
#define ONNX2MCU_SELECT_HPP

#include "gather.hpp"

namespace onnx2mcu {

/// Does element (a, i) come before (b, j)? The better value, and of equal ones the earlier.
template <class L, class T>
ONNX2MCU_INLINE bool ranks_before(T a, int i, T b, int j) noexcept {
  return L::largest ? a > b || (a == b && i < j) : a < b || (a == b && i < j);
}

/// The L::k best of every line, in order, and where they were. Each is looked for behind the one before: no
/// buffer.
template <class L, class T>
ONNX2MCU_INLINE void top_k(const T* x, T* values, std::int64_t* indices) noexcept {
  for (int o = 0; o < L::outer;
       ++o, x += L::n * L::inner, values += L::k * L::inner, indices += L::k * L::inner)
    for (int c = 0; c < L::inner; ++c) {
      const auto at = [&](int i) { return x[i * L::inner + c]; };
      int last = -1;
      for (int r = 0; r < L::k; ++r) {
        int best = -1;
        for (int i = 0; i < L::n; ++i)
          if ((last < 0 || ranks_before<L>(at(last), last, at(i), i)) &&
              (best < 0 || ranks_before<L>(at(i), i, at(best), best)))
            best = i;
        last = best < 0 ? r : best;  // only NaN is neither before nor behind
        values[r * L::inner + c] = at(last);
        indices[r * L::inner + c] = last;
      }
    }
}

/// Running sums, with or without the element itself, from either end.
template <class L, class T>
ONNX2MCU_INLINE void cumulative_sum(const T* x, T* y) noexcept {
  for (int o = 0; o < L::outer; ++o, x += L::n * L::inner, y += L::n * L::inner)
    for (int c = 0; c < L::inner; ++c) {
      T sum{};
      for (int i = 0; i < L::n; ++i) {
        const int at = (L::reverse ? L::n - 1 - i : i) * L::inner + c;
        const T v = x[at], with = i == 0 ? v : static_cast<T>(sum + v);
        y[at] = L::exclusive ? sum : with;
        sum = with;
      }
    }
}

/// y[outer][depth][inner] = values[1] where indices[outer][inner] names the place (from either end), else
/// values[0].
template <class L, class I, class T>
ONNX2MCU_INLINE void one_hot(const I* indices, const T* values, T* y) noexcept {
  for (int o = 0; o < L::outer; ++o, indices += L::inner)
    for (int d = 0; d < L::depth; ++d)
      for (int c = 0; c < L::inner; ++c) {
        const auto index = static_cast<std::int64_t>(indices[c]);
        *y++ = values[index == d || index + L::depth == d ? 1 : 0];
      }
}

/// The upper or lower triangle of every matrix [rows][columns] from diagonal L::k on; 0 elsewhere. y may be
/// x.
template <class L, class T>
ONNX2MCU_INLINE void triangle(const T* x, T* y) noexcept {
  for (int b = 0; b < L::batch; ++b)
    for (int r = 0; r < L::rows; ++r)
      for (int c = 0; c < L::columns; ++c, ++x, ++y)
        *y = (L::upper ? c - r >= L::k : c - r <= L::k) ? *x : T{};
}

enum class Scatter { none, add, mul, min, max };

template <Scatter how, class T>
ONNX2MCU_INLINE void scatter_into(T& y, T update) noexcept {
  if constexpr (how == Scatter::none) y = update;
  if constexpr (how == Scatter::add) y = static_cast<T>(y + update);
  if constexpr (how == Scatter::mul) y = static_cast<T>(y * update);
  if constexpr (how == Scatter::min) y = update < y ? update : y;
  if constexpr (how == Scatter::max) y = update > y ? update : y;
}

/// y = x with updates at the places that `indices` names along the axis; size, step: the loops over the
/// updates, with steps through y (0 along the axis).
template <class L, class T, class I>
ONNX2MCU_INLINE void scatter_elements(const T* x, const I* indices, const T* updates, T* y) noexcept {
  if (x != y) copy_run(x, y, L::total);
  int at[L::loops] = {}, place = 0;
  for (int u = 0; u < L::updates; ++u) {
    scatter_into<L::how>(y[place + index_inside<L>(indices[u], L::axis) * L::axis_step], updates[u]);
    for (int d = L::loops - 1; d >= 0; --d) {
      place += L::step[d];
      if (++at[d] < L::size[d]) break;
      place -= L::step[d] * L::size[d];
      at[d] = 0;
    }
  }
}

/// y = x with runs of L::inner updates at the places that tuples of indices name.
template <class L, class T, class I>
ONNX2MCU_INLINE void scatter_nd(const T* x, const I* indices, const T* updates, T* y) noexcept {
  if (x != y) copy_run(x, y, L::total);
  for (int u = 0; u < L::count; ++u) {
    int place = 0;
    for (int j = 0; j < L::tuple; ++j) place += index_inside<L>(*indices++, L::axes[j]) * L::step[j];
    for (int i = 0; i < L::inner; ++i) scatter_into<L::how>(y[place + i], *updates++);
  }
}

}  // namespace onnx2mcu

#endif

// Gather, GatherElements, GatherND. Indices that the model computes may be anything: those out of range, an
// error in ONNX, are clamped so that nothing outside x is read. Constant indices were checked and made
// non-negative before.
#ifndef ONNX2MCU_GATHER_HPP
#define ONNX2MCU_GATHER_HPP

#include <type_traits>

#include "run.hpp"

namespace onnx2mcu {

/// A possibly negative index into an axis of `size` elements.
template <class L, class I>
ONNX2MCU_INLINE int index_inside(I index, int size) noexcept {
  if constexpr (L::constant_indices) {
    return static_cast<int>(index);
  } else {
    static_assert(std::is_signed<I>::value, "ONNX indices are int32 or int64");
    const I i = index < 0 ? static_cast<I>(index + size) : index;
    return i < 0 ? 0 : i >= size ? size - 1 : static_cast<int>(i);
  }
}

/// x: [outer][axis][inner], y: [outer][count][inner], y[o][k] = x[o][indices[k]].
template <class L, class T, class I>
ONNX2MCU_INLINE void gather(const T* x, const I* indices, T* y) noexcept {
  for (int o = 0; o < L::outer; ++o)
    for (int k = 0; k < L::count; ++k)
      y = copy_run(x + (o * L::axis + index_inside<L>(indices[k], L::axis)) * L::inner, y, L::inner);
}

template <class L, int D, class T, class I>
ONNX2MCU_INLINE void gather_elements_loop(const T* x, const I*& indices, T*& y) noexcept {
  for (int i = 0; i < L::size[D]; ++i) {
    if constexpr (D + 1 < L::loops) {
      gather_elements_loop<L, D + 1>(x + i * L::step[D], indices, y);
    } else {
      *y++ = x[i * L::step[D] + index_inside<L>(*indices++, L::axis) * L::axis_step];
    }
  }
}

/// y[i0][i1]… = x[i0][…indices[i0][i1]…]: the index replaces the place along one axis, whose own step is 0.
template <class L, class T, class I>
ONNX2MCU_INLINE void gather_elements(const T* x, const I* indices, T* y) noexcept {
  gather_elements_loop<L, 0>(x, indices, y);
}

template <class L, int J, class I>
ONNX2MCU_INLINE int tuple_offset(const I* tuple) noexcept {
  const int here = index_inside<L>(tuple[J], L::axes[J]) * L::step[J];
  if constexpr (J + 1 < L::tuple) {
    return here + tuple_offset<L, J + 1>(tuple);
  } else {
    return here;
  }
}

/// x: [batches][axes[0]]…[inner], indices: [batches][count][tuple], y: [batches][count][inner].
template <class L, class T, class I>
ONNX2MCU_INLINE void gather_nd(const T* x, const I* indices, T* y) noexcept {
  for (int b = 0; b < L::batches; ++b, x += L::batch_step)
    for (int k = 0; k < L::count; ++k, indices += L::tuple)
      y = copy_run(x + tuple_offset<L, 0>(indices), y, L::inner);
}

}  // namespace onnx2mcu

#endif

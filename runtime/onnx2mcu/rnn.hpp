// RNN, one direction, with the bits of ONNX Runtime (rnn.cc).
#ifndef ONNX2MCU_RNN_HPP
#define ONNX2MCU_RNN_HPP

#include "recurrent.hpp"

namespace onnx2mcu {

/// x: [steps][batch][input] by strides, w: [hidden][input], r: [hidden][hidden]; y: all hidden states (only
/// if L::has_y), h: hidden state, before and after. next: hidden.
template <class L>
ONNX2MCU_INLINE void rnn(const float* x, const float* w, const float* r, float* y, float* h,
                         float* next) noexcept {
  for_each_step<L>(x, y, h, [&](const float* xt, float* yt, float* state, int b, int row) {
    for (int i = 0; i < L::hidden; ++i) {
      float bias = 0.0F;
      if constexpr (L::has_bias) bias = L::bias[i];
      const float sum = L::StateProduct::of(state, r, b, i) + L::InputProduct::added(bias, xt, w, row, i);
      next[i] = activate<L::f>(L::clip < 0.0F ? sum : limited(sum, L::clip), L::f_alpha, L::f_beta);
    }
    for (int i = 0; i < L::hidden; ++i) yt[i] = state[i] = next[i];
  });
}

/// The same where only the last state is wanted.
template <class L>
ONNX2MCU_INLINE void rnn(const float* x, const float* w, const float* r, float* h, float* next) noexcept {
  rnn<L>(x, w, r, h, h, next);
}

}  // namespace onnx2mcu

#endif

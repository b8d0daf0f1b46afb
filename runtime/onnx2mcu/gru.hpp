// GRU, one direction, with the bits of ONNX Runtime (deep_cpu_gru.cc). Gates lie in ONNX's order: update,
// reset, hidden.
#ifndef ONNX2MCU_GRU_HPP
#define ONNX2MCU_GRU_HPP

#include "recurrent.hpp"

namespace onnx2mcu {

/// The hidden gate's share of the previous state: its product with Rh is reset, or (L::linear_before_reset)
/// the other way round. gates: the reset gate's input, the hidden gate's, in place. work: 2 hidden.
template <class L>
ONNX2MCU_INLINE void gru_reset(const float* state, const float* r, float* gates, float* work,
                               int b) noexcept {
  const float* rh = r + 2 * L::hidden * L::hidden;
  if constexpr (L::linear_before_reset)
    for (int i = 0; i < L::hidden; ++i) {
      if constexpr (L::has_bias)
        work[L::hidden + i] = L::HiddenProduct::added(L::bias[3 * L::hidden + i], state, rh, b, i);
      else
        work[L::hidden + i] = L::HiddenProduct::of(state, rh, b, i);
    }
  for (int i = 0; i < L::hidden; ++i) {
    const float reset = activate<L::reset>(gate_input<L, 1>(gates[L::hidden + i], i), L::f_alpha, L::f_beta);
    work[i] = (L::linear_before_reset ? work[L::hidden + i] : state[i]) * reset;
  }
  for (int i = 0; i < L::hidden; ++i) {
    float& hidden = gates[2 * L::hidden + i];
    hidden = L::linear_before_reset ? hidden + work[i] : L::HiddenProduct::added(hidden, work, rh, b, i);
  }
}

/// x: [steps][batch][input] by strides, w: [3 hidden][input], r: [3 hidden][hidden]; y: all hidden states
/// (only if L::has_y), h: hidden state, before and after. gates: 5 hidden.
template <class L>
ONNX2MCU_INLINE void gru(const float* x, const float* w, const float* r, float* y, float* h,
                         float* gates) noexcept {
  for_each_step<L>(x, y, h, [&](const float* xt, float* yt, float* state, int b, int row) {
    for (int j = 0; j < 3 * L::hidden; ++j) {
      gates[j] = L::InputProduct::of(xt, w, row, j);
      if (j < 2 * L::hidden) gates[j] = L::StateProduct::added(gates[j], state, r, b, j);
    }
    gru_reset<L>(state, r, gates, gates + 3 * L::hidden, b);
    for (int i = 0; i < L::hidden; ++i) {
      const float update = activate<L::update>(gate_input<L, 0>(gates[i], i), L::f_alpha, L::f_beta);
      const float hidden =
          activate<L::g>(gate_input<L, 2>(gates[2 * L::hidden + i], i), L::g_alpha, L::g_beta);
      state[i] = product(1.0F - update, hidden) + product(update, state[i]);
      yt[i] = state[i];
    }
  });
}

/// The same where only the last state is wanted.
template <class L>
ONNX2MCU_INLINE void gru(const float* x, const float* w, const float* r, float* h, float* gates) noexcept {
  gru<L>(x, w, r, h, h, gates);
}

}  // namespace onnx2mcu

#endif

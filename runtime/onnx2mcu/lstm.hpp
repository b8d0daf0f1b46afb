// LSTM, one direction, with the bits of ONNX Runtime (uni_directional_lstm.cc). Gates lie in ONNX's order:
// input, output, forget, cell.
#ifndef ONNX2MCU_LSTM_HPP
#define ONNX2MCU_LSTM_HPP

#include "recurrent.hpp"

namespace onnx2mcu {

/// The gates of unit i, behind their products: updates its cell, returns its new hidden value.
template <class L>
ONNX2MCU_INLINE float lstm_unit(const float* gates, float& cell, int i) noexcept {
  const auto peephole = [&](float sum, int gate) {
    if constexpr (L::has_peepholes) return sum + product(cell, L::peepholes[gate * L::hidden + i]);
    static_cast<void>(gate);
    return sum;
  };
  const auto f = [](float v) { return activate<L::f>(v, L::f_alpha, L::f_beta); };
  const float in = f(gate_input<L, 0>(peephole(gates[i], 0), i));
  const float forget =
      L::input_forget ? 1.0F - in : f(gate_input<L, 2>(peephole(gates[2 * L::hidden + i], 2), i));
  const float candidate =
      activate<L::g>(gate_input<L, 3>(gates[3 * L::hidden + i], i), L::g_alpha, L::g_beta);
  cell = product(cell, forget) + product(in, candidate);
  const float out = f(gate_input<L, 1>(peephole(gates[L::hidden + i], 1), i));
  return activate<L::h>(cell, L::h_alpha, L::h_beta) * out;
}

/// x: [steps][batch][input] by strides, w: [4 hidden][input], r: [4 hidden][hidden]; y: all hidden states
/// (only if L::has_y), h, c: hidden and cell state, before and after. gates: 4 hidden.
template <class L>
ONNX2MCU_INLINE void lstm(const float* x, const float* w, const float* r, float* y, float* h, float* c,
                          float* gates) noexcept {
  if constexpr (L::has_lengths)
    for (int b = 0; b < L::batch; ++b)
      if (length_of<L>(b) == 0) fill_run(0.0F, c + L::h_offset + b * L::h_batch, L::hidden);
  for_each_step<L>(x, y, h, [&](const float* xt, float* yt, float* state, int b, int row) {
    for (int j = 0; j < 4 * L::hidden; ++j)
      gates[j] = L::StateProduct::added(L::InputProduct::of(xt, w, row, j), state, r, b, j);
    float* cell = c + L::h_offset + b * L::h_batch;
    for (int i = 0; i < L::hidden; ++i) {
      state[i] = lstm_unit<L>(gates, cell[i], i);
      yt[i] = state[i];
    }
  });
}

/// The same where only the last state is wanted.
template <class L>
ONNX2MCU_INLINE void lstm(const float* x, const float* w, const float* r, float* h, float* c,
                          float* gates) noexcept {
  lstm<L>(x, w, r, h, h, c, gates);
}

}  // namespace onnx2mcu

#endif

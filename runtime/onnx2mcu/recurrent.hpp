// What LSTM, GRU and RNN share: rows of matrix products with weights [columns][terms] in the order of
// summation of ONNX Runtime's kernels, and the activation functions of the gates, each as ONNX Runtime
// computes it there.
#ifndef ONNX2MCU_RECURRENT_HPP
#define ONNX2MCU_RECURRENT_HPP

#include "float_libm.hpp"
#include "float_math.hpp"
#include "float_sum.hpp"
#include "run.hpp"

namespace onnx2mcu {

/// Element (row, column) of a[rows][terms] · b[columns][terms]ᵗ.
template <SumOrder order, int terms, int block, bool flipped, int rows, int columns>
struct RowProduct {
  using Sum = ProductSum<order, terms, block>;

  static ONNX2MCU_INLINE float of(const float* a, const float* b, int row, int column) noexcept {
    return rest(Sum(1.0F), a, b, row, column);
  }
  /// The same added to `total`.
  static ONNX2MCU_INLINE float added(float total, const float* a, const float* b, int row,
                                     int column) noexcept {
    Sum sum(1.0F);
    sum.start(total);
    return rest(sum, a, b, row, column);
  }

 private:
  static ONNX2MCU_INLINE float rest(Sum sum, const float* a, const float* b, int row, int column) noexcept {
    const float* w = b + column * terms;
    for (int t = 0; t < terms; ++t) {
      sum.reach(t);
      sum.add(a[t], w[t]);
    }
    return flipped ? sum.result(row, rows) : sum.result(column, columns);
  }
};

enum class Gate {
  sigmoid,           ///< MLAS
  tanh,              ///< MLAS
  sigmoid_quotient,  ///< a quotient of polynomials: GRU's reset and hidden gates
  tanh_quotient,
  sigmoid_exp,  ///< by expf: RNN
  tanh_exp,
  relu,
  affine,  ///< alpha * x + beta
  leaky_relu,
  thresholded_relu,
  hard_sigmoid,
  softsign,
};

/// tanh(x) for |x| <= 10 as a quotient of polynomials of degree 13 and 6 (rnn_helpers.cc), without fused
/// operations.
inline float tanh_quotient(float x) noexcept {
  const float x2 = product(x, x);
  float p = product(x2, -2.76076847742355e-16F) + 2.00018790482477e-13F;
  constexpr float coefficients[] = {-8.60467152213735e-11F, 5.12229709037114e-08F, 1.48572235717979e-05F,
                                    6.37261928875436e-04F, 4.89352455891786e-03F};
  for (const float c : coefficients) p = product(x2, p) + c;
  p = product(x, p);
  float q = product(x2, 1.19825839466702e-06F) + 1.18534705686654e-04F;
  q = product(x2, q) + 2.26843463243900e-03F;
  q = product(x2, q) + 4.89352518554385e-03F;
  return p / q;
}

inline float sigmoid_by_exp(float x) noexcept {
  if (x >= 0.0F) return 1.0F / (1.0F + libm_exp(-x));
  const float e = libm_exp(x);
  return e / (1.0F + e);
}

ONNX2MCU_INLINE float limited(float x, float bound) noexcept {
  return x < -bound ? -bound : x > bound ? bound : x;
}

template <Gate gate>
ONNX2MCU_INLINE float activate(float x, float alpha, float beta) noexcept {
  if constexpr (gate == Gate::sigmoid) return sigmoid_f32(x);
  if constexpr (gate == Gate::tanh) return tanh_f32(x);
  if constexpr (gate == Gate::sigmoid_quotient)
    return 0.5F * (1.0F + tanh_quotient(0.5F * limited(x, 20.0F)));
  if constexpr (gate == Gate::tanh_quotient) return tanh_quotient(limited(x, 10.0F));
  if constexpr (gate == Gate::sigmoid_exp) return sigmoid_by_exp(x);
  if constexpr (gate == Gate::tanh_exp) return product(2.0F, sigmoid_by_exp(2.0F * x)) - 1.0F;
  if constexpr (gate == Gate::relu) return x > 0.0F ? x : 0.0F;
  if constexpr (gate == Gate::affine) return product(alpha, x) + beta;
  if constexpr (gate == Gate::leaky_relu) return x >= 0.0F ? x : alpha * x;
  if constexpr (gate == Gate::thresholded_relu) return x > alpha ? x : 0.0F;
  if constexpr (gate == Gate::hard_sigmoid) {
    const float y = product(alpha, x) + beta;
    return y < 0.0F ? 0.0F : y > 1.0F ? 1.0F : y;
  }
  return x / (1.0F + (x < 0.0F ? -x : x));  // Gate::softsign
}

/// A gate's input with its bias, within +-L::clip: std::min and std::max as they treat NaN.
template <class L, int gate>
ONNX2MCU_INLINE float gate_input(float x, int i) noexcept {
  if constexpr (L::has_bias) {
    const float sum = x + L::bias[gate * L::hidden + i];
    const float low = sum < L::clip ? sum : L::clip;
    return -L::clip < low ? low : -L::clip;
  } else {
    return limited(x, L::clip);
  }
}

/// Steps that sequence `b` of the batch has.
template <class L>
ONNX2MCU_INLINE int length_of(int b) noexcept {
  if constexpr (L::has_lengths) {
    return L::lengths[b];
  } else {
    static_cast<void>(b);
    return L::steps;
  }
}

/// Calls run(x, y, h, b, row) for every step of every sequence: its input, where its output goes, the
/// sequence's hidden state, its number, and the row of the input in ONNX Runtime's product. Outputs behind
/// the end of a sequence are 0.
template <class L, class Run>
ONNX2MCU_INLINE void for_each_step(const float* x, float* y, float* h, Run run) noexcept {
  for (int b = 0; b < L::batch; ++b) {
    const int length = length_of<L>(b);
    float* state = h + L::h_offset + b * L::h_batch;
    for (int s = 0; s < length; ++s) {
      const int t = L::reverse ? length - 1 - s : s;
      run(x + b * L::x_batch + t * L::x_step,
          L::has_y ? y + L::y_offset + b * L::y_batch + t * L::y_step : state, state, b, s * L::batch + b);
    }
    if (L::has_y)
      for (int t = length; t < L::steps; ++t)
        fill_run(0.0F, y + L::y_offset + b * L::y_batch + t * L::y_step, L::hidden);
    if (L::has_lengths && length == 0) fill_run(0.0F, state, L::hidden);
  }
}

/// The initial state where the model gives none.
template <class L>
ONNX2MCU_INLINE void clear_state(float* state) noexcept {
  fill_run(0.0F, state, L::size);
}

}  // namespace onnx2mcu

#endif

// LSTM, GRU and RNN for calibration: the definitions of ONNX in plain loops, with the default activations.

#include <cmath>

#include "ops/recurrent.hpp"

namespace o2m {
namespace {

using Reals = std::vector<double>;

struct Direction {
  Reals w, r, b, p;
};

Direction direction(EvalInputs in, std::int64_t k) {
  const auto part = [&](std::size_t slot) {
    Reals out;
    if (slot >= in.size() || !in[slot]) return out;
    const std::int64_t size = in[slot]->count() / in[slot]->shape[0];
    for (std::int64_t i = k * size; i < (k + 1) * size; ++i) out.push_back(in[slot]->real(i));
    return out;
  };
  return {part(w_slot), part(r_slot), part(b_slot), part(peephole_slot)};
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// Row j of weights · v.
double row(const Reals& weights, std::size_t j, const Reals& v) {
  double sum = 0;
  for (std::size_t i = 0; i < v.size(); ++i) sum += weights[j * v.size() + i] * v[i];
  return sum;
}

/// Gate j: its input and recurrent bias, each 0 where there is none.
double bias(const Direction& d, std::size_t j, bool recurrent) {
  return d.b.empty() ? 0 : d.b[j + (recurrent ? d.b.size() / 2 : 0)];
}

void step_lstm(const Direction& d, const Reals& x, Reals& h, Reals& c) {
  const std::size_t n = h.size();
  const Reals before = h;
  const auto gate = [&](std::size_t k, std::size_t i) {
    return row(d.w, k * n + i, x) + row(d.r, k * n + i, before) + bias(d, k * n + i, false) +
           bias(d, k * n + i, true);
  };
  const auto peephole = [&](std::size_t k, std::size_t i) { return d.p.empty() ? 0 : d.p[k * n + i] * c[i]; };
  for (std::size_t i = 0; i < n; ++i) {
    const double in = sigmoid(gate(0, i) + peephole(0, i)), forget = sigmoid(gate(2, i) + peephole(2, i));
    c[i] = forget * c[i] + in * std::tanh(gate(3, i));
    h[i] = sigmoid(gate(1, i) + peephole(1, i)) * std::tanh(c[i]);
  }
}

void step_gru(const Direction& d, const Reals& x, Reals& h, bool linear) {
  const std::size_t n = h.size();
  Reals update(n), reset(n), scaled(n), next(n);
  const auto gate = [&](std::size_t k, std::size_t i) {
    return row(d.w, k * n + i, x) + row(d.r, k * n + i, h) + bias(d, k * n + i, false) +
           bias(d, k * n + i, true);
  };
  for (std::size_t i = 0; i < n; ++i) {
    update[i] = sigmoid(gate(0, i));
    reset[i] = sigmoid(gate(1, i));
    scaled[i] = reset[i] * h[i];
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t j = 2 * n + i;
    const double recurrent =
        linear ? reset[i] * (row(d.r, j, h) + bias(d, j, true)) : row(d.r, j, scaled) + bias(d, j, true);
    next[i] = (1 - update[i]) * std::tanh(row(d.w, j, x) + bias(d, j, false) + recurrent) + update[i] * h[i];
  }
  h = next;
}

void step_rnn(const Direction& d, const Reals& x, Reals& h) {
  const Reals before = h;
  for (std::size_t i = 0; i < h.size(); ++i)
    h[i] = std::tanh(row(d.w, i, x) + row(d.r, i, before) + bias(d, i, false) + bias(d, i, true));
}

void refuse_what_is_unusual(const Node& node) {
  for (const char* key : {"activations", "clip", "input_forget", "layout"})
    if (node.has_attr(key) && node.attributes.at(key) != Attribute(std::int64_t{0}))
      refuse("attribute \"{}\" is not calibrated", key);
  if (node.has_input(lengths_slot)) refuse("sequence_lens is not calibrated");
}

}  // namespace

std::vector<Tensor> estimate_recurrent(const Graph& graph, const Node& node, EvalInputs in) {
  refuse_what_is_unusual(node);
  const RecurrentDims d = recurrent_dims(graph, node, node.is("LSTM") ? 4 : node.is("GRU") ? 3 : 1);
  Tensor y = make_tensor(DType::float32, {d.steps, d.directions, d.batch, d.hidden});
  Tensor states[2] = {make_tensor(DType::float32, {d.directions, d.batch, d.hidden}), {}};
  states[1] = states[0];
  const bool all_reverse = node.attr_string("direction", "forward") == "reverse";
  for (std::int64_t k = 0; k < d.directions; ++k)
    for (std::int64_t b = 0; b < d.batch; ++b) {
      const Direction weights = direction(in, k);
      const std::int64_t first = (k * d.batch + b) * d.hidden;
      Reals state[2];
      for (std::size_t s = 0; s < 2; ++s)
        for (std::int64_t i = 0; i < d.hidden; ++i) {
          const Tensor* initial = initial_h_slot + s < in.size() ? in[initial_h_slot + s] : nullptr;
          state[s].push_back(initial ? initial->real(first + i) : 0);
        }
      for (std::int64_t s = 0; s < d.steps; ++s) {
        const std::int64_t t = all_reverse || k == 1 ? d.steps - 1 - s : s;
        Reals x;
        for (std::int64_t i = 0; i < d.input; ++i)
          x.push_back(in[x_slot]->real((t * d.batch + b) * d.input + i));
        if (node.is("LSTM")) step_lstm(weights, x, state[0], state[1]);
        if (node.is("GRU")) step_gru(weights, x, state[0], node.attr("linear_before_reset", 0) != 0);
        if (node.is("RNN")) step_rnn(weights, x, state[0]);
        for (std::int64_t i = 0; i < d.hidden; ++i)
          y.as<float>()[static_cast<std::size_t>(((t * d.directions + k) * d.batch + b) * d.hidden + i)] =
              static_cast<float>(state[0][static_cast<std::size_t>(i)]);
      }
      for (std::size_t s = 0; s < 2; ++s)
        for (std::int64_t i = 0; i < d.hidden; ++i)
          states[s].as<float>()[static_cast<std::size_t>(first + i)] =
              static_cast<float>(state[s][static_cast<std::size_t>(i)]);
    }
  return {std::move(y), std::move(states[0]), std::move(states[1])};
}

}  // namespace o2m

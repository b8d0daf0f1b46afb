// GRU 7-22: one or both directions, linear_before_reset, any of the usual activations.

#include <limits>

#include "ops/estimate.hpp"
#include "ops/recurrent.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) { infer_recurrent(c, 3, 1); }

/// Update, reset, hidden: Wb + Rb; with linear_before_reset the hidden gate's Rb stands apart, behind them.
std::vector<float> bias_of(const LowerContext& c, std::int64_t k, bool linear_before_reset) {
  const std::vector<float> b = direction_of(c, b_slot, k);
  const std::size_t hidden = b.size() / 6;
  std::vector<float> out(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(3 * hidden));
  for (std::size_t i = 0; i < (linear_before_reset ? 2 : 3) * hidden; ++i) out[i] += b[3 * hidden + i];
  if (linear_before_reset)
    out.insert(out.end(), b.begin() + static_cast<std::ptrdiff_t>(5 * hidden), b.end());
  return out;
}

/// ONNX Runtime computes the reset and the hidden gate by other functions than the update gate.
std::string as_quotient(const GateFunction& function) {
  return function.name == "sigmoid" || function.name == "tanh" ? function.name + "_quotient" : function.name;
}

void lower(LowerContext& c) {
  const RecurrentDims d = recurrent_dims(c.graph, c.node, 3);
  const bool linear = c.node.attr("linear_before_reset", 0) != 0;
  const auto functions = gate_functions(c.node, d.directions, {"Sigmoid", "Tanh"});
  const BufferId state = initial_state(c, 1, initial_h_slot, d);
  for (std::int64_t k = 0; k < d.directions; ++k) {
    Call call = recurrent_call(c, "gru", d, k, {state}, bias_of(c, k, linear));
    call.scratch = {c.scratch("gates", DType::float32, 5 * d.hidden)};
    add_row_product(call, "InputProduct", d.steps * d.batch, d.input, 3 * d.hidden, true);
    add_row_product(call, "StateProduct", d.batch, d.hidden, 2 * d.hidden, true);
    add_row_product(call, "HiddenProduct", d.batch, d.hidden, d.hidden, true);
    call.params.push_back(param_bool("linear_before_reset", linear));
    call.params.push_back(param_float("clip", c.node.attr_float("clip", std::numeric_limits<float>::max())));
    const GateFunction &f = functions[2 * static_cast<std::size_t>(k)],
                       &g = functions[2 * static_cast<std::size_t>(k) + 1];
    add_gate(call, "update", f.name, "f", f);
    add_gate(call, "reset", as_quotient(f), "", f);
    add_gate(call, "g", as_quotient(g), "g", g);
    c.add(std::move(call));
  }
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_GRU){"", "GRU", infer, lower, nullptr, estimate_recurrent};

}  // namespace o2m

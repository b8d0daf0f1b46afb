// RNN 7-22: one or both directions, any of the usual activations.

#include "ops/estimate.hpp"
#include "ops/recurrent.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) { infer_recurrent(c, 1, 1); }

void lower(LowerContext& c) {
  const RecurrentDims d = recurrent_dims(c.graph, c.node, 1);
  const auto functions = gate_functions(c.node, d.directions, {"Tanh"});
  const BufferId state = initial_state(c, 1, initial_h_slot, d);
  for (std::int64_t k = 0; k < d.directions; ++k) {
    Call call = recurrent_call(c, "rnn", d, k, {state}, summed_bias(c, k));
    call.scratch = {c.scratch("next state", DType::float32, d.hidden)};
    add_row_product(call, "InputProduct", d.steps * d.batch, d.input, d.hidden, false);
    add_row_product(call, "StateProduct", d.batch, d.hidden, d.hidden, false);
    call.params.push_back(param_float("clip", c.node.attr_float("clip", -1.0F)));
    const GateFunction& f = functions[static_cast<std::size_t>(k)];
    add_gate(call, "f", f.name == "sigmoid" || f.name == "tanh" ? f.name + "_exp" : f.name, "f", f);
    c.add(std::move(call));
  }
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_RNN){"", "RNN", infer, lower, nullptr, estimate_recurrent};

}  // namespace o2m

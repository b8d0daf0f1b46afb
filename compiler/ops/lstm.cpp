// LSTM 7-22: one or both directions, peepholes, any of the usual activations.

#include <limits>

#include "ops/estimate.hpp"
#include "ops/recurrent.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) { infer_recurrent(c, 4, 2); }

void lower(LowerContext& c) {
  const RecurrentDims d = recurrent_dims(c.graph, c.node, 4);
  const auto functions = gate_functions(c.node, d.directions, {"Sigmoid", "Tanh", "Tanh"});
  const std::vector<BufferId> states{initial_state(c, 1, initial_h_slot, d),
                                     initial_state(c, 2, initial_c_slot, d)};
  for (std::int64_t k = 0; k < d.directions; ++k) {
    Call call = recurrent_call(c, "lstm", d, k, states, summed_bias(c, k));
    call.scratch = {c.scratch("gates", DType::float32, 4 * d.hidden)};
    add_row_product(call, "InputProduct", d.steps * d.batch, d.input, 4 * d.hidden, true);
    add_row_product(call, "StateProduct", d.batch, d.hidden, 4 * d.hidden, true);
    const std::vector<float> peepholes = direction_of(c, peephole_slot, k);
    call.params.push_back(param_bool("has_peepholes", !peepholes.empty()));
    if (!peepholes.empty())
      call.params.push_back(param_array(c.program, "peepholes", c.array("p", DType::float32, peepholes)));
    call.params.push_back(param_bool("input_forget", c.node.attr("input_forget", 0) != 0));
    call.params.push_back(param_float("clip", c.node.attr_float("clip", std::numeric_limits<float>::max())));
    const char* names[] = {"f", "g", "h"};
    for (std::size_t i = 0; i < 3; ++i) {
      const GateFunction& function = functions[3 * static_cast<std::size_t>(k) + i];
      add_gate(call, names[i], function.name, names[i], function);
    }
    c.add(std::move(call));
  }
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_LSTM){"", "LSTM", infer, lower, nullptr, estimate_recurrent};

}  // namespace o2m

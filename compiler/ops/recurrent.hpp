// What LSTM, GRU and RNN (7-22) share: attributes, shapes, and the call of one direction of a layer. Weights,
// biases and sequence lengths are constants; x and the initial states may be computed.
#pragma once

#include "ops/lower.hpp"

namespace o2m {

/// Inputs of all three operators; LSTM has initial_c and the peepholes behind them.
enum RecurrentInput : std::size_t {
  x_slot,
  w_slot,
  r_slot,
  b_slot,
  lengths_slot,
  initial_h_slot,
  initial_c_slot,
  peephole_slot
};

struct RecurrentDims {
  std::int64_t steps, batch, input, hidden, directions;
  bool batch_first;  ///< layout = 1: the batch comes before steps and directions
};

/// Checks shapes against `gates` per unit; refuses weights that are no constants.
RecurrentDims recurrent_dims(const Graph& graph, const Node& node, std::int64_t gates);
/// Sets the outputs Y and `states` final states.
void infer_recurrent(InferContext& c, std::int64_t gates, std::size_t states);

struct GateFunction {
  std::string
      name;  ///< enumerator of onnx2mcu::Gate, with ONNX Runtime's MLAS functions for Sigmoid and Tanh
  float alpha = 0, beta = 0;
};

/// The activations of all directions in turn; `defaults` where the node has none.
std::vector<GateFunction> gate_functions(const Node& node, std::int64_t directions,
                                         const std::vector<std::string>& defaults);

/// Adds "NAME" of type onnx2mcu::Gate, NAME_alpha, NAME_beta. `gate` may differ from the function's own name.
void add_gate(Call& call, const std::string& name, const std::string& gate, const std::string& prefix,
              const GateFunction& function);

/// A matrix product of `rows` rows with `columns` filters of `terms` weights, as type NAME of the layer.
/// `packed`: ONNX Runtime packs its constant weights.
void add_row_product(Call& call, const char* name, std::int64_t rows, std::int64_t terms,
                     std::int64_t columns, bool packed);

/// State `o` of the outputs (1: hidden, 2: cell), or a buffer of its own where nobody reads it, holding the
/// initial value.
BufferId initial_state(LowerContext& c, std::size_t o, std::size_t slot, const RecurrentDims& d);

/// The call for direction `k` with x, its weights, y (if read) and `states`; params of geometry, clip, bias,
/// lengths. `bias`: that of this direction, empty if there is none.
Call recurrent_call(LowerContext& c, const char* kernel, const RecurrentDims& d, std::int64_t k,
                    const std::vector<BufferId>& states, const std::vector<float>& bias);

/// Wb + Rb of direction k, as ONNX Runtime adds them beforehand; empty where there is no bias.
std::vector<float> summed_bias(const LowerContext& c, std::int64_t k);

/// Direction k of a constant input, or nothing where it is omitted.
std::vector<float> direction_of(const LowerContext& c, std::size_t slot, std::int64_t k);

}  // namespace o2m

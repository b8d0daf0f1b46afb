#include "ops/recurrent.hpp"

#include <algorithm>
#include <limits>

#include "ops/float_order.hpp"
#include "program/names.hpp"

namespace o2m {
namespace {

std::string direction_attribute(const Node& node) {
  const std::string direction = node.attr_string("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    refuse("direction \"{}\" is none of forward, reverse, bidirectional", printable(direction));
  return direction;
}

void check_constant(const Graph& graph, const Node& node, std::size_t slot, const char* what,
                    const Shape& shape, DType type) {
  if (!node.has_input(slot)) return;
  const Tensor* t = graph.constant(node.inputs[slot]);
  if (!t) refuse("{} (input {}) must be a constant, it is computed at run time", what, slot);
  if (t->type != type || t->shape != shape)
    refuse("{} is {}{}, expected {}{}", what, to_string(t->type), to_string(t->shape), to_string(type),
           to_string(shape));
}

void check_state(const Graph& graph, const Node& node, std::size_t slot, const char* what,
                 const Shape& shape) {
  if (!node.has_input(slot)) return;
  const Value& v = graph[node.inputs[slot]];
  if (v.type != DType::float32 || v.shape != shape)
    refuse("{} is {}{}, expected float32{}", what, to_string(v.type), v.shape ? to_string(*v.shape) : "",
           to_string(shape));
}

Shape state_shape(const RecurrentDims& d) {
  return d.batch_first ? Shape{d.batch, d.directions, d.hidden} : Shape{d.directions, d.batch, d.hidden};
}

std::vector<float> floats_of(const Node& node, const char* key) {
  const auto it = node.attributes.find(key);
  if (it == node.attributes.end()) return {};
  if (const auto* list = std::get_if<std::vector<float>>(&it->second)) return *list;
  refuse("attribute \"{}\" is no list of floats", key);
}

struct GateKind {
  const char *onnx, *gate;
  bool alpha, beta;  ///< takes the next of activation_alpha, activation_beta
  float default_alpha, default_beta;
};

constexpr GateKind gate_kinds[] = {
    {"sigmoid", "sigmoid", false, false, 0, 0},
    {"tanh", "tanh", false, false, 0, 0},
    {"relu", "relu", false, false, 0, 0},
    {"affine", "affine", true, true, 0, 0},
    {"leakyrelu", "leaky_relu", true, false, 0.01F, 0},
    {"thresholdedrelu", "thresholded_relu", true, false, 0, 0},
    {"hardsigmoid", "hard_sigmoid", true, true, 0.2F, 0.5F},
    {"softsign", "softsign", false, false, 0, 0},
};

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

}  // namespace

RecurrentDims recurrent_dims(const Graph& graph, const Node& node, std::int64_t gates) {
  const Shape &x = graph.shape(node.inputs.at(x_slot)), &w = graph.shape(node.inputs.at(w_slot));
  if (graph[node.inputs[x_slot]].type != DType::float32)
    refuse("x is {}, only float32 is supported", to_string(graph[node.inputs[x_slot]].type));
  if (x.size() != 3 || w.size() != 3)
    refuse("x {} and w {} must have 3 dimensions each", to_string(x), to_string(w));
  const std::int64_t layout = node.attr("layout", 0);
  if (layout != 0 && layout != 1) refuse("layout is {}, expected 0 or 1", layout);
  RecurrentDims d{x[layout == 1 ? 1 : 0],
                  x[layout == 1 ? 0 : 1],
                  x[2],
                  node.attr("hidden_size", w[1] / gates),
                  direction_attribute(node) == "bidirectional" ? 2 : 1,
                  layout == 1};
  if (d.hidden < 1 || w[1] != gates * d.hidden)
    refuse("hidden_size {} does not fit w {}", d.hidden, to_string(w));
  check_constant(graph, node, w_slot, "w", {d.directions, gates * d.hidden, d.input}, DType::float32);
  check_constant(graph, node, r_slot, "r", {d.directions, gates * d.hidden, d.hidden}, DType::float32);
  check_constant(graph, node, b_slot, "b", {d.directions, 2 * gates * d.hidden}, DType::float32);
  check_constant(graph, node, lengths_slot, "sequence_lens", {d.batch}, DType::int32);
  check_constant(graph, node, peephole_slot, "p", {d.directions, 3 * d.hidden}, DType::float32);
  if (node.has_input(lengths_slot))
    for (const std::int64_t length : graph.constant(node.inputs[lengths_slot])->integers())
      if (length < 0 || length > d.steps) refuse("a sequence has {} steps, x has {}", length, d.steps);
  check_state(graph, node, initial_h_slot, "initial_h", state_shape(d));
  check_state(graph, node, initial_c_slot, "initial_c", state_shape(d));
  return d;
}

void infer_recurrent(InferContext& c, std::int64_t gates, std::size_t states) {
  if (!c.has(r_slot)) refuse("r (input 2) is missing");
  const RecurrentDims d = recurrent_dims(c.graph, c.node, gates);
  c.set(0, DType::float32,
        d.batch_first ? Shape{d.batch, d.steps, d.directions, d.hidden}
                      : Shape{d.steps, d.directions, d.batch, d.hidden});
  for (std::size_t o = 1; o <= states; ++o) c.set(o, DType::float32, state_shape(d));
}

std::vector<GateFunction> gate_functions(const Node& node, std::int64_t directions,
                                         const std::vector<std::string>& defaults) {
  std::vector<std::string> names;
  for (std::int64_t k = 0; k < directions; ++k) names.insert(names.end(), defaults.begin(), defaults.end());
  if (const auto it = node.attributes.find("activations"); it != node.attributes.end()) {
    const auto* given = std::get_if<std::vector<std::string>>(&it->second);
    if (!given || given->size() != names.size())
      refuse("activations must be a list of {} names", names.size());
    names = *given;
  }
  const auto alphas = floats_of(node, "activation_alpha"), betas = floats_of(node, "activation_beta");
  std::size_t next_alpha = 0, next_beta = 0;
  std::vector<GateFunction> functions;
  for (const std::string& name : names) {
    const auto kind = std::find_if(std::begin(gate_kinds), std::end(gate_kinds),
                                   [&](const GateKind& k) { return lower_case(name) == k.onnx; });
    if (kind == std::end(gate_kinds)) refuse("activation \"{}\" is not supported", printable(name));
    const auto take = [](bool wanted, const std::vector<float>& list, std::size_t& next, float fallback) {
      return wanted && next < list.size() ? list[next++] : fallback;
    };
    functions.push_back({kind->gate, take(kind->alpha, alphas, next_alpha, kind->default_alpha),
                         take(kind->beta, betas, next_beta, kind->default_beta)});
  }
  return functions;
}

void add_gate(Call& call, const std::string& name, const std::string& gate, const std::string& prefix,
              const GateFunction& function) {
  call.params.push_back({"onnx2mcu::Gate", name, "onnx2mcu::Gate::" + gate});
  if (prefix.empty()) return;
  call.params.push_back(param_float(prefix + "_alpha", function.alpha));
  call.params.push_back(param_float(prefix + "_beta", function.beta));
}

void add_row_product(Call& call, const char* name, std::int64_t rows, std::int64_t terms,
                     std::int64_t columns, bool packed) {
  const FloatOrder order = matmul_order(rows, terms, columns, packed, false, false, true);
  call.params.push_back({"using", name,
                         fmt::format("onnx2mcu::RowProduct<onnx2mcu::SumOrder::{}, {}, {}, {}, {}, {}>",
                                     order.name, terms, order.block, order.flipped, rows, columns)});
}

BufferId initial_state(LowerContext& c, std::size_t o, std::size_t slot, const RecurrentDims& d) {
  const std::int64_t size = d.directions * d.batch * d.hidden;
  const bool wanted = o < c.node.outputs.size() && c.node.outputs[o] != ValueId::none;
  const BufferId state =
      wanted ? c.output(o) : c.scratch(o == 1 ? "hidden state" : "cell state", DType::float32, size);
  const bool given = c.node.has_input(slot);
  Call call = c.call(given ? "copy" : "clear_state", given ? "copy.hpp" : "recurrent.hpp");
  call.name =
      unique_layer_name(c.program, c.layer_name() + (o == 1 ? "_initial_h" : "_initial_c"), c.node.op_type);
  if (given) call.reads = {c.operand(slot)};
  call.writes = {state};
  call.params = {param("size", size)};
  call.tensors.clear();
  c.add(std::move(call));
  return state;
}

Call recurrent_call(LowerContext& c, const char* kernel, const RecurrentDims& d, std::int64_t k,
                    const std::vector<BufferId>& states, const std::vector<float>& bias) {
  Call call = c.call(kernel, std::string(kernel) + ".hpp");
  if (k == 1) call.name = unique_layer_name(c.program, c.layer_name() + "_backward", c.node.op_type);
  const bool has_y = c.node.outputs[0] != ValueId::none;
  call.reads = {c.operand(x_slot), c.array("w", DType::float32, direction_of(c, w_slot, k)),
                c.array("r", DType::float32, direction_of(c, r_slot, k))};
  if (has_y) call.writes = {k == 0 ? c.output(0) : c.buffers[index(c.node.outputs[0])]};
  call.writes.insert(call.writes.end(), states.begin(), states.end());
  const std::int64_t width = d.directions * d.hidden;
  for (const auto& [name, value] : {std::pair<const char*, std::int64_t>{"steps", d.steps},
                                    {"batch", d.batch},
                                    {"hidden", d.hidden},
                                    {"x_step", d.batch_first ? d.input : d.batch * d.input},
                                    {"x_batch", d.batch_first ? d.steps * d.input : d.input},
                                    {"y_step", d.batch_first ? width : d.batch * width},
                                    {"y_batch", d.batch_first ? d.steps * width : d.hidden},
                                    {"y_offset", k * (d.batch_first ? d.hidden : d.batch * d.hidden)},
                                    {"h_batch", d.batch_first ? width : d.hidden},
                                    {"h_offset", k * (d.batch_first ? d.hidden : d.batch * d.hidden)}})
    call.params.push_back(param(name, value));
  call.params.push_back(param_bool("reverse", k == 1 || direction_attribute(c.node) == "reverse"));
  call.params.push_back(param_bool("has_y", has_y));
  call.params.push_back(param_bool("has_lengths", c.node.has_input(lengths_slot)));
  if (const Tensor* lengths = c.constant(lengths_slot))
    call.params.push_back(param_ints("lengths", lengths->integers()));
  call.params.push_back(param_bool("has_bias", !bias.empty()));
  if (!bias.empty())
    call.params.push_back(param_array(c.program, "bias", c.array("bias", DType::float32, bias)));
  call.weight_bytes = (c.constant(w_slot)->count() + c.constant(r_slot)->count()) / d.directions * 4 +
                      static_cast<std::int64_t>(bias.size()) * 4;
  call.macs = d.steps * d.batch * (c.constant(w_slot)->count() + c.constant(r_slot)->count()) / d.directions;
  return call;
}

std::vector<float> direction_of(const LowerContext& c, std::size_t slot, std::int64_t k) {
  const Tensor* t = c.constant(slot);
  if (!t) return {};
  const auto size = t->as<float>().size() / static_cast<std::size_t>(t->shape[0]);
  const auto part = t->as<float>().subspan(static_cast<std::size_t>(k) * size, size);
  return {part.begin(), part.end()};
}

std::vector<float> summed_bias(const LowerContext& c, std::int64_t k) {
  std::vector<float> b = direction_of(c, b_slot, k);
  for (std::size_t i = 0; i < b.size() / 2; ++i) b[i] += b[i + b.size() / 2];
  b.resize(b.size() / 2);
  return b;
}

}  // namespace o2m

#include "passes/half_casts.hpp"

#include <algorithm>

#include "ops/evaluate.hpp"
#include "ops/op.hpp"
#include "passes/passes.hpp"

namespace o2m {
namespace {

/// What ONNX Runtime's CPU provider does with an operator's float16 tensors.
enum class Kind {
  moves,     ///< has a kernel that copies elements
  rounds,    ///< has a kernel that computes and rounds
  converts,  ///< Cast
  computes,  ///< has no kernel, but one in float32
};

Kind kind_of(const Graph& graph, const Node& node) {
  static constexpr std::string_view moving[] = {
      "Transpose", "Concat",         "Identity", "Gather",    "Slice",   "Expand",
      "Squeeze",   "Unsqueeze",      "Split",    "Flatten",   "Reshape", "Dropout",
      "Shape",     "GatherElements", "GatherND", "ScatterND", "Size",    "ScatterElements"};
  static constexpr std::string_view rounding[] = {
      "LayerNormalization", "Sign",       "Round", "Mod", "IsNaN", "IsInf", "Shrink", "QuantizeLinear",
      "DequantizeLinear",   "MatMulNBits"};
  static constexpr std::string_view rounding_since_12[] = {"Clip", "Max", "Min"};
  const auto listed = [&](const auto& names) {
    return std::find(std::begin(names), std::end(names), node.op_type) != std::end(names);
  };
  if (listed(moving)) return Kind::moves;
  if (listed(rounding) || (graph.opset() >= 12 && listed(rounding_since_12))) return Kind::rounds;
  return node.op_type == "Cast" || node.op_type == "CastLike" ? Kind::converts : Kind::computes;
}

/// Nodes whose outputs are float16 when their inputs are.
bool makes_half(const Node& node) {
  return node.op_type != "QuantizeLinear" && node.op_type != "IsNaN" && node.op_type != "IsInf" &&
         node.op_type != "Shape" && node.op_type != "Size";
}

Node cast_node(const Graph& graph, ValueId from, ValueId to, DType type) {
  return {"Cast", "", graph[to].name, -1, {from}, {to}, {{"to", static_cast<std::int64_t>(type)}}};
}

void set(Graph& graph, ValueId id, DType type, const Shape& shape) {
  const Node holder{"Cast", "", graph[id].name, -1, {}, {id}, {}};
  InferContext{graph, holder}.set(0, type, shape);
}

/// Operators that ONNX Runtime takes apart, for they have no float16 kernel, into forms that are not offered
/// here.
void check_form(const Graph& graph, const Node& node) {
  const bool other = node.is("GroupNormalization") || node.is("RMSNormalization") ||
                     (node.is("Gelu") && node.attr_string("approximate", "none") != "none");
  if (other) refuse("float16 is not supported, only float32");
  if (kind_of(graph, node) == Kind::moves && node.attr_string("reduction", "none") != "none")
    refuse("reduction of float16 is not supported");
}

}  // namespace

HalfCasts::HalfCasts(Graph& graph) : graph_(graph), uses_(graph), computes_(graph.nodes.size(), false) {}

/// A node that could work in float16, but whose neighbours all compute: ONNX Runtime spares it the Casts.
bool HalfCasts::is_isolated(const Node& node, std::size_t n) const {
  bool has_edge = false;
  for (const ValueId id : node.inputs) {
    if (id == ValueId::none || graph_[id].constant || uses_.producer[index(id)] < 0) continue;
    has_edge = true;
    if (is_half(id) && !computes_[static_cast<std::size_t>(uses_.producer[index(id)])]) return false;
  }
  if (!has_edge || !makes_half(graph_.nodes[n])) return false;
  bool is_read = false;
  for (const ValueId id : node.outputs) {
    if (id == ValueId::none) continue;
    if (uses_.is_output[index(id)]) return false;
    is_read |= !uses_.consumers[index(id)].empty();
    for (const int reader : uses_.consumers[index(id)])
      if (kind_of(graph_, graph_.nodes[static_cast<std::size_t>(reader)]) != Kind::computes) return false;
  }
  return is_read;
}

ValueId HalfCasts::temporary(ValueId like) {
  const std::string name = graph_[like].name + "_float32";
  return graph_.add_value({name, DType::undefined, std::nullopt, nullptr});
}

/// The float32 form of `half` for node n: rounded to float16, or as it was before.
ValueId HalfCasts::widened(ValueId half, std::size_t n, bool rounded) {
  if (const auto source = sources_.find(half); !rounded && source != sources_.end()) return source->second.id;
  if (const auto it = widened_.find(half); it != widened_.end()) return it->second;
  const ValueId id = temporary(half);
  graph_[id].type = DType::float32;
  graph_[id].shape = graph_[half].shape;
  const Node cast = cast_node(graph_, half, id, DType::float32);
  if (graph_[half].constant)
    graph_[id].constant = std::make_shared<const Tensor>(evaluate(graph_, cast, Precision::exact)[0]);
  else
    waiting_.push_back({n, cast});
  widened_[half] = id;
  return id;
}

bool HalfCasts::all_read_as_float(ValueId id) const {
  const auto& readers = uses_.consumers[index(id)];
  return !uses_.is_output[index(id)] && std::all_of(readers.begin(), readers.end(), [&](int n) {
    const Kind kind = kind_of(graph_, graph_.nodes[static_cast<std::size_t>(n)]);
    return kind == Kind::computes || kind == Kind::converts;
  });
}

/// The model's own Casts: to float16 and back nothing is rounded where one of the two has been inserted.
void HalfCasts::read_cast(Node& node) {
  const ValueId x = node.inputs[0];
  if (graph_[x].type == DType::float32 && node.attr("to", 0) == static_cast<std::int64_t>(DType::float16))
    sources_[node.outputs[0]] = {x, false};
  const auto source = sources_.find(x);
  if (source == sources_.end() || !source->second.computed) return;
  if (node.attr("to", 0) == static_cast<std::int64_t>(DType::float32) || all_read_as_float(x))
    node.inputs[0] = source->second.id;
}

ValueId HalfCasts::add(std::size_t n, const Node& like, const char* op, std::vector<ValueId> inputs,
                       std::map<std::string, Attribute> attributes) {
  const ValueId y =
      graph_.add_value({graph_[outputs_[0]].name + "_" + op, DType::undefined, std::nullopt, nullptr});
  waiting_.push_back({n, {op, "", like.name, like.index, std::move(inputs), {y}, std::move(attributes)}});
  InferContext context{graph_, waiting_.back().node};
  op_of(waiting_.back().node).infer(context);
  return y;
}

/// Functions of ONNX that ONNX Runtime takes apart: the steps before the last are nodes of their own, the
/// node is the last.
void HalfCasts::expand(Node& node, std::size_t n) {
  const bool softmax = node.is("Softmax") && graph_.opset() >= 13,
             log_softmax = node.is("LogSoftmax") && graph_.opset() >= 13;
  const ValueId x = node.inputs[0];
  if (softmax || log_softmax) {
    const std::int64_t axis = node.attr("axis", -1);
    const ValueId axes = graph_.add_constant(graph_[outputs_[0]].name + "_axes",
                                             make_tensor<std::int64_t>(DType::int64, {1}, {&axis, 1}));
    const ValueId largest = graph_.opset() >= 18
                                ? add(n, node, "ReduceMax", {x, axes})
                                : add(n, node, "ReduceMax", {x}, {{"axes", std::vector<std::int64_t>{axis}}});
    const ValueId difference = add(n, node, "Sub", {x, largest}), power = add(n, node, "Exp", {difference});
    const ValueId sum = add(n, node, "ReduceSum", {power, axes});
    node.op_type = softmax ? "Div" : "Sub";
    node.inputs = softmax ? std::vector{power, sum} : std::vector{difference, add(n, node, "Log", {sum})};
    node.attributes.clear();
  } else if (node.is("Gelu")) {
    const auto constant = [&](float v) {
      return graph_.add_constant(graph_[outputs_[0]].name + "_constant", scalar_tensor(v));
    };
    const ValueId half = add(n, node, "Mul", {constant(0.5F), x}),
                  root = add(n, node, "Sqrt", {constant(2.0F)});
    const ValueId erf = add(n, node, "Erf", {add(n, node, "Div", {x, root})});
    node.op_type = "Mul";
    node.inputs = {half, add(n, node, "Sum", {constant(1.0F), erf})};
    node.attributes.clear();
  }
}

/// Clip's missing bounds are the largest finite numbers of its type.
void HalfCasts::bound_by_half(Node& node) {
  node.inputs.resize(std::max<std::size_t>(node.inputs.size(), 3), ValueId::none);
  for (const std::size_t i : {1, 2})
    if (node.inputs[i] == ValueId::none)
      node.inputs[i] = graph_.add_constant(node.name + (i == 1 ? "_min" : "_max"),
                                           scalar_tensor(i == 1 ? -65504.0F : 65504.0F));
}

void HalfCasts::before(Node& node) {
  outputs_.clear();
  const Kind kind = kind_of(graph_, node);
  if (kind == Kind::converts) return node.has_input(0) ? read_cast(node) : void();
  if (std::none_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) { return is_half(id); })) return;
  const auto n = static_cast<std::size_t>(&node - graph_.nodes.data());
  check_form(graph_, node);
  const bool computes = kind == Kind::computes || is_isolated(node, n);
  if (kind == Kind::moves && !computes) return;
  computes_[n] = computes;
  rounds_ = !computes;
  for (ValueId& id : node.inputs)
    if (is_half(id)) id = widened(id, n, rounds_);
  if (rounds_ && node.is("Clip")) bound_by_half(node);
  if (rounds_ && node.is("QuantizeLinear")) node.attributes["from_half"] = std::int64_t{1};
  outputs_ = node.outputs;
  if (kind == Kind::computes) expand(node, n);
  for (ValueId& id : node.outputs)
    if (id != ValueId::none) id = temporary(id);
}

void HalfCasts::after(Node& node) {
  const auto n = static_cast<std::size_t>(&node - graph_.nodes.data());
  for (std::size_t o = 0; o < outputs_.size(); ++o) {
    const ValueId made = node.outputs[o], half = outputs_[o];
    if (made == ValueId::none || !graph_[made].shape) continue;
    if (graph_[made].type != DType::float32) {  // indices, truth values
      set(graph_, half, graph_[made].type, *graph_[made].shape);
      graph_[half].constant = graph_[made].constant;
      node.outputs[o] = half;
      continue;
    }
    set(graph_, half, DType::float16, *graph_[made].shape);
    const Node cast = cast_node(graph_, made, half, DType::float16);
    if (graph_[made].constant)
      graph_[half].constant = std::make_shared<const Tensor>(evaluate(graph_, cast, Precision::exact)[0]);
    else
      waiting_.push_back({n + 1, cast});
    if (!rounds_) sources_[half] = {made, true};
  }
  outputs_.clear();
}

void HalfCasts::insert() {
  std::stable_sort(waiting_.begin(), waiting_.end(),
                   [](const Waiting& a, const Waiting& b) { return a.before < b.before; });
  std::vector<Node> nodes;
  auto next = waiting_.begin();
  for (std::size_t n = 0; n <= graph_.nodes.size(); ++n) {
    for (; next != waiting_.end() && next->before == n; ++next) nodes.push_back(std::move(next->node));
    if (n < graph_.nodes.size()) nodes.push_back(std::move(graph_.nodes[n]));
  }
  graph_.nodes = std::move(nodes);
}

}  // namespace o2m

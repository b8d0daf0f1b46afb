// QuantizeLinear and DequantizeLinear around what the plan quantizes.

#include <algorithm>
#include <cmath>

#include "quantize/plan.hpp"
#include "quantize/weights.hpp"

namespace o2m {
namespace {

Tensor zero_points(DType type, Shape shape, std::int64_t value) {
  Tensor t = make_tensor(type, std::move(shape));
  const auto size = static_cast<std::size_t>(size_of(type));
  for (std::size_t i = 0; i < t.bytes.size(); i += size) std::memcpy(t.bytes.data() + i, &value, size);
  return t;
}

struct Inserter {
  const Graph& source;
  const QuantizationPlan& plan;
  Graph graph;
  std::vector<Node> nodes;

  std::string name(ValueId id, const char* suffix) const { return source[id].name + suffix; }

  ValueId value(ValueId like, const char* suffix, DType type) {
    return graph.add_value({name(like, suffix), type, source[like].shape, nullptr});
  }

  void add(const char* type, ValueId near, std::vector<ValueId> inputs, ValueId output,
           std::int64_t axis = -1) {
    Node node{type, "", graph[output].name, -1, std::move(inputs), {output}, {}};
    if (axis >= 0) node.attributes["axis"] = axis;
    node.name = source[near].name + (node.is("QuantizeLinear") ? "_quantize" : "_dequantize");
    nodes.push_back(std::move(node));
  }

  std::vector<ValueId> parameters(ValueId id, const char* suffix, const Affine& a) {
    const std::string base = name(id, suffix);
    return {graph.add_constant(base + "_scale", scalar_tensor(a.scale)),
            graph.add_constant(base + "_zero_point", zero_points(a.type, {}, a.zero_point))};
  }

  /// x -> Q -> q -> DQ -> y
  void pair(ValueId id, ValueId x, ValueId q, ValueId y, const Affine& a) {
    const auto p = parameters(id, "", a);
    add("QuantizeLinear", id, {x, p[0], p[1]}, q);
    add("DequantizeLinear", id, {q, p[0], p[1]}, y);
  }

  static Affine as_type(Affine a, DType type) {
    a.zero_point += min_of(type) - min_of(a.type);
    a.type = type;
    return a;
  }

  /// The readers of an input see it behind its DequantizeLinear.
  void network_input(ValueId id) {
    const auto& a = plan.values[index(id)];
    if (!a) return;
    ValueId x = id;
    if (plan.scheme.input != DType::float32) {
      const Affine outer = as_type(*a, plan.scheme.input);
      const auto p = parameters(id, "", outer);
      graph[id].type = outer.type;
      x = value(id, outer.type == a->type ? "_dequantized" : "_float", DType::float32);
      add("DequantizeLinear", id, {id, p[0], p[1]}, x);
    }
    if (plan.scheme.input != a->type) {
      const ValueId y = value(id, "_dequantized", DType::float32);
      pair(id, x, value(id, "_quantized", a->type), y, *a);
      x = y;
    }
    replace_uses(graph, id, x);
    std::replace(graph.outputs.begin(), graph.outputs.end(), x, id);
  }

  ValueId constant(ValueId id, const QuantizedConstant& q, std::int64_t axis) {
    const bool one = q.scales.size() == 1;
    const Shape shape = one ? Shape{} : Shape{static_cast<std::int64_t>(q.scales.size())};
    const ValueId values = graph.add_constant(name(id, "_quantized"), q.values);
    const ValueId scale =
        graph.add_constant(name(id, "_scale"), make_tensor<float>(DType::float32, shape, q.scales));
    const ValueId zero = graph.add_constant(name(id, "_zero_point"), zero_points(q.values.type, shape, 0));
    const ValueId y = value(id, "_dequantized", DType::float32);
    add("DequantizeLinear", id, {values, scale, zero}, y, one ? -1 : axis);
    return y;
  }

  void product(Node& node, std::size_t n) {
    const Node& original = source.nodes[n];
    const auto w = weights_of(source, original);
    const float x_scale = plan.values[index(original.inputs[0])]->scale;
    const QuantizedConstant q = quantize_weights(*w, plan.weight_types[n], plan.scheme.per_channel, x_scale);
    node.inputs[1] = constant(original.inputs[1], q, w->axis);
    if (w->bias) node.inputs[2] = constant(original.inputs[2], quantize_bias(*w->bias, q.scales, x_scale), 0);
  }

  /// Constant operands of Add, Mul, Concat, … are quantized like activations, over their own range.
  void constant_operands(Node& node) {
    for (ValueId& id : node.inputs) {
      const Tensor* t = graph.constant(id);  // not of source: the input may be a new value
      if (!t || t->type != DType::float32) continue;
      Range range;
      for (const float v : t->as<float>())
        range = {std::min(range.low, static_cast<double>(v)), std::max(range.high, static_cast<double>(v))};
      const Affine a = affine_of(range, plan.scheme.activations);
      const auto p = parameters(id, "", a);
      const ValueId y = value(id, "_dequantized", DType::float32);
      add("DequantizeLinear", id, {quantized_constant(id, *t, a), p[0], p[1]}, y);
      id = y;
    }
  }

  ValueId quantized_constant(ValueId id, const Tensor& t, const Affine& a) {
    Tensor q = make_tensor(a.type, t.shape);
    for (std::size_t i = 0; i < q.bytes.size(); ++i) {
      const auto v = std::nearbyint(static_cast<double>(t.as<float>()[i]) / static_cast<double>(a.scale)) +
                     static_cast<double>(a.zero_point);
      q.bytes[i] = static_cast<std::byte>(
          std::clamp<std::int64_t>(static_cast<std::int64_t>(v), min_of(a.type), max_of(a.type)));
    }
    return graph.add_constant(name(id, "_quantized"), std::move(q));
  }

  void node(std::size_t n) {
    Node node = graph.nodes[n];
    const Role role = role_of(source, source.nodes[n]);
    if (plan.nodes[n] && role == Role::product) product(node, n);
    if (plan.nodes[n] && role == Role::computes) constant_operands(node);
    std::vector<std::pair<ValueId, ValueId>> pairs;
    for (ValueId& id : node.outputs) {
      if (id == ValueId::none || !plan.values[index(id)]) continue;
      const ValueId made = value(id, "_float", DType::float32);
      pairs.emplace_back(id, made);
      id = made;
    }
    nodes.push_back(std::move(node));
    for (const auto& [id, made] : pairs) network_value(id, made);
  }

  /// A tensor the network computes: as it is for its readers, in integers where the network gives it out so.
  void network_value(ValueId id, ValueId made) {
    const Affine& a = *plan.values[index(id)];
    const bool out = std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end();
    if (!out || plan.scheme.output == DType::float32) {
      pair(id, made, value(id, "_quantized", a.type), id, a);
      return;
    }
    const ValueId readers = value(id, "_dequantized", DType::float32);
    replace_uses(graph, id, readers);
    std::replace(graph.outputs.begin(), graph.outputs.end(), readers, id);
    graph[id].type = plan.scheme.output;
    const bool same_type = plan.scheme.output == a.type;
    pair(id, made, same_type ? id : value(id, "_quantized", a.type), readers, a);
    if (same_type) return;
    const auto p = parameters(id, "_output", as_type(a, plan.scheme.output));
    add("QuantizeLinear", id, {readers, p[0], p[1]}, id);
  }
};

}  // namespace

Graph insert_qdq(const Graph& graph, const QuantizationPlan& plan) {
  Inserter inserter{graph, plan, graph, {}};
  for (const ValueId id : graph.inputs) inserter.network_input(id);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) inserter.node(n);
  inserter.graph.nodes = std::move(inserter.nodes);
  remove_dead(inserter.graph);
  return std::move(inserter.graph);
}

}  // namespace o2m

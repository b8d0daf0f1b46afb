// --io quantized: the network begins behind a first QuantizeLinear and ends before a last DequantizeLinear.
// The ports become the 8-bit tensors the model's author sees there; where ONNX Runtime computes in uint8 what
// the model declares as int8, the operators next to the port change type if that moves no bit, else a table
// shifts the values.

#include <set>

#include "passes/passes.hpp"
#include "passes/qdq/pairs.hpp"

namespace o2m {
namespace {

/// An operator whose integers enter or leave only as their distance to a zero point.
struct Shiftable {
  std::string_view domain, type;
  int x_zero_point;  ///< input slot of the zero point that belongs to input 0; -1: none
  int y_zero_point;  ///< the same for output 0
};
constexpr Shiftable shiftable[] = {
    {"", "QLinearConv", 2, 7},
    {"", "QLinearMatMul", 2, 7},
    {"com.microsoft", "QGemm", 2, 8},
    {"onnx2mcu", "QDQConv", 2, 7},
    {"onnx2mcu", "QDQGemm", 2, 7},
    {"", "QuantizeLinear", -1, 2},
    {"", "DequantizeLinear", 2, -1},
    {"com.microsoft", "QuantizeLinear", -1, 2},
    {"com.microsoft", "DequantizeLinear", 2, -1},
};

const Shiftable* find_shiftable(const Node& node) {
  for (const Shiftable& s : shiftable)
    if (node.is(s.type, s.domain)) return &s;
  return nullptr;
}

/// Output 0 holds elements of input 0.
bool moves_elements(const Node& node) {
  static constexpr std::string_view types[] = {"Reshape",   "Flatten",  "Squeeze", "Unsqueeze",
                                               "Transpose", "Identity", "MaxPool"};
  return node.domain.empty() && node.outputs.size() == 1 &&
         std::find(std::begin(types), std::end(types), node.op_type) != std::end(types);
}

/// The uint8 values that have to become int8 together with one of them, and the zero points that go along.
struct Shift {
  Rewriter& r;
  ValueId port;
  std::set<ValueId> values{};
  std::vector<Edge> zero_points{};

  bool add_zero_point(int n, int slot) {
    if (slot < 0 || !constant_scalar(r.graph, r.node(n), static_cast<std::size_t>(slot))) return false;
    zero_points.push_back({n, static_cast<std::size_t>(slot)});
    return true;
  }

  bool add_maker(ValueId id) {
    const int n = r.producer(id);
    if (n < 0) return id == port;
    if (moves_elements(r.node(n))) return add(r.node(n).inputs[0]);
    const Shiftable* s = find_shiftable(r.node(n));
    return s && add_zero_point(n, s->y_zero_point);
  }

  bool add_reader(const Edge& edge) {
    const Node& node = r.node(edge.node);
    if (edge.slot != 0) return false;
    if (moves_elements(node)) return add(node.outputs[0]);
    const Shiftable* s = find_shiftable(node);
    return s && add_zero_point(edge.node, s->x_zero_point);
  }

  /// False if one of the operators cannot follow.
  bool add(ValueId id) {
    if (!values.insert(id).second) return true;
    if (r.graph[id].type != DType::uint8 || r.is_constant(id) || (r.is_output(id) && id != port))
      return false;
    if (!add_maker(id)) return false;
    const std::vector<Edge>& edges = r.readers(id);
    return std::all_of(edges.begin(), edges.end(), [&](const Edge& e) { return add_reader(e); });
  }

  void apply() {
    for (const ValueId id : values) r.graph[id].type = DType::int8;
    for (const Edge& edge : zero_points) {
      const ValueId old = r.node(edge.node).inputs[edge.slot];
      Tensor shifted = scalar_tensor(DType::int8, r.graph.constant(old)->integer(0) - 128);
      shifted.shape = r.graph.shape(old);
      r.set_input(edge.node, edge.slot, r.new_constant(old, "int8", std::move(shifted)));
    }
  }
};

/// y = table[x] with the table that adds 128 to int8, or takes it from uint8.
Node shift_by_table(Rewriter& r, ValueId x, ValueId y, DType y_type) {
  Tensor table = make_tensor(y_type, {256});
  for (std::size_t i = 0; i < 256; ++i) table.bytes[i] = static_cast<std::byte>(i ^ 128U);
  const ValueId id = r.new_constant(y, "table", std::move(table));
  return {"Lookup", "onnx2mcu", r.graph[y].name, -1, {x, id}, {y}, {}};
}

/// Declares the port; true if the model has int8 where the graph now has uint8.
bool set_port(Graph& graph, ValueId port, const Node& pair) {
  const PerTensor now = *per_tensor(graph, pair);
  const auto it = graph.port_quantization.find(port);
  const bool was_int8 = it != graph.port_quantization.end() && quantized_type(graph, pair) == DType::uint8 &&
                        it->second.first == now.scale && it->second.second == now.zero_point - 128;
  graph[port].type = quantized_type(graph, pair);
  graph.port_quantization[port] = {now.scale, static_cast<int>(now.zero_point) - (was_int8 ? 128 : 0)};
  return was_int8;
}

bool quantizes_port(const Graph& graph, const Node& pair) {
  return is_8bit(quantized_type(graph, pair)) && per_tensor(graph, pair).has_value();
}

void strip_input(Rewriter& r, ValueId port) {
  const std::vector<Edge> readers = r.readers(port);
  if (r.is_output(port) || readers.size() != 1 || readers[0].slot != 0) return;
  const int q = readers[0].node;
  if (!is_q(r.node(q)) || !quantizes_port(r.graph, r.node(q)) || r.makes_output(q) || r.edge_count(q) == 0)
    return;
  const ValueId quantized = r.node(q).outputs[0];
  const bool was_int8 = set_port(r.graph, port, r.node(q));
  Shift shift{r, port};
  const std::vector<Edge> behind = r.readers(quantized);
  r.remove(q);
  r.move_readers(quantized, port);
  if (!was_int8) return;
  if (shift.add(port)) return shift.apply();
  r.graph[port].type = DType::int8;
  for (const Edge& edge : behind) r.set_input(edge.node, edge.slot, quantized);
  r.add(shift_by_table(r, port, quantized, DType::uint8), behind[0].node);
}

void strip_output(Rewriter& r, ValueId port) {
  const int dq = r.producer(port);
  if (dq < 0 || !is_dq(r.node(dq)) || !quantizes_port(r.graph, r.node(dq)) || !r.readers(port).empty())
    return;
  const ValueId quantized = r.node(dq).inputs[0];
  const bool was_int8 = set_port(r.graph, port, r.node(dq));
  const int maker = r.producer(quantized);
  if (maker < 0 || r.is_output(quantized)) {  // the value has another name outside already
    if (was_int8) r.graph[port].type = DType::int8;
    r.replace(dq, was_int8
                      ? shift_by_table(r, quantized, port, DType::int8)
                      : Node{"Identity", "", r.node(dq).name, r.node(dq).index, {quantized}, {port}, {}});
    return;
  }
  const auto& made = r.node(maker).outputs;
  const auto slot = static_cast<std::size_t>(std::find(made.begin(), made.end(), quantized) - made.begin());
  r.remove(dq);
  r.set_output(maker, slot, port);
  r.move_readers(quantized, port);
  Shift shift{r, port};
  if (!was_int8) return;
  if (shift.add(port)) return shift.apply();
  r.graph[port].type = DType::int8;
  r.set_output(maker, slot, quantized);
  r.move_readers(port, quantized);
  r.add(shift_by_table(r, quantized, port, DType::int8), maker);
}

}  // namespace

void strip_io_quantization(Graph& graph) {
  Rewriter r(graph);
  std::set<ValueId> states;  // carried over as they are
  for (const auto& [in, out] : graph.states) states.insert({graph.inputs[in], graph.outputs[out]});
  for (const ValueId port : graph.inputs)
    if (graph[port].type == DType::float32 && !states.count(port)) strip_input(r, port);
  for (const ValueId port : graph.outputs)
    if (graph[port].type == DType::float32 && !states.count(port)) strip_output(r, port);
  r.finish();
  remove_dead(graph);
}

}  // namespace o2m

#include "import/export.hpp"

#include <set>

#include "diagnostics.hpp"
#include "import/onnx_proto.hpp"

namespace o2m {
namespace {

/// The oldest IR version that allows an opset (table in ONNX's Versioning.md).
std::int64_t ir_version(std::int64_t opset) {
  struct Row {
    std::int64_t opset, ir;
  };
  constexpr Row rows[] = {{25, 12}, {24, 11}, {23, 11}, {21, 10}, {19, 9},
                          {15, 8},  {12, 7},  {11, 6},  {10, 5},  {9, 4}};
  for (const Row& row : rows)
    if (opset >= row.opset) return row.ir;
  return 3;
}

/// 4-bit elements two a byte, the first in the low half.
std::string packed(const Tensor& t) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(t.bytes.data());
  if (t.type != DType::int4 && t.type != DType::uint4) return {bytes, bytes + t.bytes.size()};
  std::string out((t.bytes.size() + 1) / 2, '\0');
  for (std::size_t i = 0; i < t.bytes.size(); ++i)
    out[i / 2] = static_cast<char>(out[i / 2] | ((bytes[i] & 15) << (i % 2 * 4)));
  return out;
}

void write_tensor(onnx::TensorProto& proto, const Tensor& t) {
  proto.set_data_type(static_cast<std::int32_t>(t.type));
  for (const std::int64_t d : t.shape) proto.add_dims(d);
  proto.set_raw_data(packed(t));
}

struct AttributeWriter {
  onnx::AttributeProto& proto;

  void operator()(std::int64_t v) { proto.set_i(v), proto.set_type(onnx::AttributeProto::INT); }
  void operator()(float v) { proto.set_f(v), proto.set_type(onnx::AttributeProto::FLOAT); }
  void operator()(const std::string& v) { proto.set_s(v), proto.set_type(onnx::AttributeProto::STRING); }
  void operator()(const std::shared_ptr<const Branch>&) {
    refuse("a model with subgraphs cannot be written");
  }
  void operator()(const TensorPtr& v) {
    write_tensor(*proto.mutable_t(), *v), proto.set_type(onnx::AttributeProto::TENSOR);
  }
  void operator()(const std::vector<std::int64_t>& v) {
    proto.mutable_ints()->Add(v.begin(), v.end()), proto.set_type(onnx::AttributeProto::INTS);
  }
  void operator()(const std::vector<float>& v) {
    proto.mutable_floats()->Add(v.begin(), v.end()), proto.set_type(onnx::AttributeProto::FLOATS);
  }
  void operator()(const std::vector<std::string>& v) {
    for (const std::string& s : v) proto.add_strings(s);
    proto.set_type(onnx::AttributeProto::STRINGS);
  }
};

struct Exporter {
  const Graph& graph;
  onnx::ModelProto model;
  std::vector<std::string> names;  ///< by ValueId; empty: not met yet
  std::set<std::string> used, used_by_nodes;

  /// `wanted`, or with a number behind it when it is taken.
  static std::string unique(const std::string& wanted, std::set<std::string>& taken) {
    std::string n = wanted;
    for (int i = 2; !taken.insert(n).second; ++i) n = fmt::format("{}_{}", wanted, i);
    return n;
  }

  /// Inputs and outputs come first, so that theirs are the names that stay.
  const std::string& name(ValueId id) {
    std::string& n = names[index(id)];
    if (n.empty()) n = unique(graph[id].name.empty() ? "value" : graph[id].name, used);
    return n;
  }

  void port(onnx::ValueInfoProto& proto, ValueId id) {
    proto.set_name(name(id));
    auto& type = *proto.mutable_type()->mutable_tensor_type();
    type.set_elem_type(static_cast<std::int32_t>(graph[id].type));
    for (const std::int64_t d : graph.shape(id)) type.mutable_shape()->add_dim()->set_dim_value(d);
  }

  void constant(ValueId id) {
    if (!names[index(id)].empty()) return;
    onnx::TensorProto& proto = *model.mutable_graph()->add_initializer();
    proto.set_name(name(id));
    write_tensor(proto, *graph[id].constant);
  }

  void node(const Node& node) {
    if (node.domain == "onnx2mcu" || node.has_attr("channels_last"))
      throw std::logic_error("export_model: the graph is not ONNX any more");
    for (const ValueId id : node.inputs)
      if (graph.constant(id)) constant(id);
    onnx::NodeProto& proto = *model.mutable_graph()->add_node();
    for (const ValueId id : node.inputs) proto.add_input(id == ValueId::none ? "" : name(id));
    for (const ValueId id : node.outputs) proto.add_output(id == ValueId::none ? "" : name(id));
    if (!node.name.empty()) proto.set_name(unique(node.name, used_by_nodes));
    proto.set_op_type(node.op_type);
    proto.set_domain(node.domain);
    for (const auto& [key, value] : node.attributes) {
      if (key == "border") continue;  // of an unrolled Loop, which the new model has no more
      onnx::AttributeProto& attribute = *proto.add_attribute();
      attribute.set_name(key);
      std::visit(AttributeWriter{attribute}, value);
    }
  }

  void opsets() {
    std::set<std::string> domains{""};
    for (const Node& n : graph.nodes) domains.insert(n.domain);
    for (const std::string& domain : domains) {
      auto& import = *model.add_opset_import();
      import.set_domain(domain);
      import.set_version(graph.opset(domain));
    }
  }
};

}  // namespace

std::string export_model(const Graph& graph) {
  Exporter e{graph, {}, std::vector<std::string>(graph.values.size()), {}, {}};
  e.model.set_ir_version(ir_version(graph.opset()));
  e.model.set_producer_name("onnx2mcu");
  e.opsets();
  auto& proto = *e.model.mutable_graph();
  proto.set_name(graph.name.empty() ? "network" : graph.name);
  for (const ValueId id : graph.inputs) e.port(*proto.add_input(), id);
  for (const ValueId id : graph.outputs) {
    if (graph.constant(id)) e.constant(id);
    e.port(*proto.add_output(), id);
  }
  for (const Node& node : graph.nodes) e.node(node);
  return e.model.SerializeAsString();
}

}  // namespace o2m

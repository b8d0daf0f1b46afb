#include "import/import.hpp"

#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "import/tensor_proto.hpp"
#include "import/topological_order.hpp"
#include "ops/op.hpp"

namespace o2m {
namespace {

constexpr std::int64_t oldest_opset = 7;
constexpr std::int64_t newest_opset = 26;

/// Domain of the operators that passes make, and what they note in attributes of others: not for models to
/// use.
constexpr std::string_view our_domain = "onnx2mcu";
constexpr std::string_view our_attributes[] = {"a_channels", "border", "channels_last", "computed_weights",
                                               "exchanged"};

void check_attribute_name(const Node& node, const std::string& name) {
  const bool contrib = node.domain == "com.microsoft" && name == "channels_last";
  if (!contrib &&
      std::find(std::begin(our_attributes), std::end(our_attributes), name) != std::end(our_attributes))
    refuse("{} has no attribute \"{}\"", printable(node.op_type), name);
}

std::string domain_of(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

struct Importer {
  const onnx::ModelProto& model;
  const ImportOptions& options;
  Diagnostics& diagnostics;
  Graph graph;
  std::unordered_map<std::string, ValueId> by_name;
  struct UnsupportedOp {
    std::size_t error;  ///< index of its diagnostic
    int more;           ///< nodes after the first
  };
  std::map<std::string, UnsupportedOp> unsupported_ops = {};
  std::unordered_map<std::string, int> produced_by;  ///< node index, to tell "later" from "never"

  void error(std::string place, const Refusal& refusal, std::vector<std::string> details = {}) {
    diagnostics.error({std::move(place), refusal.what(), std::move(details), refusal.hint});
  }

  void opsets() {
    for (const auto& import : model.opset_import())
      graph.opsets[domain_of(import.domain())] = import.version();
    const auto it = graph.opsets.find("");
    if (it == graph.opsets.end())
      diagnostics.error({"", "the model does not say which opset of ai.onnx it uses", {}, ""});
    else if (it->second < oldest_opset || it->second > newest_opset)
      diagnostics.error({"",
                         fmt::format("the model uses opset {}, supported are {} to {}", it->second,
                                     oldest_opset, newest_opset),
                         {},
                         ""});
  }

  void initializer_value(const onnx::TensorProto& proto) {
    const std::string place = fmt::format("initializer \"{}\"", printable(proto.name()));
    if (by_name.count(proto.name())) return error(place, Refusal("the name is used twice"));
    try {
      by_name[proto.name()] = graph.add_constant(proto.name(), import_tensor(proto, options.model_folder));
    } catch (const Refusal& refusal) {
      error(place, refusal);
      by_name[proto.name()] = graph.add_value({proto.name(), DType::undefined, std::nullopt, nullptr});
    }
  }

  void initializers() {
    for (const auto& proto : model.graph().initializer()) initializer_value(proto);
    if (model.graph().sparse_initializer_size() > 0)
      diagnostics.error({"", "sparse initializers are not supported", {}, "store them dense"});
  }

  Shape input_shape(const onnx::ValueInfoProto& info) {
    const auto& dims = info.type().tensor_type().shape().dim();
    const bool known = info.type().tensor_type().has_shape();
    const auto given = options.input_shapes.find(info.name());
    if (given != options.input_shapes.end()) {
      const bool fits = !known || std::equal(dims.begin(), dims.end(), given->second.begin(),
                                             given->second.end(), [](const auto& d, std::int64_t g) {
                                               return !d.has_dim_value() || d.dim_value() == g;
                                             });
      if (!fits) refuse("--input-shape {} contradicts the declared shape", to_string(given->second));
      return given->second;
    }
    const std::string hint = fmt::format("give it with --input-shape {}=…", printable(info.name()));
    if (!known) throw Refusal("the rank is not known", hint);
    Shape shape;
    for (const auto& dim : dims) {
      if (dim.has_dim_value() && dim.dim_value() > 0) {
        shape.push_back(dim.dim_value());
      } else if (dim.has_dim_value() && dim.dim_value() == 0) {
        refuse("dimension {} is 0", shape.size());
      } else if (shape.empty() && (!dim.has_dim_value() || dim.dim_value() == -1)) {
        shape.push_back(1);  // a symbolic batch: one sample at a time
      } else if (dim.has_dim_value()) {
        refuse("dimension {} is {}", shape.size(), dim.dim_value());
      } else {
        throw Refusal(
            fmt::format("dimension {} (\"{}\") is not fixed", shape.size(), printable(dim.dim_param())),
            hint);
      }
    }
    return shape;
  }

  void inputs() {
    for (const auto& info : model.graph().input()) {
      const auto it = by_name.find(info.name());
      if (it != by_name.end() && graph[it->second].constant) continue;  // IR < 4 lists initializers as inputs
      const std::string place = fmt::format("input \"{}\"", printable(info.name()));
      ValueId id = graph.add_value({info.name(), DType::undefined, std::nullopt, nullptr});
      if (!by_name.emplace(info.name(), id).second) {
        error(place, Refusal("the name is used twice"));
        continue;
      }
      graph.inputs.push_back(id);
      try {
        if (!info.type().has_tensor_type()) refuse("it is not a tensor");
        const auto type = static_cast<DType>(info.type().tensor_type().elem_type());
        if (info.type().tensor_type().elem_type() > 255 || !has_cpp_type(type))
          refuse("a network input of type {} is not supported", to_string(type));
        graph[id].type = type;
        graph[id].shape = input_shape(info);
        constexpr std::int64_t limit = std::int64_t{1} << 30;
        const std::int64_t count = element_count(*graph[id].shape);
        if (count <= 0 || count > limit)
          refuse("shape {} is not a tensor of 1 to 2^30 elements", to_string(*graph[id].shape));
        if (count * size_of(type) > INT32_MAX)
          refuse("shape {} takes {} bytes, generated code can address {}", to_string(*graph[id].shape),
                 count * size_of(type), INT32_MAX);
      } catch (const Refusal& refusal) {
        error(place, refusal);
      }
    }
    for (const auto& [name, shape] : options.input_shapes) {
      const bool known = std::any_of(graph.inputs.begin(), graph.inputs.end(),
                                     [&, &n = name](ValueId id) { return graph[id].name == n; });
      if (!known)
        diagnostics.error(
            {"",
             fmt::format("--input-shape names \"{}\", which is no input of the model", printable(name)),
             {},
             ""});
    }
  }

  /// A subgraph of the node at `at`: its values join the graph's under names that nobody outside can read.
  std::shared_ptr<const Branch> branch(const onnx::GraphProto& proto, bool has_inputs, int at) {
    if (proto.input_size() > 0 && !has_inputs)
      refuse("the subgraph \"{}\" has inputs, which a branch of an If has not", printable(proto.name()));
    std::vector<Node> nodes;
    std::swap(nodes, graph.nodes);
    auto made = std::make_shared<Branch>();
    for (const auto& input : proto.input()) {
      made->inputs.push_back(graph.add_value({input.name(), DType::undefined, std::nullopt, nullptr}));
      if (!by_name.emplace(input.name(), made->inputs.back()).second)
        error(
            fmt::format("input \"{}\" of subgraph \"{}\"", printable(input.name()), printable(proto.name())),
            Refusal("the name is used twice"));
    }
    for (const auto& initializer : proto.initializer()) initializer_value(initializer);
    for (const int position : topological_order(proto)) node(proto.node(position), at);
    for (const auto& output : proto.output()) {
      const auto it = by_name.find(output.name());
      if (it != by_name.end())
        made->outputs.push_back(it->second);
      else
        error(fmt::format("output \"{}\" of subgraph \"{}\"", printable(output.name()),
                          printable(proto.name())),
              Refusal("no node computes it"));
    }
    std::swap(nodes, graph.nodes);
    made->nodes = std::move(nodes);
    for (const auto& input : proto.input()) by_name.erase(input.name());
    for (const auto& initializer : proto.initializer()) by_name.erase(initializer.name());
    for (const auto& inner : proto.node())
      for (const auto& output : inner.output()) by_name.erase(output);
    return made;
  }

  /// What a subgraph reads of values that existed before it becomes inputs of its node, behind those it is
  /// given.
  void add_captured(Node& n, const Branch& branch, std::size_t values_before) {
    const auto capture = [&](ValueId id) {
      const bool is_new = id != ValueId::none && index(id) < values_before && !graph[id].constant;
      if (is_new && std::find(n.inputs.begin(), n.inputs.end(), id) == n.inputs.end()) n.inputs.push_back(id);
    };
    if (n.is("If") && branch.outputs.size() != n.outputs.size())
      refuse("a branch has {} outputs, the node {}", branch.outputs.size(), n.outputs.size());
    if (!n.is("If") && n.inputs.size() > branch.inputs.size())
      refuse("its body has {} inputs, the node {}", branch.inputs.size(), n.inputs.size());
    if (!n.is("If")) n.inputs.resize(branch.inputs.size(), ValueId::none);
    for (const Node& inner : branch.nodes)
      for (const ValueId id : inner.inputs) capture(id);
    for (const ValueId id : branch.outputs) capture(id);
  }

  Attribute attribute(const onnx::AttributeProto& proto, const Node& node, int at) {
    switch (proto.type()) {
      case onnx::AttributeProto::INT: return proto.i();
      case onnx::AttributeProto::FLOAT: return proto.f();
      case onnx::AttributeProto::STRING: return proto.s();
      case onnx::AttributeProto::INTS:
        return std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
      case onnx::AttributeProto::FLOATS:
        return std::vector<float>(proto.floats().begin(), proto.floats().end());
      case onnx::AttributeProto::STRINGS:
        return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
      case onnx::AttributeProto::TENSOR:
        return std::make_shared<const Tensor>(import_tensor(proto.t(), options.model_folder));
      case onnx::AttributeProto::GRAPH:
        if (node.is("If") || node.is("Loop") || node.is("Scan")) return branch(proto.g(), !node.is("If"), at);
        refuse("attribute \"{}\" is a subgraph; control flow is not supported", printable(proto.name()));
      default: refuse("attribute \"{}\" has a type that is not supported", printable(proto.name()));
    }
  }

  ValueId read(const std::string& name, int at) {
    if (name.empty()) return ValueId::none;
    const auto it = by_name.find(name);
    if (it != by_name.end()) return it->second;
    const auto later = produced_by.find(name);
    if (later == produced_by.end())
      refuse("it reads \"{}\", which no node, input or initializer provides", printable(name));
    if (later->second == at) refuse("it reads its own output \"{}\": the graph has a cycle", printable(name));
    refuse("it reads \"{}\", which only node {} computes: the nodes form a cycle", printable(name),
           later->second);
  }

  /// One error per operator, at its first node; the others are only counted.
  void unsupported(const Node& node, const std::string& place) {
    const std::string op =
        (node.domain.empty() ? "" : printable(node.domain) + ".") + printable(node.op_type);
    const auto [it, first] = unsupported_ops.try_emplace(op, UnsupportedOp{diagnostics.errors.size(), 0});
    if (first) {
      error(place, Refusal(fmt::format("operator {} is not supported", op),
                           "onnx2mcu --list-ops names the supported operators"));
    } else {
      const int more = ++it->second.more;
      diagnostics.errors[it->second.error].details = {
          fmt::format("{} more node{} of that operator", more, more == 1 ? "" : "s")};
    }
  }

  void node(const onnx::NodeProto& proto, int at) {
    const std::size_t values_before = graph.values.size();
    Node n{proto.op_type(), domain_of(proto.domain()), proto.name(), at, {}, {}, {}};
    std::string place =
        fmt::format("node {} \"{}\" ({})", at,
                    printable(proto.name().empty() && proto.output_size() ? proto.output(0) : proto.name()),
                    printable(proto.op_type()));
    try {
      if (n.domain == our_domain || !find_op(n.domain, n.op_type)) unsupported(n, place);
      for (const auto& input : proto.input()) n.inputs.push_back(read(input, at));
      while (!n.inputs.empty() && n.inputs.back() == ValueId::none)
        n.inputs.pop_back();  // as good as not there
      for (const auto& attr : proto.attribute()) {
        check_attribute_name(n, attr.name());
        if (!n.attributes.emplace(attr.name(), attribute(attr, n, at)).second)
          refuse("attribute \"{}\" is given twice", printable(attr.name()));
      }
    } catch (const Refusal& refusal) {
      error(place, refusal);
    }
    for (const auto& output : proto.output()) {
      if (output.empty()) {
        n.outputs.push_back(ValueId::none);
        continue;
      }
      n.outputs.push_back(graph.add_value({output, DType::undefined, std::nullopt, nullptr}));
      if (!by_name.emplace(output, n.outputs.back()).second)
        error(place,
              Refusal(fmt::format("its output \"{}\" already exists under that name", printable(output))));
    }
    try {
      for (const auto& [key, value] : n.attributes)
        if (const auto* inner = std::get_if<std::shared_ptr<const Branch>>(&value))
          add_captured(n, **inner, values_before);
    } catch (const Refusal& refusal) {
      error(place, refusal);
    }
    while (!n.outputs.empty() && n.outputs.back() == ValueId::none) n.outputs.pop_back();
    graph.nodes.push_back(std::move(n));
  }

  void nodes() {
    int at = 0;
    for (const auto& proto : model.graph().node()) {
      for (const auto& output : proto.output()) produced_by.emplace(output, at);
      ++at;
    }
    for (const int position : topological_order(model.graph())) node(model.graph().node(position), position);
  }

  void outputs() {
    for (const auto& info : model.graph().output()) {
      const auto it = by_name.find(info.name());
      if (it == by_name.end()) {
        error(fmt::format("output \"{}\"", printable(info.name())), Refusal("no node computes it"));
      } else if (std::find(graph.outputs.begin(), graph.outputs.end(), it->second) != graph.outputs.end()) {
        error(fmt::format("output \"{}\"", printable(info.name())), Refusal("it is listed twice"));
      } else {
        graph.outputs.push_back(it->second);
      }
    }
    if (model.graph().output_size() == 0) diagnostics.error({"", "the graph has no output", {}, ""});
  }
};

}  // namespace

Graph import_model(const onnx::ModelProto& model, const ImportOptions& options, Diagnostics& diagnostics) {
  Importer importer{model, options, diagnostics, {}, {}, {}, {}};
  importer.graph.name = model.graph().name();
  importer.opsets();
  importer.initializers();
  importer.inputs();
  importer.nodes();
  importer.outputs();
  diagnostics.stop_on_errors();
  return std::move(importer.graph);
}

}  // namespace o2m

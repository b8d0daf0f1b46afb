#include "passes/control_flow.hpp"

#include <algorithm>

#include "diagnostics.hpp"
#include "passes/unroll.hpp"

namespace o2m {
namespace {

/// Repetitions must not blow a small file up.
constexpr std::int64_t max_unrolled_nodes = 10'000;

BranchPtr find_branch(const Node& node, const char* key) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end() || !std::holds_alternative<BranchPtr>(found->second)) return nullptr;
  return std::get<BranchPtr>(found->second);
}

/// The branch of an If that its condition takes, if that is known by now.
BranchPtr taken_branch(const Graph& graph, const Node& node) {
  if (!node.is("If") || !node.has_input(0)) return nullptr;
  const Tensor* condition = graph.constant(node.inputs[0]);
  if (!condition || condition->type != DType::boolean || condition->count() != 1) return nullptr;
  const BranchPtr branch = find_branch(node, condition->integer(0) != 0 ? "then_branch" : "else_branch");
  if (!branch) refuse("one of the attributes then_branch and else_branch is missing");
  return branch;
}

bool is_one(const Tensor* t, DType type) { return t && t->type == type && t->count() == 1; }

/// Does the body of a Loop hand on the condition it gets, or true?
bool goes_on(const Graph& graph, const Branch& body) {
  ValueId id = body.outputs[0];
  for (auto node = body.nodes.rbegin(); node != body.nodes.rend(); ++node) {
    if (std::find(node->outputs.begin(), node->outputs.end(), id) == node->outputs.end()) continue;
    if ((node->is("Identity") || node->is("Cast")) && node->has_input(0)) {
      id = node->inputs[0];
      continue;
    }
    const auto value = node->attributes.find("value");
    const bool is_constant = node->is("Constant") && value != node->attributes.end() &&
                             std::holds_alternative<TensorPtr>(value->second);
    if (!is_constant) return false;
    const Tensor* t = std::get<TensorPtr>(value->second).get();
    return t->count() == 1 && t->real(0) != 0;
  }
  const Tensor* t = graph.constant(id);
  return id == body.inputs[1] || (t && t->count() == 1 && t->real(0) != 0);
}

std::optional<Repetition> settled_loop(const Graph& graph, const Node& node) {
  Repetition r{find_branch(node, "body")};
  if (!r.body) refuse("the attribute body is missing");
  if (r.body->inputs.size() < 2 || r.body->outputs.size() + 1 < r.body->inputs.size())
    refuse("its body has {} inputs and {} outputs, expected the iteration, the condition and the states",
           r.body->inputs.size(), r.body->outputs.size());
  if (!node.has_input(0) || !is_one(graph.constant(node.inputs[0]), DType::int64)) return std::nullopt;
  const bool conditional = node.has_input(1);
  const Tensor* condition = conditional ? graph.constant(node.inputs[1]) : nullptr;
  if (conditional && !is_one(condition, DType::boolean)) return std::nullopt;
  if (!goes_on(graph, *r.body)) refuse("its body computes at run time whether it goes on");
  r.count = graph.constant(node.inputs[0])->integer(0);
  if (condition && condition->integer(0) == 0) r.count = 0;
  r.first_input = 2;
  r.first_output = 1;
  r.states = r.body->inputs.size() - 2;
  return r;
}

std::optional<Repetition> settled_scan(const Graph& graph, const Node& node) {
  Repetition r{find_branch(node, "body")};
  if (!r.body) refuse("the attribute body is missing");
  if (graph.opset() < 9) refuse("Scan of opset {} is not supported, only from 9 on", graph.opset());
  const std::int64_t scanned = node.attr("num_scan_inputs", 0);
  const auto inputs = static_cast<std::int64_t>(r.body->inputs.size());
  if (scanned < 1 || scanned > inputs)
    refuse("num_scan_inputs is {}, its body has {} inputs", scanned, inputs);
  r.states = static_cast<std::size_t>(inputs - scanned);
  if (r.body->outputs.size() < r.states)
    refuse("its body has {} outputs and {} states", r.body->outputs.size(), r.states);
  for (std::size_t i = 0; i < r.scanned(); ++i) {
    if (!node.has_input(r.states + i)) refuse("scanned input {} is missing", i);
    if (!graph[node.inputs[r.states + i]].shape) return std::nullopt;
    const Shape& shape = graph.shape(node.inputs[r.states + i]);
    const std::int64_t length = shape[static_cast<std::size_t>(scan_axis(graph, node, r, i))];
    if (i > 0 && length != r.count) refuse("scanned inputs have {} and {} slices", r.count, length);
    r.count = length;
  }
  for (std::size_t i = 0; i < r.collected(); ++i) {
    entry(node, "scan_output_axes", i, r.collected());
    entry(node, "scan_output_directions", i, r.collected());
  }
  entry(node, "scan_input_directions", 0, r.scanned());
  return r;
}

std::int64_t nodes_of(const Branch& branch) {
  auto n = static_cast<std::int64_t>(branch.nodes.size());
  for (const Node& node : branch.nodes)
    for (const auto& [key, value] : node.attributes)
      if (const auto* inner = std::get_if<BranchPtr>(&value)) n += nodes_of(**inner);
  return n;
}

/// May it take its place beside so many other nodes?
bool fits(const Repetition& r, std::size_t others) {
  const std::int64_t each =
      nodes_of(*r.body) + static_cast<std::int64_t>(r.body->inputs.size() + r.body->outputs.size());
  return r.count <= (max_unrolled_nodes -
                     std::min<std::int64_t>(max_unrolled_nodes, static_cast<std::int64_t>(others))) /
                        std::max<std::int64_t>(each, 1);
}

std::optional<Repetition> repetition(const Graph& graph, const Node& node) {
  std::optional<Repetition> r;
  if (node.is("Loop")) r = settled_loop(graph, node);
  if (node.is("Scan")) r = settled_scan(graph, node);
  if (!r) return r;
  const std::vector<ValueId>& made = r->body->outputs;
  for (auto id = made.begin(); id != made.end(); ++id)  // ONNX Runtime then leaves one of them uninitialized
    if (std::find(made.begin(), id, *id) != id)
      refuse("its body lists output \"{}\" twice", printable(graph[*id].name));
  const std::size_t outputs = r->states + r->collected();
  if (node.outputs.size() > outputs)
    refuse("it has {} outputs, its body makes {}", node.outputs.size(), outputs);
  for (std::size_t i = r->first_input; i < r->body->inputs.size(); ++i)
    if (!node.has_input(i)) refuse("input {} is missing", i);
  if (r->count < 1 && r->collected() > 0) refuse("{} iterations collect nothing", r->count);
  if (!fits(*r, graph.nodes.size()))
    refuse("{} iterations of {} nodes beside {} others are more than {}, the most that are unrolled",
           r->count, nodes_of(*r->body), graph.nodes.size() - 1, max_unrolled_nodes);
  return r;
}

}  // namespace

bool is_settled(const Graph& graph, const Node& node) {
  return taken_branch(graph, node) || repetition(graph, node);
}

namespace {

void replace(const Node& node, const BranchPtr& branch, std::vector<Node>& nodes) {
  nodes.insert(nodes.end(), branch->nodes.begin(), branch->nodes.end());
  for (std::size_t o = 0; o < node.outputs.size(); ++o)
    if (node.outputs[o] != ValueId::none)
      nodes.push_back(
          {"Identity", "", node.name, node.index, {branch->outputs.at(o)}, {node.outputs[o]}, {}});
}

/// Puts what `node` runs behind `nodes`, unless that is not known yet, or too much together with what is
/// there.
bool replace(Graph& graph, const Node& node, std::vector<Node>& nodes) {
  try {
    if (const BranchPtr branch = taken_branch(graph, node)) return replace(node, branch, nodes), true;
    const auto r = repetition(graph, node);
    if (!r || !fits(*r, nodes.size() + 1)) return false;
    unroll(graph, node, *r, nodes);
    return true;
  } catch (const Refusal&) {
    return false;  // behind a node that has yet to be replaced: infer_shapes comes back to it
  }
}

}  // namespace

bool replace_control_flow(Graph& graph) {
  bool found = false;
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    const bool is_control_flow = node.is("If") || node.is("Loop") || node.is("Scan");
    if (is_control_flow && replace(graph, node, nodes))
      found = true;
    else
      nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
  return found;
}

}  // namespace o2m

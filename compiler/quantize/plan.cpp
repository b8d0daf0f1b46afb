#include "quantize/plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "diagnostics.hpp"
#include "passes/qdq/pairs.hpp"

namespace o2m {
namespace {

bool kept_float(const Graph& graph, const Node& node, const std::vector<std::string>& kept) {
  const auto names = [&](const std::string& k) {
    return k == node.op_type || k == node.name ||
           std::any_of(node.outputs.begin(), node.outputs.end(),
                       [&](ValueId id) { return id != ValueId::none && graph[id].name == k; });
  };
  return std::any_of(kept.begin(), kept.end(), names);
}

void check_kept(const Graph& graph, const Scheme& scheme) {
  for (const std::string& k : scheme.keep_float)
    if (std::none_of(graph.nodes.begin(), graph.nodes.end(),
                     [&](const Node& n) { return kept_float(graph, n, {k}); }))
      throw Refusal(fmt::format("--keep-float \"{}\" names no node, tensor or operator type of the model",
                                printable(k)),
                    "constants and BatchNormalization have been folded; name a Conv, Gemm, … that is left");
}

struct Marker {
  const Graph& graph;
  const std::vector<bool>& nodes;
  std::vector<bool> marked;

  bool activation(ValueId id) const {
    return id != ValueId::none && !graph[id].constant && graph[id].type == DType::float32;
  }
  bool mark(ValueId id) {
    if (!activation(id) || marked[index(id)]) return false;
    return marked[index(id)] = true;
  }

  void layers() {
    const Uses uses(graph);
    const auto clamps = clamps_behind(graph, uses);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      const Role role = role_of(graph, graph.nodes[n]);
      if (!nodes[n] || (role != Role::product && role != Role::computes)) continue;
      const Node& node = graph.nodes[n];
      for (std::size_t i = 0; i < (role == Role::product ? 1 : node.inputs.size()); ++i) mark(node.inputs[i]);
      const int clamp = clamps[n];
      const bool fused = clamp >= 0 && nodes[static_cast<std::size_t>(clamp)];
      mark(fused ? graph.nodes[static_cast<std::size_t>(clamp)].outputs[0] : node.outputs[0]);
    }
  }

  /// What moves values on one side of a quantized tensor has the same scale on the other.
  void movers() {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t n = 0; n < nodes.size(); ++n) {
        const Node& node = graph.nodes[n];
        if (!nodes[n] || role_of(graph, node) != Role::moves) continue;
        const auto is_marked = [&](ValueId id) { return id != ValueId::none && marked[index(id)]; };
        if (!is_marked(node.inputs[0]) && std::none_of(node.outputs.begin(), node.outputs.end(), is_marked))
          continue;
        changed = mark(node.inputs[0]) || changed;
        for (const ValueId id : node.outputs) changed = mark(id) || changed;
      }
    }
  }
};

std::vector<bool> quantized_values(const Graph& graph, const std::vector<bool>& nodes, const Scheme& scheme) {
  Marker m{graph, nodes, std::vector<bool>(graph.values.size(), false)};
  m.layers();
  if (scheme.input != DType::float32)
    for (const ValueId id : graph.inputs) m.mark(id);
  if (scheme.output != DType::float32)
    for (const ValueId id : graph.outputs) m.mark(id);
  m.movers();
  return m.marked;
}

/// Values that must have one scale: Concat's and those on both sides of what only moves them.
struct Groups {
  std::vector<std::size_t> parent;

  explicit Groups(std::size_t count) : parent(count) { std::iota(parent.begin(), parent.end(), 0); }
  std::size_t root(std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  }
  void join(ValueId a, ValueId b) { parent[root(index(a))] = root(index(b)); }
};

/// Softmax and similar have a known range and, in ONNX Runtime's own tools and TFLite, this scale.
std::optional<Affine> natural(const Node& node, DType type) {
  if (node.is("Softmax") || node.is("Sigmoid")) return Affine{1.0F / 256, min_of(type), type};
  if (node.is("Tanh")) return Affine{1.0F / 128, min_of(type) + 128, type};
  return std::nullopt;
}

/// A Clip must not reach beyond its bound, or it would not be redundant before the QuantizeLinear.
void respect_clip(const Graph& graph, const Node& node, Affine& a) {
  const auto bounds = node.is("Clip") ? clip_bounds(graph, node) : std::nullopt;
  while (bounds && a.highest() > static_cast<double>(bounds->high)) a.scale = std::nextafter(a.scale, 0.0F);
}

struct Planner {
  const Graph& graph;
  const Scheme& scheme;
  const std::vector<TensorStatistics>& statistics;
  RangeMethod method;
  double percentile;
  QuantizationPlan plan;
  Uses uses{graph};
  Groups groups{graph.values.size()};

  const Node* producer(std::size_t value) const {
    const int n = uses.producer[value];
    return n < 0 ? nullptr : &graph.nodes[static_cast<std::size_t>(n)];
  }

  void group(const std::vector<bool>& marked) {
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      const Node& node = graph.nodes[n];
      if (!plan.nodes[n]) continue;
      const auto join = [&](ValueId id) {
        if (id != ValueId::none && marked[index(id)] && marked[index(node.outputs[0])])
          groups.join(id, node.outputs[0]);
      };
      if (node.is("Concat"))
        for (const ValueId id : node.inputs) join(id);
      if (role_of(graph, node) != Role::moves) continue;
      join(node.inputs[0]);
      for (const ValueId id : node.outputs) join(id);
    }
  }

  /// Does the value bring a range of its own into its group?
  bool is_source(std::size_t value) const {
    const Node* node = producer(value);
    if (!node) return true;
    const bool follows = node->is("Concat") || role_of(graph, *node) == Role::moves;
    return !follows || !plan.nodes[static_cast<std::size_t>(uses.producer[value])];
  }

  Range range_of(std::size_t value) const {
    for (std::size_t i = 0; i < graph.inputs.size() && i < scheme.input_ranges.size(); ++i)
      if (index(graph.inputs[i]) == value && scheme.input_ranges[i]) return *scheme.input_ranges[i];
    const Node* node = producer(value);
    if (node)
      if (const auto n = natural(*node, scheme.activations)) return {n->lowest(), n->highest()};
    return choose_range(statistics[value], method, percentile);
  }

  void choose() {
    const auto marked = quantized_values(graph, plan.nodes, scheme);
    group(marked);
    std::vector<std::vector<std::size_t>> members(marked.size());
    for (std::size_t v = 0; v < marked.size(); ++v)
      if (marked[v]) members[groups.root(v)].push_back(v);
    for (const auto& group : members) {
      Range range;
      std::vector<const Node*> sources;
      for (const std::size_t v : group) {
        if (!is_source(v)) continue;
        const Range r = range_of(v);
        range = {std::min(range.low, r.low), std::max(range.high, r.high)};
        sources.push_back(producer(v));
      }
      Affine a = affine_of(range, scheme.activations);
      if (sources.size() == 1 && sources[0]) {
        a = natural(*sources[0], scheme.activations).value_or(a);
        respect_clip(graph, *sources[0], a);
      }
      for (const std::size_t v : group) plan.values[v] = a;
    }
  }
};

}  // namespace

Affine affine_of(const Range& range, DType type) {
  const double low = std::min(0.0, range.low), high = std::max(0.0, range.high);
  const auto scale = static_cast<float>((high - low) / 255);
  if (!(scale > 0)) return {1.0F, min_of(type), type};
  const auto steps = static_cast<std::int64_t>(std::nearbyint(-low / static_cast<double>(scale)));
  return {scale, min_of(type) + std::clamp<std::int64_t>(steps, 0, 255), type};
}

QuantizationPlan make_plan(const Graph& graph, const Scheme& scheme,
                           const std::vector<TensorStatistics>& statistics, RangeMethod method,
                           double percentile) {
  check_kept(graph, scheme);
  QuantizationPlan plan{scheme,
                        {},
                        std::vector<DType>(graph.nodes.size(), scheme.weights),
                        std::vector<std::optional<Affine>>(graph.values.size())};
  for (const Node& node : graph.nodes)
    plan.nodes.push_back(role_of(graph, node) != Role::other && !kept_float(graph, node, scheme.keep_float));
  Planner planner{graph, scheme, statistics, method, percentile, std::move(plan)};
  planner.choose();
  return std::move(planner.plan);
}

QuantizationPlan restricted(const Graph& graph, const QuantizationPlan& plan,
                            const std::vector<bool>& nodes) {
  QuantizationPlan result = plan;
  result.nodes = nodes;
  result.scheme.input = result.scheme.output = DType::float32;
  const auto marked = quantized_values(graph, nodes, result.scheme);
  for (std::size_t v = 0; v < marked.size(); ++v)
    if (!marked[v]) result.values[v].reset();
  return result;
}

}  // namespace o2m

#include "passes/qdq/rewriter.hpp"

#include <algorithm>
#include <queue>

namespace o2m {

Rewriter::Rewriter(Graph& g) : graph(g) {
  cover_new_values();
  removed_.assign(g.nodes.size(), false);
  for (const ValueId id : g.outputs) outputs_[index(id)] = true;
  for (int n = 0; n < static_cast<int>(g.nodes.size()); ++n) {
    order_.emplace_back(n, 0);
    connect(n);
  }
}

void Rewriter::cover_new_values() {
  producers_.resize(graph.values.size(), -1);
  readers_.resize(graph.values.size());
  outputs_.resize(graph.values.size(), false);
}

void Rewriter::connect(int n) {
  cover_new_values();
  for (std::size_t i = 0; i < node(n).inputs.size(); ++i)
    if (node(n).has_input(i)) readers_[index(node(n).inputs[i])].push_back({n, i});
  for (const ValueId id : node(n).outputs)
    if (id != ValueId::none) producers_[index(id)] = n;
}

void Rewriter::disconnect(int n) {
  for (const ValueId id : node(n).inputs)
    if (id != ValueId::none) std::erase_if(readers_[index(id)], [n](const Edge& e) { return e.node == n; });
  for (const ValueId id : node(n).outputs)
    if (id != ValueId::none && producers_[index(id)] == n) producers_[index(id)] = -1;
}

std::size_t Rewriter::edge_count(int n) const {
  std::size_t count = 0;
  for (const ValueId id : node(n).outputs)
    if (id != ValueId::none) count += readers(id).size();
  return count;
}

bool Rewriter::makes_output(int n) const {
  const auto& outputs = node(n).outputs;
  return std::any_of(outputs.begin(), outputs.end(),
                     [&](ValueId id) { return id != ValueId::none && is_output(id); });
}

int Rewriter::only_reader(int n) const {
  if (makes_output(n) || edge_count(n) != 1) return -1;
  for (const ValueId id : node(n).outputs)
    if (id != ValueId::none && !readers(id).empty()) return readers(id).front().node;
  return -1;
}

int Rewriter::add(Node added, int near) {
  const int n = static_cast<int>(graph.nodes.size());
  graph.nodes.push_back(std::move(added));
  removed_.push_back(false);
  order_.emplace_back(order_[static_cast<std::size_t>(near)].first, n);
  connect(n);
  modified = true;
  return n;
}

void Rewriter::remove(int n) {
  disconnect(n);
  removed_[static_cast<std::size_t>(n)] = true;
  modified = true;
}

void Rewriter::replace(int n, Node replacement) {
  disconnect(n);
  node(n) = std::move(replacement);
  connect(n);
  modified = true;
}

void Rewriter::set_input(int n, std::size_t slot, ValueId id) {
  Node changed = node(n);
  if (changed.inputs.size() <= slot) changed.inputs.resize(slot + 1, ValueId::none);
  changed.inputs[slot] = id;
  replace(n, std::move(changed));
}

void Rewriter::set_output(int n, std::size_t slot, ValueId id) {
  Node changed = node(n);
  changed.outputs[slot] = id;
  replace(n, std::move(changed));
}

void Rewriter::move_readers(ValueId from, ValueId to) {
  const std::vector<Edge> moved = readers(from);
  for (const Edge& edge : moved) set_input(edge.node, edge.slot, to);
}

bool Rewriter::bypass(int n, ValueId input) {
  const ValueId output = node(n).outputs[0];
  if (is_output(output)) {
    const int maker = producer(input);
    if (maker < 0 || is_output(input)) return false;
    const auto& made = node(maker).outputs;
    const auto slot = static_cast<std::size_t>(std::find(made.begin(), made.end(), input) - made.begin());
    remove(n);
    set_output(maker, slot, output);
    move_readers(input, output);
    return true;
  }
  remove(n);
  move_readers(output, input);
  return true;
}

ValueId Rewriter::new_value(ValueId like, const std::string& suffix, DType type) {
  const ValueId id = graph.add_value({graph[like].name + "_" + suffix, type, graph[like].shape, nullptr});
  cover_new_values();
  return id;
}

ValueId Rewriter::new_constant(ValueId like, const std::string& suffix, Tensor tensor) {
  const ValueId id = graph.add_constant(graph[like].name + "_" + suffix, std::move(tensor));
  cover_new_values();
  return id;
}

bool Rewriter::finish() {
  if (!modified) return false;
  const std::size_t count = graph.nodes.size();
  std::vector<int> waiting(count, 0);  // inputs whose producers have not been placed yet
  using Key = std::pair<std::pair<int, int>, int>;
  std::priority_queue<Key, std::vector<Key>, std::greater<>> ready;
  for (std::size_t n = 0; n < count; ++n) {
    if (removed_[n]) continue;
    for (const ValueId id : graph.nodes[n].inputs) waiting[n] += producer(id) >= 0;
    if (waiting[n] == 0) ready.push({order_[n], static_cast<int>(n)});
  }
  std::vector<Node> sorted;
  while (!ready.empty()) {
    const int n = ready.top().second;
    ready.pop();
    for (const ValueId id : node(n).outputs) {
      if (id == ValueId::none) continue;
      for (const Edge& edge : readers(id))
        if (--waiting[static_cast<std::size_t>(edge.node)] == 0)
          ready.push({order_[static_cast<std::size_t>(edge.node)], edge.node});
    }
    sorted.push_back(node(n));
  }
  graph.nodes = std::move(sorted);
  return true;
}

}  // namespace o2m

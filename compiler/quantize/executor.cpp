#include "quantize/executor.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "ops/evaluate.hpp"
#include "passes/passes.hpp"

namespace o2m {

Executor::Executor(const Graph& g) : graph(g), last_read_(g.nodes.size()) {
  Diagnostics diagnostics;
  std::vector<int> last(g.values.size(), -1);
  for (std::size_t n = 0; n < g.nodes.size(); ++n) {
    if (!can_evaluate(g.nodes[n], Precision::estimate))
      diagnostics.error(node_error(g, g.nodes[n], Refusal("the operator cannot be run for calibration")));
    for (const auto* ids : {&g.nodes[n].inputs, &g.nodes[n].outputs})
      for (const ValueId id : *ids)
        if (id != ValueId::none && !g[id].constant) last[index(id)] = static_cast<int>(n);
  }
  diagnostics.stop_on_errors();
  for (const ValueId id : g.outputs) last[index(id)] = -1;
  for (std::size_t v = 0; v < last.size(); ++v)
    if (last[v] >= 0) last_read_[static_cast<std::size_t>(last[v])].push_back(static_cast<ValueId>(v));
}

std::vector<Tensor> Executor::run(std::vector<Tensor> inputs, const Visit& visit) const {
  std::vector<Tensor> computed(graph.values.size());
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    computed[index(graph.inputs[i])] = std::move(inputs[i]);
    if (visit) visit(graph.inputs[i], computed[index(graph.inputs[i])]);
  }
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    std::vector<Tensor> results =
        evaluate(graph, node, Precision::estimate, [&](ValueId id) { return &computed[index(id)]; });
    for (std::size_t o = 0; o < node.outputs.size() && o < results.size(); ++o) {
      if (node.outputs[o] == ValueId::none) continue;
      computed[index(node.outputs[o])] = std::move(results[o]);
      if (visit) visit(node.outputs[o], computed[index(node.outputs[o])]);
    }
    for (const ValueId id : last_read_[n]) computed[index(id)] = {};
  }
  std::vector<Tensor> outputs;
  for (const ValueId id : graph.outputs)
    outputs.push_back(graph[id].constant ? *graph[id].constant : computed[index(id)]);
  return outputs;
}

void for_each_sample(std::int64_t count, const std::function<void(std::int64_t)>& body,
                     const std::function<void(std::int64_t, std::int64_t)>& progress) {
  std::atomic<std::int64_t> next = 0, done = 0;
  std::mutex mutex;
  std::int64_t failed_at = count;
  std::exception_ptr failure;
  const auto work = [&](bool reports) {
    for (std::int64_t i = next++; i < count; i = next++) {
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (i < failed_at) failure = std::current_exception(), failed_at = i;
        next = count;
      }
      ++done;
      if (reports && progress) progress(done, count);
    }
  };
  std::vector<std::thread> others;
  for (unsigned t = 1; t < std::thread::hardware_concurrency(); ++t) others.emplace_back(work, false);
  work(true);
  for (std::thread& t : others) t.join();
  if (failure) std::rethrow_exception(failure);
  if (progress) progress(count, count);
}

}  // namespace o2m

// Executor: runs a whole Graph on the host, node by node (ops/evaluate.hpp). Float sums come within rounding
// of ONNX Runtime's; nothing here decides a bit of generated code.
#pragma once

#include <functional>
#include <vector>

#include "ir/graph.hpp"

namespace o2m {

/// Sees each tensor once, in order of computation, the inputs first.
using Visit = std::function<void(ValueId, const Tensor&)>;

struct Executor {
  /// `graph` has passed infer_shapes and outlives the executor. Throws Refused naming the nodes that cannot
  /// be run.
  explicit Executor(const Graph& graph);

  /// One sample: the graph's inputs, in order. Returns its outputs. May run on several threads at once.
  std::vector<Tensor> run(std::vector<Tensor> inputs, const Visit& visit = {}) const;

  const Graph& graph;

 private:
  std::vector<std::vector<ValueId>> last_read_;  ///< per node: values no later node reads
};

/// body(i) for each i in [0, count), on all cores. An exception is passed on: that of the smallest i that
/// threw. `progress(done, count)` is called on the calling thread.
void for_each_sample(std::int64_t count, const std::function<void(std::int64_t)>& body,
                     const std::function<void(std::int64_t, std::int64_t)>& progress = {});

}  // namespace o2m

// One node on given tensors, on the host. Constants fold, functions of one byte become tables, and
// calibration runs whole networks (quantize/executor.hpp) with this one function; only the precision they ask
// for differs.
#pragma once

#include <functional>
#include <vector>

#include "ir/graph.hpp"

namespace o2m {

/// exact: the bits ONNX Runtime computes, or nothing (Op::eval). What goes into generated code is made with
/// this. estimate: operators whose order of float sums is ONNX Runtime's own come within rounding
/// (Op::estimate).
enum class Precision { exact, estimate };

bool can_evaluate(const Node& node, Precision precision);

/// The node's outputs. Its inputs are the graph's constants and, where a value is none, what `variable` gives
/// for it. The node can be evaluated with `precision`.
std::vector<Tensor> evaluate(const Graph& graph, const Node& node, Precision precision,
                             const std::function<const Tensor*(ValueId)>& variable = {});

}  // namespace o2m

// What Reshape, Flatten, Squeeze and Unsqueeze share: the same elements in the same order under another
// shape.
#pragma once

#include "ops/lower.hpp"

namespace o2m {

/// No code: the output is the input's buffer.
void lower_reshape(LowerContext& c);
/// The constant under the shape that `infer` gave output 0.
std::vector<Tensor> eval_reshape(const Graph& graph, const Node& node, EvalInputs in);

}  // namespace o2m

// Lists of integers that ONNX gave as attributes in early opsets and as constant inputs in later ones (axes,
// starts, pads, split, …), and axes checked and made non-negative.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/graph.hpp"

namespace o2m {

/// The constant int32 or int64 input `i` of the node; nullopt when omitted. Refused when it is computed at
/// run time.
std::optional<std::vector<std::int64_t>> int_list_input(const Graph& graph, const Node& node,
                                                        const char* what, std::size_t i);

/// Attribute `what` before opset `since` of ai.onnx, input `i` from then on; nullopt when absent, refused
/// where it is given in the other way.
std::optional<std::vector<std::int64_t>> int_list(const Graph& graph, const Node& node, const char* what,
                                                  std::size_t i, std::int64_t since);

/// The same, refused when absent.
std::vector<std::int64_t> required_int_list(const Graph& graph, const Node& node, const char* what,
                                            std::size_t i, std::int64_t since);

/// Each axis in [-rank, rank) made non-negative, in the given order; refused when out of range or given
/// twice.
std::vector<std::size_t> normalize_axes(const std::vector<std::int64_t>& axes, std::size_t rank);

}  // namespace o2m

// Pad with zeros before Conv, MaxPool or AveragePool becomes part of its pads (PadFusion in ONNX Runtime,
// which does so for MaxPool too, although there the padding no longer takes part in the maximum).

#include <algorithm>

#include "passes/qdq/rewriter.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

/// The pads of a constant Pad with zeros on the spatial axes only; empty if it is anything else.
std::vector<std::int64_t> spatial_pads(const Graph& graph, const Node& pad) {
  if (pad.attr_string("mode", "constant") != "constant" || pad.has_input(3)) return {};
  std::vector<std::int64_t> pads =
      pad.attr_ints("pads").value_or(std::vector<std::int64_t>{});  // up to opset 10
  if (pad.has_input(1)) {
    const Tensor* t = graph.constant(pad.inputs[1]);
    if (!t) return {};
    pads = t->integers();
  }
  if (pad.attr_float("value", 0) != 0) return {};
  if (pad.has_input(2)) {
    const Tensor* t = graph.constant(pad.inputs[2]);
    if (!t || std::any_of(t->bytes.begin(), t->bytes.end(), [](std::byte b) { return b != std::byte{0}; }))
      return {};
  }
  const std::size_t rank = pads.size() / 2;
  const bool negative = std::any_of(pads.begin(), pads.end(), [](std::int64_t p) { return p < 0; });
  if (rank < 3 || negative || pads[0] != 0 || pads[1] != 0 || pads[rank] != 0 || pads[rank + 1] != 0)
    return {};
  return pads;
}

bool takes_pads(const Node& node, const std::vector<std::int64_t>& own_pads) {
  const bool pool = node.is("MaxPool") || node.is("AveragePool");
  if ((!pool && !node.is("Conv")) || node.outputs.size() > 1 ||
      node.attr_string("auto_pad", "NOTSET") != "NOTSET")
    return false;
  const bool padded = std::any_of(own_pads.begin(), own_pads.end(), [](std::int64_t p) { return p != 0; });
  return !(node.is("AveragePool") && padded && node.attr("count_include_pad", 0) == 0);
}

}  // namespace

bool merge_pad(Graph& graph) {
  Rewriter r(graph);
  for (int n = 0; n < static_cast<int>(r.size()); ++n) {
    const int next = r.node(n).is("Pad") ? r.only_reader(n) : -1;
    if (next < 0 || r.node(next).inputs[0] != r.node(n).outputs[0]) continue;
    const std::vector<std::int64_t> added = spatial_pads(graph, r.node(n));
    const std::size_t spatial = added.size() / 2 - 2;
    if (added.empty()) continue;
    std::vector<std::int64_t> pads =
        r.node(next).attr_ints("pads").value_or(std::vector<std::int64_t>(2 * spatial, 0));
    if (!takes_pads(r.node(next), pads) || pads.size() != 2 * spatial) continue;
    for (std::size_t i = 0; i < spatial; ++i) {
      pads[i] += added[2 + i];
      pads[spatial + i] += added[spatial + 4 + i];
    }
    r.node(next).attributes["pads"] = pads;
    if (r.node(next).is("AveragePool")) r.node(next).attributes["count_include_pad"] = std::int64_t{1};
    r.bypass(n, r.node(n).inputs[0]);
  }
  return r.finish();
}

}  // namespace o2m

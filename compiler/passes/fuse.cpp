// Float element-wise operators between 8-bit tensors need no float tensor: chains of one operand become a
// table of 256 entries (Lookup), operators of two operands one call (QBinary), means of whole images another
// (QReduceMean). All keep the float arithmetic bit for bit.

#include <algorithm>
#include <limits>

#include "ops/evaluate.hpp"
#include "ops/int_list.hpp"
#include "passes/passes.hpp"
#include "passes/qdq/pairs.hpp"

namespace o2m {
namespace {

template <std::size_t N>
bool among(const Node& node, const std::string_view (&types)[N]) {
  return node.domain.empty() &&
         std::find(std::begin(types), std::end(types), node.op_type) != std::end(types);
}

constexpr std::string_view two_operands[] = {"Add", "Sub", "Mul", "Div", "Min", "Max"};
constexpr std::string_view one_operand[] = {
    "Abs",        "Acos",           "Acosh",       "Asin",      "Asinh",  "Atan",      "Atanh",
    "Ceil",       "Clip",           "Cos",         "Cosh",      "Elu",    "Erf",       "Exp",
    "Floor",      "Gelu",           "HardSigmoid", "HardSwish", "Log",    "LeakyRelu", "Neg",
    "Reciprocal", "Relu",           "Round",       "Selu",      "Shrink", "Sigmoid",   "Sign",
    "Sin",        "Sinh",           "Softplus",    "Softsign",  "Sqrt",   "Swish",     "Tan",
    "Tanh",       "ThresholdedRelu"};
/// Of these, ONNX Runtime computes the last elements otherwise where their number is no multiple of 4.
constexpr std::string_view by_fours[] = {"Elu", "Log", "Selu", "Softplus"};

/// Does each element of the result depend on one element of the only input that varies, and on nothing else?
bool maps_elements(const Graph& graph, const Node& node) {
  const bool one = among(node, one_operand), two = among(node, two_operands) && node.inputs.size() == 2;
  if ((!one && !two) || !can_evaluate(node, Precision::exact)) return false;
  const Shape& shape = graph.shape(node.outputs[0]);
  std::size_t varying = 0;
  for (const ValueId id : node.inputs) {
    if (id == ValueId::none) continue;
    const Tensor* t = graph.constant(id);
    if (t ? t->count() != 1 : graph.shape(id) != shape) return false;
    varying += t == nullptr;
  }
  return varying == 1 && (!among(node, by_fours) || element_count(shape) % 4 == 0);
}

bool quantized_8bit(const Graph& graph, const Node& node) {
  return is_8bit(quantized_type(graph, node)) && per_tensor(graph, node).has_value();
}

/// Nodes from DQ `dq` to a Q, each the only reader of the one before and all maps of single elements; empty
/// if none.
std::vector<int> chain_behind(const Rewriter& r, int dq) {
  std::vector<int> chain{dq};
  for (int n = r.only_reader(dq); n >= 0; n = r.only_reader(n)) {
    chain.push_back(n);
    if (is_q(r.node(n))) return quantized_8bit(r.graph, r.node(n)) ? chain : std::vector<int>{};
    if (!maps_elements(r.graph, r.node(n))) break;
  }
  return {};
}

/// What the chain makes of each byte of its 8-bit input.
Tensor table_of(const Rewriter& r, const std::vector<int>& chain) {
  Tensor t = make_tensor(quantized_type(r.graph, r.node(chain[0])), {256});
  for (std::size_t i = 0; i < 256; ++i) t.bytes[i] = static_cast<std::byte>(i);
  for (const int n : chain)
    t = evaluate(r.graph, r.node(n), Precision::exact, [&](ValueId) { return &t; })[0];
  t.shape = {256};
  return t;
}

void make_lookups(Graph& graph) {
  Rewriter r(graph);
  for (int n = 0; n < static_cast<int>(r.size()); ++n) {
    if (!r.alive(n) || !is_dq(r.node(n)) || r.is_constant(r.node(n).inputs[0]) ||
        !quantized_8bit(graph, r.node(n)))
      continue;
    const std::vector<int> chain = chain_behind(r, n);
    if (chain.empty()) continue;
    const Node& last = r.node(chain.back());
    const Node& named = r.node(chain.size() > 2 ? chain[1] : chain.back());
    Node lookup{"Lookup", "onnx2mcu", named.name, named.index, {r.node(n).inputs[0]}, last.outputs, {}};
    lookup.inputs.push_back(r.new_constant(last.outputs[0], "table", table_of(r, chain)));
    std::string types;
    for (const int part : chain) types += (types.empty() ? "" : " -> ") + r.node(part).op_type;
    graph.notes.push_back(fmt::format("{}: {} as a table", describe(graph, named), types));
    for (std::size_t i = 0; i + 1 < chain.size(); ++i) r.remove(chain[i]);
    r.replace(chain.back(), std::move(lookup));
  }
  r.finish();
}

/// Data, scale and zero point of an operand of QBinary; empty where it is a float tensor that varies.
std::vector<ValueId> operand(const Rewriter& r, const Node& node, std::size_t slot, std::vector<int>& dqs) {
  const ValueId id = node.inputs[slot];
  if (const Tensor* t = r.graph.constant(id))
    return t->type == DType::float32 ? std::vector{id, ValueId::none, ValueId::none} : std::vector<ValueId>{};
  const int dq = r.producer(id);
  if (dq < 0 || !is_dq(r.node(dq)) || !quantized_8bit(r.graph, r.node(dq)) || r.only_reader(dq) < 0)
    return {};
  dqs.push_back(dq);
  const Node& d = r.node(dq);
  return {d.inputs[0], d.inputs[scale_slot],
          d.has_input(zero_point_slot) ? d.inputs[zero_point_slot] : ValueId::none};
}

/// Follows Relus and Clips with constant bounds from node `n` to a Q; `bounds` becomes what they leave. -1 if
/// none.
int q_behind(const Rewriter& r, int n, Bounds& bounds, std::vector<int>& clamps) {
  for (n = r.only_reader(n); n >= 0 && !is_q(r.node(n)); n = r.only_reader(n)) {
    if (!r.node(n).is("Relu") && !r.node(n).is("Clip")) return -1;
    const auto own = r.node(n).is("Relu") ? std::optional(Bounds{0, std::numeric_limits<float>::max()})
                                          : clip_bounds(r.graph, r.node(n));
    if (!own || own->low > own->high || bounds.low > own->high || own->low > bounds.high) return -1;
    bounds = {std::max(bounds.low, own->low), std::min(bounds.high, own->high)};
    clamps.push_back(n);
  }
  return n >= 0 && quantized_8bit(r.graph, r.node(n)) ? n : -1;
}

void fuse_binary_node(Rewriter& r, int n) {
  constexpr float widest = std::numeric_limits<float>::max();
  std::vector<int> dqs, clamps;
  const Node node = r.node(n);
  const std::vector<ValueId> a = operand(r, node, 0, dqs), b = operand(r, node, 1, dqs);
  Bounds bounds{-widest, widest};
  const int q = q_behind(r, n, bounds, clamps);
  if (a.empty() || b.empty() || dqs.empty() || q < 0) return;
  const Node& quantize = r.node(q);
  Node fused{"QBinary", "onnx2mcu", node.name, node.index, a, quantize.outputs, {{"op", node.op_type}}};
  fused.inputs.insert(fused.inputs.end(), b.begin(), b.end());
  fused.inputs.push_back(quantize.inputs[scale_slot]);
  fused.inputs.push_back(quantize.has_input(zero_point_slot)
                             ? quantize.inputs[zero_point_slot]
                             : r.new_constant(quantize.outputs[0], "zero_point",
                                              scalar_tensor(quantized_type(r.graph, quantize), 0)));
  if (bounds.low > -widest) fused.attributes["min"] = bounds.low;
  if (bounds.high < widest) fused.attributes["max"] = bounds.high;
  r.graph.notes.push_back(
      fmt::format("{}: ONNX Runtime computes it in float; done element by element without a float tensor",
                  describe(r.graph, node)));
  for (const int done : dqs) r.remove(done);
  for (const int done : clamps) r.remove(done);
  r.remove(n);
  r.replace(q, std::move(fused));
}

void make_binaries(Graph& graph) {
  Rewriter r(graph);
  for (int n = 0; n < static_cast<int>(r.size()); ++n)
    if (r.alive(n) && among(r.node(n), two_operands) && r.node(n).inputs.size() == 2) fuse_binary_node(r, n);
  r.finish();
}

/// Whether node `n` is the mean of each channel of one image.
bool is_image_mean(const Graph& graph, const Node& node) {
  if (!node.is("ReduceMean") || !node.has_input(0)) return false;
  const Shape& shape = graph.shape(node.inputs[0]);
  const auto axes = int_list(graph, node, "axes", 1, 18);
  if (!axes || shape.size() < 3 || shape.size() > 4 || shape[0] != 1 || element_count(shape) == 0)
    return false;
  std::vector<std::size_t> reduced = normalize_axes(*axes, shape.size());
  std::sort(reduced.begin(), reduced.end());
  return reduced.size() == shape.size() - 2 && reduced.front() == 2;
}

void make_means(Graph& graph) {
  Rewriter r(graph);
  for (int n = 0; n < static_cast<int>(r.size()); ++n) {
    if (!r.alive(n) || !is_image_mean(graph, r.node(n))) continue;
    const Node node = r.node(n);
    const int dq = r.producer(node.inputs[0]), q = r.only_reader(n);
    if (dq < 0 || q < 0 || !is_dq(r.node(dq)) || !is_q(r.node(q)) || r.only_reader(dq) != n) continue;
    if (!quantized_8bit(graph, r.node(dq)) || !quantized_8bit(graph, r.node(q)) ||
        r.is_constant(r.node(dq).inputs[0]))
      continue;
    const Node &x = r.node(dq), &y = r.node(q);
    Node fused{"QReduceMean",
               "onnx2mcu",
               node.name,
               node.index,
               x.inputs,
               y.outputs,
               {{"keepdims", node.attr("keepdims", 1)}}};
    fused.inputs.resize(3, ValueId::none);
    fused.inputs.push_back(y.inputs[scale_slot]);
    fused.inputs.push_back(
        y.has_input(zero_point_slot)
            ? y.inputs[zero_point_slot]
            : r.new_constant(y.outputs[0], "zero_point", scalar_tensor(quantized_type(graph, y), 0)));
    graph.notes.push_back(
        fmt::format("{}: ONNX Runtime computes it in float; done channel by channel without a float tensor",
                    describe(graph, node)));
    r.remove(dq);
    r.remove(n);
    r.replace(q, std::move(fused));
  }
  r.finish();
}

}  // namespace

void fuse(Graph& graph) {
  make_lookups(graph);
  make_binaries(graph);
  make_means(graph);
  remove_dead(graph);
}

}  // namespace o2m

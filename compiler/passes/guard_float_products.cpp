// DequantizeLinear -> Conv, Gemm or MatMul [-> Relu] -> QuantizeLinear that ONNX Runtime leaves in float
// becomes one QDQConv or QDQGemm: no float tensor in RAM, integer speed, the same bits
// (compiler/ops/guarded.hpp). Products that stay in float remember that ONNX Runtime computes their weights
// at run time: it sums them in another order then.

#include <cmath>

#include "passes/passes.hpp"

namespace o2m {
namespace {

/// The node that makes `id` if its type is `type`, in ONNX's domain or com.microsoft's.
const Node* producer_of(const Graph& graph, const Uses& uses, ValueId id, std::string_view type) {
  const int n = id == ValueId::none ? -1 : uses.producer[index(id)];
  if (n < 0 || graph.nodes[static_cast<std::size_t>(n)].op_type != type) return nullptr;
  return &graph.nodes[static_cast<std::size_t>(n)];
}

bool one_element(const Graph& graph, ValueId id) {
  const Tensor* t = graph.constant(id);
  return t && t->count() == 1;
}

/// DequantizeLinear of 8-bit activations with one constant scale.
bool is_activation(const Graph& graph, const Node* dq) {
  return dq && is_8bit(graph[dq->inputs[0]].type) && !graph[dq->inputs[0]].constant &&
         one_element(graph, dq->inputs[1]);
}

/// Per channel along the output channels: axis 0 of Conv and transposed Gemm weights, else the last.
bool is_weight(const Graph& graph, const Node* dq, std::int64_t axis) {
  if (!dq || !is_8bit(graph[dq->inputs[0]].type) || !graph[dq->inputs[0]].constant) return false;
  const Tensor* scale = graph.constant(dq->inputs[1]);
  if (!scale || scale->count() == 1) return scale != nullptr;
  const auto rank = static_cast<std::int64_t>(graph.shape(dq->inputs[0]).size());
  const std::int64_t scale_axis = dq->attr("axis", 1);
  return (scale_axis < 0 ? scale_axis + rank : scale_axis) == axis;
}

struct Match {
  const Node *x, *w, *b = nullptr, *q;
  bool relu = false;
};

/// The bias as (integers, scale) or (floats, none) if both are constant; false when it is something else.
bool bias_inputs(const Graph& graph, const Uses& uses, const Node& product, std::int64_t channels,
                 std::vector<ValueId>& inputs) {
  if (!product.has_input(2)) return true;
  const Node* dq = producer_of(graph, uses, product.inputs[2], "DequantizeLinear");
  const Tensor* values = graph.constant(dq ? dq->inputs[0] : product.inputs[2]);
  if (!values || values->count() != channels) return false;
  if (!dq) {
    inputs.push_back(product.inputs[2]);
    return values->type == DType::float32;
  }
  const Tensor* zero_point = dq->has_input(2) ? graph.constant(dq->inputs[2]) : nullptr;
  if (dq->has_input(2) && !zero_point) return false;
  for (std::int64_t i = 0; zero_point && i < zero_point->count(); ++i)
    if (zero_point->integer(i) != 0) return false;
  inputs.push_back(dq->inputs[0]);
  inputs.push_back(dq->inputs[1]);
  return values->type == DType::int32 && graph.constant(dq->inputs[1]);
}

std::optional<Match> match(const Graph& graph, const Uses& uses, const Node& product, std::int64_t w_axis) {
  Match m{producer_of(graph, uses, product.inputs[0], "DequantizeLinear"),
          producer_of(graph, uses, product.inputs[1], "DequantizeLinear"), nullptr, nullptr};
  if (!is_activation(graph, m.x) || !is_weight(graph, m.w, w_axis) || !uses.single(product.outputs[0]))
    return std::nullopt;
  const auto reader = [&](ValueId id) {
    return &graph.nodes[static_cast<std::size_t>(uses.consumers[index(id)][0])];
  };
  m.q = reader(product.outputs[0]);
  if (m.q->is("Relu") && uses.single(m.q->outputs[0])) {
    m.relu = true;
    m.q = reader(m.q->outputs[0]);
  }
  const bool quantized =
      m.q->is("QuantizeLinear") && is_8bit(graph[m.q->outputs[0]].type) && one_element(graph, m.q->inputs[1]);
  return quantized ? std::optional(m) : std::nullopt;
}

/// The largest scale of all channels, and the largest sum of a channel's weights in magnitude.
struct WeightReach {
  double scale = 0, sum = 0;
};

WeightReach weight_reach(const Graph& graph, const Node& dq, std::int64_t axis) {
  const Tensor &w = *graph.constant(dq.inputs[0]), &scale = *graph.constant(dq.inputs[1]);
  const Tensor* zero_point = dq.has_input(2) ? graph.constant(dq.inputs[2]) : nullptr;
  const std::int64_t channels = w.shape[static_cast<std::size_t>(axis)];
  const std::int64_t inner = element_count(w.shape, static_cast<std::size_t>(axis) + 1, w.shape.size());
  std::vector<double> sums(static_cast<std::size_t>(channels), 0.0);
  for (std::int64_t i = 0; i < w.count(); ++i) {
    const std::int64_t c = i / inner % channels;
    const std::int64_t zero = !zero_point ? 0 : zero_point->integer(zero_point->count() == 1 ? 0 : c);
    sums[static_cast<std::size_t>(c)] += std::abs(static_cast<double>(w.integer(i) - zero));
  }
  WeightReach reach;
  for (std::int64_t i = 0; i < scale.count(); ++i) reach.scale = std::max(reach.scale, scale.real(i));
  for (const double sum : sums) reach.sum = std::max(reach.sum, sum);
  return reach;
}

/// Do integers have fraction bits left for a guard band? Sums that reach far more steps than y has leave
/// none.
bool has_room(const Graph& graph, const Match& m, std::int64_t axis) {
  const WeightReach w = weight_reach(graph, *m.w, axis);
  const double ratio =
      graph.constant(m.x->inputs[1])->real(0) * w.scale / graph.constant(m.q->inputs[1])->real(0);
  return ratio * w.sum * 255 < 0x1p22;
}

ValueId input_or_none(const Node& node, std::size_t i) {
  return node.has_input(i) ? node.inputs[i] : ValueId::none;
}

/// A Conv's bias counts as well: its blocked form is only for constants.
bool computes_weights(const Graph& graph, const Uses& uses, const Node& product) {
  const auto computed = [&](ValueId id) { return uses.producer[index(id)] >= 0; };
  if (computed(product.inputs[1])) return true;
  return product.is("Conv") && product.has_input(2) &&
         (computed(product.inputs[2]) || !graph.constant(product.inputs[2]));
}

bool can_guard(const Node& product) {
  if (product.is("Conv") || product.is("MatMul")) return true;
  return product.is("Gemm") && product.attr_float("alpha", 1.0F) == 1.0F &&
         product.attr_float("beta", 1.0F) == 1.0F && product.attr("transA", 0) == 0;
}

}  // namespace

void guard_float_products(Graph& graph) {
  const Uses uses(graph);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& product = graph.nodes[n];
    if (!product.is("Conv") && !product.is("Gemm") && !product.is("MatMul")) continue;
    if (computes_weights(graph, uses, product)) product.attributes["computed_weights"] = std::int64_t{1};
    if (!can_guard(product)) continue;
    const bool conv = product.is("Conv");
    const Shape& w_shape = graph.shape(product.inputs[1]);
    const std::int64_t axis =
        conv || product.attr("transB", 0) != 0 ? 0 : static_cast<std::int64_t>(w_shape.size()) - 1;
    if (w_shape.size() < 2 || (!conv && w_shape.size() != 2) ||
        (conv && (graph.shape(product.inputs[0])[0] != 1 || w_shape.size() > 4)))
      continue;
    const auto m = match(graph, uses, product, axis);
    if (!m || !has_room(graph, *m, axis)) continue;
    std::vector<ValueId> inputs{m->x->inputs[0], m->x->inputs[1],        input_or_none(*m->x, 2),
                                m->w->inputs[0], m->w->inputs[1],        input_or_none(*m->w, 2),
                                m->q->inputs[1], input_or_none(*m->q, 2)};
    if (!bias_inputs(graph, uses, product, w_shape[static_cast<std::size_t>(axis)], inputs)) continue;
    if (!m->q->has_input(2))
      continue;  // the output type of a QuantizeLinear without zero point is not on an input
    graph.notes.push_back(
        fmt::format("{}: ONNX Runtime computes it in float; done in integers with a guard band",
                    describe(graph, product)));
    product.attributes.erase("computed_weights");
    product.attributes["relu"] = std::int64_t{m->relu};
    product.op_type = conv ? "QDQConv" : "QDQGemm";
    product.domain = "onnx2mcu";
    product.inputs = std::move(inputs);
    // The QuantizeLinear's output is now the product's: nothing between them has another reader.
    Node& q = graph.nodes[static_cast<std::size_t>(m->q - graph.nodes.data())];
    std::swap(product.outputs[0], q.outputs[0]);
    q.inputs[0] = product.outputs[0];
    q.op_type = "Identity";
    q.inputs.resize(1);
    q.attributes.clear();
  }
  remove_dead(graph);
}

}  // namespace o2m

#include "passes/layout/absorb.hpp"

#include <numeric>

namespace o2m {
namespace {

bool is_integer_product(const Node& n) { return n.op_type == "QGemm" || n.op_type == "QLinearMatMul"; }
bool is_float_product(const Node& n) { return n.is("Gemm") || n.is("MatMul"); }
bool is_guarded_product(const Node& n) { return n.op_type == "QDQGemm"; }

/// Transpose(image) -> [Reshape ->] product; reshape is the node between.
struct Match {
  std::size_t reshape;
  ValueId image;
  Perm perm;
  Shape flat;           ///< shape the product reads
  std::size_t weights;  ///< input of the product
};

std::optional<Match> match(const Graph& graph, const Uses& uses, const Node& product) {
  if (!is_integer_product(product) && !is_float_product(product) && !is_guarded_product(product))
    return std::nullopt;
  const std::size_t w = is_float_product(product) ? 1 : 3;
  const Tensor* weights = graph.constant(product.inputs[w]);
  if (!weights || weights->shape.size() != 2 || product.attr("transA", 0) != 0) return std::nullopt;
  const int above = uses.producer[index(product.inputs[0])];
  if (above < 0) return std::nullopt;
  const Node& reshape = graph.nodes[static_cast<std::size_t>(above)];
  if (!reshape.is("Reshape") && !reshape.is("Flatten") && !reshape.is("Squeeze")) return std::nullopt;
  const Node* t = transpose_above(graph, uses, reshape.inputs[0]);
  const Shape& flat = graph.shape(product.inputs[0]);
  if (!t || !uses.single(reshape.outputs[0]) || element_count(flat) != flat.back()) return std::nullopt;
  return Match{static_cast<std::size_t>(above), t->inputs[0], *t->attr_ints("perm"), flat, w};
}

/// Channels C if the Transpose turns [1, …, C] into [1, C, …], else 0.
std::int64_t channels_moved(const Shape& image, const Perm& perm) {
  Perm first{0, static_cast<std::int64_t>(perm.size()) - 1};
  for (std::size_t i = 1; i + 1 < perm.size(); ++i) first.push_back(static_cast<std::int64_t>(i));
  return perm == first && image[0] == 1 ? image.back() : 0;
}

/// The weights with the rows (terms of the sum) in the order in which the image's elements lie.
Tensor permuted_weights(const Tensor& weights, const Shape& image, const Perm& perm, bool transposed) {
  Tensor order = make_tensor(DType::int64, permute(image, perm));  // element i of the Transpose's output …
  std::iota(order.as<std::int64_t>().begin(), order.as<std::int64_t>().end(), std::int64_t{0});
  const Tensor source = transpose_constant(order, inverse(perm));  // … lies at which place before it
  const std::int64_t k = order.count(), m = weights.count() / k;
  const auto item = static_cast<std::size_t>(size_of(weights.type));
  Tensor out = make_tensor(weights.type, weights.shape);
  for (std::int64_t i = 0; i < k; ++i)
    for (std::int64_t o = 0; o < m; ++o) {
      const auto cell = [&](std::int64_t row) {
        return static_cast<std::size_t>(transposed ? o * k + row : row * m + o) * item;
      };
      std::memcpy(out.bytes.data() + cell(i), weights.bytes.data() + cell(source.integer(i)), item);
    }
  return out;
}

}  // namespace

bool absorb_into_weights(GraphEditor& edit, const Uses& uses, std::size_t n) {
  Graph& graph = edit.graph;
  const auto m = match(graph, uses, graph.nodes[n]);
  if (!m) return false;
  const Shape image = graph.shape(m->image);
  const std::int64_t channels = channels_moved(image, m->perm);
  if (!is_integer_product(graph.nodes[n])) {
    if (channels == 0) return false;
    graph.nodes[n].attributes["a_channels"] = channels;
  }
  if (!is_float_product(graph.nodes[n])) {
    const Value weights = graph[graph.nodes[n].inputs[m->weights]];
    const bool transposed = graph.nodes[n].attr("transB", 0) != 0;
    graph.nodes[n].inputs[m->weights] =
        graph.add_constant(weights.name, permuted_weights(*weights.constant, image, m->perm, transposed));
  }
  Node& reshape = graph.nodes[m->reshape];
  const ValueId target =
      graph.add_constant(graph[reshape.outputs[0]].name + "_shape",
                         make_tensor(DType::int64, {static_cast<std::int64_t>(m->flat.size())},
                                     std::span<const std::int64_t>(m->flat)));
  reshape = {"Reshape", "", reshape.name, reshape.index, {m->image, target}, reshape.outputs, {}};
  return true;
}

}  // namespace o2m

// MatMul -> Add becomes Gemm, between Reshapes when the first operand is no matrix (MatMulAddFusion).

#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

/// ONNX Runtime leaves the projections of an attention block alone: Softmax -> MatMul -> Transpose -> Reshape
/// -> here.
bool behind_attention(const Rewriter& r, int matmul) {
  int n = r.input_node(matmul, 0);
  for (const char* type : {"Reshape", "Transpose", "MatMul"}) {
    if (n < 0 || !r.node(n).is(type)) return false;
    n = r.input_node(n, 0);
  }
  return n >= 0 && r.node(n).is("Softmax");
}

/// C may be (N), and for a matrix A also (1, N), (M, N) or (M, 1).
bool fits_gemm(const Shape& bias, const Shape& a, std::int64_t n) {
  if (bias.size() == 1) return bias[0] == n;
  if (a.size() != 2 || bias.size() != 2) return false;
  return (bias[0] == 1 && bias[1] == n) || (bias[0] == a[0] && (bias[1] == 1 || bias[1] == n));
}

ValueId reshape(Rewriter& r, int near, ValueId x, const Shape& shape, ValueId y) {
  const ValueId target = r.new_constant(
      x, "shape", make_tensor<std::int64_t>(DType::int64, {static_cast<std::int64_t>(shape.size())}, shape));
  r.add({"Reshape", "", "", r.node(near).index, {x, target}, {y}, {}}, near);
  return y;
}

void fuse(Rewriter& r, int matmul, int add) {
  Graph& graph = r.graph;
  const std::size_t bias_slot = r.node(add).inputs[0] == r.node(matmul).outputs[0] ? 1 : 0;
  Node gemm{"Gemm", "", r.node(matmul).name, r.node(matmul).index, r.node(matmul).inputs, r.node(add).outputs,
            {}};
  gemm.inputs.push_back(r.node(add).inputs[bias_slot]);
  const Shape a = graph.shape(gemm.inputs[0]);
  const std::int64_t k = a.back(), n = graph.shape(gemm.inputs[1])[1];
  r.remove(matmul);
  if (a.size() == 2) {
    r.replace(add, std::move(gemm));
    return;
  }
  const std::int64_t m = element_count({a.begin(), a.end() - 1});
  const ValueId y = gemm.outputs[0];
  const ValueId matrix_in = r.new_value(gemm.inputs[0], "matrix", graph[gemm.inputs[0]].type);
  const ValueId matrix_out = r.new_value(y, "matrix", graph[y].type);
  graph[matrix_in].shape = Shape{m, k};
  graph[matrix_out].shape = Shape{m, n};
  gemm.inputs[0] = reshape(r, add, gemm.inputs[0], {m, k}, matrix_in);
  gemm.outputs[0] = matrix_out;
  r.replace(add, std::move(gemm));
  Shape result = a;
  result.back() = n;
  reshape(r, add, matrix_out, result, y);
}

}  // namespace

bool merge_matmul_add(Graph& graph) {
  Rewriter r(graph);
  const int count = static_cast<int>(r.size());
  for (int n = 0; n < count; ++n) {
    if (!r.alive(n) || !r.node(n).is("MatMul")) continue;
    const int add = r.only_reader(n);
    if (add < 0 || !r.node(add).is("Add")) continue;
    const ValueId other = r.node(add).inputs[r.node(add).inputs[0] == r.node(n).outputs[0] ? 1 : 0];
    const Shape &a = graph.shape(r.node(n).inputs[0]), &b = graph.shape(r.node(n).inputs[1]);
    if (graph[other].type != DType::float32 || b.size() != 2 || a.empty()) continue;
    if (!fits_gemm(graph.shape(other), a, b[1]) || (a.size() != 2 && behind_attention(r, n))) continue;
    fuse(r, n, add);
  }
  return r.finish();
}

}  // namespace o2m

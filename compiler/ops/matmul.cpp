// MatMul 1-13 in float32 with NumPy's rules: batches broadcast, a one-dimensional operand is a row or a
// column.

#include "ops/estimate.hpp"
#include "ops/eval_elementwise.hpp"
#include "ops/float_matmul.hpp"

namespace o2m {
namespace {

struct Dims {
  Shape a, b;   ///< with at least two dimensions
  Shape batch;  ///< of the result
  std::int64_t m, k, n;
  std::int64_t kernel_m;  ///< rows that ONNX Runtime's kernel sees at once: a vector b makes every row a
                          ///< product of its own
  Shape out;
};

Dims dims_of(Shape a, Shape b) {
  if (a.empty() || b.empty())
    refuse("a {} and b {}: a scalar has no matrix product", to_string(a), to_string(b));
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  if (a.back() != b[b.size() - 2]) refuse("a {} and b {} do not match", to_string(a), to_string(b));
  Dims d{a,
         b,
         broadcast({a.begin(), a.end() - 2}, {b.begin(), b.end() - 2}),
         a[a.size() - 2],
         a.back(),
         b.back(),
         0,
         {}};
  d.out = d.batch;
  if (!row) d.out.push_back(d.m);
  if (!column) d.out.push_back(d.n);
  if (b.size() == 2) {  // one matrix for all: the batch is only more rows
    d.m *= element_count(d.batch);
    d.batch.clear();
  }
  d.kernel_m = column ? 1 : d.m;
  return d;
}

void infer(InferContext& c) {
  if (c.type(0) != DType::float32) refuse("a is {}, only float32 is supported", to_string(c.type(0)));
  c.set(0, DType::float32, dims_of(c.shape(0), c.shape(1)).out);
}

/// Strides of the batch dimensions in elements: those of matrices, times the size of a matrix.
std::vector<std::int64_t> batch_strides(const Shape& operand, const Shape& batch) {
  auto strides = broadcast_strides({operand.begin(), operand.end() - 2}, batch);
  for (std::int64_t& s : strides) s *= operand[operand.size() - 2] * operand.back();
  return strides;
}

void lower(LowerContext& c) {
  const Dims d = dims_of(c.in_shape(0), c.in_shape(1));
  Call call =
      float_product_call(c, {d.m, d.kernel_m, d.k, d.n}, d.batch.empty() ? "float_gemm" : "float_matmul");
  if (!d.batch.empty()) {
    call.macs *= element_count(d.batch);
    call.params.push_back(param("batch_rank", static_cast<std::int64_t>(d.batch.size())));
    call.params.push_back(param_ints("batch", d.batch));
    call.params.push_back(param_ints("a_batch", batch_strides(d.a, d.batch)));
    call.params.push_back(param_ints("b_batch", batch_strides(d.b, d.batch)));
  }
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_MatMul){"", "MatMul", infer, lower, nullptr, estimate_matmul};

}  // namespace o2m

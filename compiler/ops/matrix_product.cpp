#include "ops/matrix_product.hpp"

#include "ops/eval_elementwise.hpp"
#include "ops/strided_copy.hpp"

namespace o2m {

MatrixProduct matrix_product(Shape a, Shape b) {
  if (a.empty() || b.empty()) refuse("{} and {}: a scalar has no matrix product", to_string(a), to_string(b));
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  if (a.back() != b[b.size() - 2]) refuse("{} and {} do not match", to_string(a), to_string(b));
  const Shape a_batch{a.begin(), a.end() - 2}, b_batch{b.begin(), b.end() - 2};
  MatrixProduct p{a[a.size() - 2], a.back(), b.back(), broadcast(a_batch, b_batch), {}, {}, {}};
  p.out = p.batch;
  if (!row) p.out.push_back(p.m);
  if (!column) p.out.push_back(p.n);
  p.a_step = broadcast_strides(a_batch, p.batch);
  p.b_step = broadcast_strides(b_batch, p.batch);
  merge_loops(p.batch, {&p.a_step, &p.b_step});
  if (p.batch == Shape{1} ||
      (p.batch.size() == 1 && p.b_step[0] == 0)) {  // one matrix for all: the batch is only more rows
    p.m *= p.batch[0];
    p.batch.clear();
  }
  for (std::int64_t& s : p.a_step) s *= p.m * p.k;
  for (std::int64_t& s : p.b_step) s *= p.k * p.n;
  return p;
}

void add_matrix_product(Call& call, const MatrixProduct& p) {
  call.params = {param("m", p.m), param("k", p.k), param("n", p.n)};
  const bool one = p.batch.empty();
  call.params.push_back(param_ints("batch", one ? Shape{1} : p.batch));
  call.params.push_back(param_ints("a_batch", one ? Shape{0} : p.a_step));
  call.params.push_back(param_ints("b_batch", one ? Shape{0} : p.b_step));
  call.macs = element_count(p.batch) * p.m * p.k * p.n;
}

}  // namespace o2m

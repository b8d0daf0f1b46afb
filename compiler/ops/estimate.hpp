// Float evaluation for calibration (Op::estimate): within rounding of what the generated code computes, and
// fast. The order of sums is not ONNX Runtime's, so that these never fold constants.
#pragma once

#include "ops/op.hpp"

namespace o2m {

using Estimate = std::vector<Tensor>(const Graph&, const Node&, EvalInputs);

Estimate estimate_conv;
Estimate estimate_gemm, estimate_matmul;
Estimate estimate_max_pool, estimate_average_pool;  ///< and their global forms
Estimate estimate_softmax;                          ///< and LogSoftmax
Estimate estimate_batch_normalization;
Estimate estimate_reduce;  ///< all of Reduce…
Estimate estimate_mean, estimate_prelu, estimate_pow;
Estimate estimate_celu, estimate_mish;
Estimate estimate_recurrent;  ///< LSTM, GRU, RNN with their default activations

}  // namespace o2m

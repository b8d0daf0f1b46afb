// Which order of summation ONNX Runtime's CPU provider (1.30.0, x86-64 with AVX512F, one thread) uses for a
// float convolution or matrix product: the last bit of a float sum depends on it.
// runtime/onnx2mcu/float_sum.hpp has the sums.
#pragma once

#include <cstdint>
#include <string>

#include "ops/lower.hpp"

namespace o2m {

struct FloatOrder {
  const char* name = "blocks";  ///< enumerator of onnx2mcu::SumOrder
  std::int64_t block = 0;       ///< terms of one block (SumOrder::blocks)
  std::int64_t block_c = 1;     ///< convolution: channels that are innermost, behind the kernel's cells
  bool flipped =
      false;  ///< SumOrder::lanes: outputs are counted by row of the product (filter), not by column (pixel)
};

struct ConvGeometry {
  std::int64_t in_c, out_c, groups, k_h, k_w, in_h, in_w, out_h, out_w;
  std::size_t rank = 2;  ///< spatial dimensions
  bool constant_weights = true, no_pads = true, unit_strides = true, unit_dilations = true;
};

/// Is input i a constant in ONNX Runtime too? Our own attribute computed_weights says that it computes it at
/// run time.
inline bool is_constant_weight(const LowerContext& c, std::size_t i) {
  return c.constant(i) && c.node.attr("computed_weights", 0) == 0;
}

FloatOrder conv_order(const ConvGeometry& g);

/// Does ONNX Runtime run this convolution in its blocked layout (NCHWc: 16 channels with AVX512F)?
bool is_nchwc(const ConvGeometry& g);

/// y[m, n] = a[m, k] · b[k, n]. `packed`: b is a constant matrix; `scaled`: alpha or beta is neither 0 nor 1.
FloatOrder matmul_order(std::int64_t m, std::int64_t k, std::int64_t n, bool packed, bool scaled,
                        bool transposed_a, bool transposed_b);

/// The params `order`, `block` and `flipped` of the kernel's layer.
void add_order(Call& call, const FloatOrder& order);

}  // namespace o2m

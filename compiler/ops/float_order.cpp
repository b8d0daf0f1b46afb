#include "ops/float_order.hpp"

#include <algorithm>

namespace o2m {
namespace {

/// MlasSgemmOperation: terms of a block for k terms and n outputs a row, when b is not packed.
std::int64_t unpacked_block(std::int64_t k, std::int64_t n, bool transposed_a) {
  std::int64_t stride_n = 128, stride_k = 128;
  if (n >= k) {
    for (; stride_k / 2 >= k; stride_k /= 2) stride_n *= 2;
  } else if (!transposed_a) {
    for (; stride_n > 16 && stride_n / 2 >= n; stride_n /= 2) stride_k *= 2;
  }
  return std::min(stride_k, k);
}

FloatOrder nchwc_order(const ConvGeometry& g) {
  const std::int64_t depth = g.in_c / g.groups, area = g.k_h * g.k_w;
  if (depth < 16) return {"blocks", area, 1};
  if (area == 1 && g.no_pads)
    return {"blocks", std::min<std::int64_t>(128, depth), std::min<std::int64_t>(128, depth)};
  return {"blocks", 16 * area, 16};
}

}  // namespace

bool is_nchwc(const ConvGeometry& g) {
  if (g.rank != 2 || !g.constant_weights) return false;
  const std::int64_t depth = g.in_c / g.groups, group_out = g.out_c / g.groups;
  if (g.groups == 1) return g.in_c < 16 || g.in_c % 4 == 0;
  if (g.out_c % 4 != 0) return false;
  return (depth == 1 && group_out == 1) || (depth % 16 == 0 && group_out % 16 == 0);
}

FloatOrder conv_order(const ConvGeometry& g) {
  if (is_nchwc(g)) return nchwc_order(g);
  const std::int64_t depth = g.in_c / g.groups, area = g.k_h * g.k_w, group_out = g.out_c / g.groups;
  const std::int64_t terms = depth * area, pixels = g.out_h * g.out_w;
  const bool plain = g.unit_strides && g.no_pads, flat = g.rank <= 2;
  const bool pointwise = plain && area == 1;
  // MlasConvPrepare: a kernel as wide as the image reads its rows where they lie, as a transposed matrix.
  const bool rows = flat && plain && !pointwise && g.unit_dilations && depth == 1 && g.k_w == g.in_w;
  if (group_out == 1) return rows ? FloatOrder{"lanes", terms, 1, false} : FloatOrder{"fours", 4, 1};
  const bool columns = flat && plain && g.unit_dilations && depth == 1 && g.k_h == g.in_h && g.k_w == 1;
  if (pixels == 1 && (g.in_w == 1 || (!rows && !columns))) return {"lanes", terms, 1, true};
  const std::int64_t block = unpacked_block(terms, pixels, false);
  return {"blocks", block, area == 1 ? block : 1};
}

FloatOrder matmul_order(std::int64_t m, std::int64_t k, std::int64_t n, bool packed, bool scaled,
                        bool transposed_a, bool transposed_b) {
  if (packed) return {"blocks", std::min<std::int64_t>(256, k)};
  if (m == 1 && !transposed_a && !scaled)
    return transposed_b ? FloatOrder{"lanes", k} : FloatOrder{"fours", 4};
  if (n == 1 && !scaled && !transposed_b)
    return transposed_a ? FloatOrder{"fours", 4} : FloatOrder{"lanes", k, 1, true};
  return {"blocks", unpacked_block(k, n, transposed_a)};
}

void add_order(Call& call, const FloatOrder& order) {
  call.params.push_back({"onnx2mcu::SumOrder", "order", std::string("onnx2mcu::SumOrder::") + order.name});
  call.params.push_back({"int", "block", std::to_string(order.block)});
  call.params.push_back({"bool", "flipped", order.flipped ? "true" : "false"});
}

}  // namespace o2m

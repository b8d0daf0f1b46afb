// What QLinearConv and QDQConv share: dimensions, weights in the kernels' order, and the kernel call.
// Both have the inputs x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, [b …].
#pragma once

#include "ops/quantization.hpp"
#include "ops/window.hpp"

namespace o2m {

struct QuantizedConv {
  std::int64_t in_c, out_c, groups, depth;  ///< depth: input channels a group
  std::vector<std::int64_t> spatial;
  Window2d window;
  QuantizedWeights weights;  ///< [out_c][k_h][k_w][depth]
  std::int32_t x_zero_point;

  bool depthwise() const { return depth == 1 && groups > 1; }
};

void infer_quantized_conv(InferContext& c);
QuantizedConv read_quantized_conv(LowerContext& c);
/// A call of `kernel` with everything but the requantization.
Call quantized_conv_call(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc,
                         std::string kernel, std::string header);
/// A call of the fastest kernel the target has for it, with everything but the requantization. acc.bias may
/// change to what that kernel's sums begin from.
Call integer_conv_call(LowerContext& c, const QuantizedConv& conv, Accumulators& acc);
/// Whether the kernels for a DSP core suit it: one group, or depthwise.
bool packs(LowerContext& c, const QuantizedConv& conv);
/// The same on the DSP extension's multiply-accumulate, one group: kernel packed_conv2d or
/// packed_direct_conv2d.
Call packed_conv_call(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc);
/// The same for kernel packed_guarded_conv2d.
Call packed_guarded_conv_call(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc);
/// Elements of scratch that the call of a kernel with patches needs for patches of `tile` pixels, by its
/// params.
std::int64_t patch_elements(const Call& call, std::int64_t tile);
/// Patches of another size; the kernel then reads its weights from flash.
void set_tile(Call& call, std::int64_t tile);
/// Pixels of the patches that need the least scratch.
std::int64_t smallest_tile(const Call& call);

}  // namespace o2m

#include "ops/fully_connected.hpp"

#include "kernels/blocked.hpp"
#include "kernels/packed.hpp"
#include "kernels/requantize_sum.hpp"

namespace o2m {

namespace {

/// Four inputs at a time, bytes 0 and 2 of a word before bytes 1 and 3.
PackingOrder byte_order(std::int64_t in) {
  PackingOrder order{{}, 2, 8};
  const auto tap = [in](std::int64_t i) { return i < in ? i : -1; };
  for (std::int64_t i = 0; i < in; i += 4) {
    order.steps.push_back({i, tap(i + 2)});
    order.steps.push_back({tap(i + 1), tap(i + 3)});
  }
  return order;
}

/// Constants of the layer, from `first` on, begin with a line of the flash's cache, in which the kernels read
/// each line once: of the Cortex-M7's data cache, or of the STM32F4's accelerator.
void align_constants(LowerContext& c, std::size_t first) {
  for (std::size_t i = first; i < c.program.constants.size(); ++i)
    c.program.constants[i].alignment = c.target.cpu == "CortexM7" ? 32 : 16;
}

}  // namespace

void add_packed_product(LowerContext& c, Call& call, const QuantizedWeights& weights,
                        const Accumulators& acc) {
  const PackedWeights packed = pack_weights(weights, acc, byte_order(weights.taps));
  add_packed_weights(c, call, packed);
  call.algorithm = "8 rows x 4 inputs; " + packed.reason;
}

namespace {

/// acc: becomes what the kernel's sums begin from.
void add_blocked_product(LowerContext& c, Call& call, const FullyConnected& f, Accumulators& acc) {
  const std::int64_t block = rows_of_a_block(f.out);
  acc.bias = block_product_bias(f.weights, acc.bias, c.in(0).type);
  const int scale_bits = sum_scale_bits(f.weights, acc);
  const std::vector<std::int8_t> weights = block_product_weights(f.weights, block);
  call.params.push_back(param("block", block));
  call.params.push_back(param("scale_bits", scale_bits));
  call.params.push_back(param_array(c.program, "weights", c.array("weights", DType::int8, weights)));
  if (scale_bits == 0)
    call.params.push_back(param_array(c.program, "bias", c.array("bias", DType::int32, acc.bias)));
  call.weight_bytes = static_cast<std::int64_t>(weights.size());
  call.algorithm = fmt::format("{} rows x 2 inputs, two products in one multiplication", block);
}

}  // namespace

void lower_fully_connected(LowerContext& c, const FullyConnected& f, Operand x) {
  Accumulators acc = accumulators_of(f.weights, f.bias, c.in(0).type, f.x_zero_point);
  const std::size_t first_constant = c.program.constants.size();
  const bool to_float = c.out(0).type == DType::float32;
  const bool packs = c.blocked() && !to_float,
             blocks = wants_blocks(c) && !to_float && f.weights.type == DType::int8;
  Call call = packs ? c.call("packed_fully_connected", "packed_fully_connected.hpp")
              : blocks
                  ? c.call("blocked_fully_connected", "blocked_fully_connected.hpp")
                  : c.call(to_float ? "fully_connected_float" : "fully_connected", "fully_connected.hpp");
  call.reads = {x};
  call.writes = {c.output(0)};
  call.params = {param("rows", f.rows), param("in", f.in), param("out", f.out)};
  if (packs) {
    add_packed_product(c, call, f.weights, acc);
  } else if (blocks) {
    add_blocked_product(c, call, f, acc);
  } else {
    call.params.push_back(param_array(c.program, "weights", weight_array(c, f.weights)));
    call.params.push_back(param_array(c.program, "bias", c.array("bias", DType::int32, acc.bias)));
    call.weight_bytes = static_cast<std::int64_t>(f.weights.values.size()) * size_of(f.weights.type);
  }
  if (to_float)
    call.params.push_back(param_array(c.program, "scale", c.array("scale", DType::float32, f.scales)));
  else if (blocks && int_param(call, "scale_bits") > 0)
    add_sum_requantization(c, call, f.scales, f.y_zero_point, c.out(0).type, acc);
  else
    add_requantization(c, call, f.scales, f.y_zero_point, c.out(0).type, acc.ranges);
  if (packs) align_constants(c, first_constant);
  call.macs = f.rows * f.in * f.out;
  c.add(std::move(call));
}

}  // namespace o2m

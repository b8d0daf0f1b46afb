// com.microsoft MatMulNBits 1 with 4- or 8-bit weights: A float, B uint8 [N][blocks][bytes], scales float [N
// * blocks], [zero_points uint8, packed as B is], [g_idx: not supported], [bias]. accuracy_level 4
// (activations rounded to 8 bits) is not supported.

#include "ops/float_order.hpp"
#include "ops/quantization.hpp"

namespace o2m {
namespace {

enum Input : std::size_t { a_slot, b_slot, scales_slot, zero_points_slot, g_idx_slot, bias_slot };

struct Dims {
  std::int64_t m, k, n, bits, block_size, blocks;
  std::int64_t zero_bytes() const { return (blocks * bits + 7) / 8; }  ///< of a column
};

Dims dims_of(const Graph& graph, const Node& node) {
  const Shape& a = graph.shape(node.inputs[a_slot]);
  Dims d{0, node.attr("K", 0), node.attr("N", 0), node.attr("bits", 4), node.attr("block_size", 0), 0};
  constexpr std::int64_t most = std::int64_t{1} << 24;
  if (d.k < 1 || d.n < 1 || d.k > most || d.n > most)
    refuse("K {} and N {} must lie within 1 and {}", d.k, d.n, most);
  if (d.bits != 4 && d.bits != 8) refuse("bits {} is not supported, only 4 and 8", d.bits);
  if (d.block_size < 16 || d.block_size > most || (d.block_size & (d.block_size - 1)) != 0)
    refuse("block_size {} is no power of two from 16 on", d.block_size);
  if (a.empty() || a.back() != d.k) refuse("A has shape {}, expected {} columns", to_string(a), d.k);
  d.m = element_count(a) / d.k;
  d.blocks = (d.k + d.block_size - 1) / d.block_size;
  return d;
}

void check_count(const Graph& graph, const Node& node, std::size_t i, const char* what, std::int64_t count) {
  if (element_count(graph.shape(node.inputs[i])) != count)
    refuse("{} has shape {}, expected {} elements", what, to_string(graph.shape(node.inputs[i])), count);
}

void infer(InferContext& c) {
  const Dims d = dims_of(c.graph, c.node);
  if (c.type(a_slot) != DType::float32)
    refuse("A is {}, only float32 is supported", to_string(c.type(a_slot)));
  if (c.node.attr("accuracy_level", 0) >= 4)
    refuse("accuracy_level {} (activations rounded to 8 bits) is not supported, only 0 to 3",
           c.node.attr("accuracy_level", 0));
  if (c.has(g_idx_slot)) refuse("g_idx is not supported");
  if (c.type(b_slot) != DType::uint8) refuse("B is {}, expected uint8", to_string(c.type(b_slot)));
  check_count(c.graph, c.node, b_slot, "B", d.n * d.blocks * d.block_size * d.bits / 8);
  check_count(c.graph, c.node, scales_slot, "scales", d.n * d.blocks);
  if (c.has(zero_points_slot) && c.type(zero_points_slot) != DType::uint8)
    refuse("zero_points is {}, only uint8 is supported", to_string(c.type(zero_points_slot)));
  if (c.has(zero_points_slot))
    check_count(c.graph, c.node, zero_points_slot, "zero_points", d.n * d.zero_bytes());
  if (c.has(bias_slot)) check_count(c.graph, c.node, bias_slot, "bias", d.n);
  Shape y = c.shape(a_slot);
  y.back() = d.n;
  c.set(0, DType::float32, y);
}

/// One per block, unpacked; the middle of the range where there are none.
std::vector<std::uint8_t> zero_points(const LowerContext& c, const Dims& d) {
  if (!c.node.has_input(zero_points_slot)) return {static_cast<std::uint8_t>(1 << (d.bits - 1))};
  const Tensor& packed = c.required_constant(zero_points_slot, "zero_points");
  std::vector<std::uint8_t> out;
  for (std::int64_t n = 0; n < d.n; ++n)
    for (std::int64_t block = 0; block < d.blocks; ++block) {
      const std::int64_t byte = packed.integer(n * d.zero_bytes() + block * d.bits / 8);
      out.push_back(static_cast<std::uint8_t>(d.bits == 8 ? byte : block % 2 == 0 ? byte & 15 : byte >> 4));
    }
  return out;
}

void lower(LowerContext& c) {
  const Dims d = dims_of(c.graph, c.node);
  const bool has_bias = c.node.has_input(bias_slot);
  const Tensor &b = c.required_constant(b_slot, "B"), &scales = c.required_constant(scales_slot, "scales");
  std::vector<float> scale;
  for (std::int64_t i = 0; i < scales.count(); ++i) scale.push_back(static_cast<float>(scales.real(i)));
  // Four-bit weights: rows one by one in lanes (the kernel knows), several in one go over all of k. Others
  // are widened by ONNX Runtime, for a product whose second operand it has not packed.
  const FloatOrder order =
      d.bits == 4 ? FloatOrder{"blocks", d.k} : matmul_order(d.m, d.k, d.n, false, false, false, true);
  Call call = c.call(has_bias ? "matmul_nbits_bias" : "matmul_nbits", "matmul_nbits.hpp");
  call.reads = {c.operand(a_slot), c.array("weights", DType::uint8, b.bytes)};
  if (has_bias) call.reads.push_back(c.operand(bias_slot));
  call.writes = {c.output(0)};
  call.params = {param("m", d.m),
                 param("k", d.k),
                 param("n", d.n),
                 param("bits", d.bits),
                 param("block_size", d.block_size),
                 param("blocks", d.blocks)};
  call.params.push_back(param_array(c.program, "scale", c.array("scale", DType::float32, scale)));
  call.params.push_back(
      param_array(c.program, "zero_point", c.array("zero_point", DType::uint8, zero_points(c, d))));
  add_order(call, order);
  call.macs = d.m * d.k * d.n;
  call.weight_bytes = b.count() + scales.count() * 4;
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_MatMulNBits){"com.microsoft", "MatMulNBits", infer, lower};

}  // namespace o2m

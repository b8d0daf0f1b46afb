#include "kernels/blocked.hpp"

namespace o2m {
namespace {

std::int8_t byte_at(const QuantizedWeights& w, std::int64_t row, std::int64_t tap) { return row < w.channels ? static_cast<std::int8_t>(w.at(row, tap)) : std::int8_t{0}; }

void align(std::vector<std::int8_t>& bytes) { bytes.resize((bytes.size() + 3) / 4 * 4); }

}  // namespace

bool wants_blocks(LowerContext& c) { return c.target.cpu == "CortexM3" && c.form().blocked; }

std::int64_t rows_of_a_block(std::int64_t rows) {
  constexpr std::int64_t most = 6;  // accumulators beside four inputs, two pointers and two operands
  const std::int64_t blocks = (rows + most - 1) / most;
  return (rows + blocks - 1) / blocks;
}

std::vector<std::int8_t> block_product_weights(const QuantizedWeights& w, std::int64_t block) {
  std::vector<std::int8_t> out;
  for (std::int64_t first = 0; first < w.channels; first += block) {
    const std::int64_t end = std::min(first + block, w.channels);
    for (std::int64_t i = 0; i < w.taps / 4 * 4; i += 4)
      for (std::int64_t row = first; row < end; ++row)
        for (std::int64_t k = 0; k < 4; ++k) out.push_back(byte_at(w, row, i + k));
    for (std::int64_t i = w.taps / 4 * 4; i < w.taps; ++i)
      for (std::int64_t row = first; row < end; ++row) out.push_back(byte_at(w, row, i));
    align(out);
  }
  return out;
}

std::vector<std::int8_t> block_conv_weights(const QuantizedWeights& w, const std::vector<std::int64_t>& order) {
  std::vector<std::int8_t> out;
  for (std::int64_t row = 0; row < w.channels; row += 2) {
    for (const std::int64_t tap : order)
      for (const std::int64_t r : {row, row + 1}) out.push_back(byte_at(w, r, tap));
    align(out);
  }
  return out;
}

void add_blocked_weights(LowerContext& c, Call& call, const std::vector<std::int8_t>& weights, const std::vector<std::int32_t>& bias) {
  call.params.push_back(param_array(c.program, "weights", c.array("weights", DType::int8, weights)));
  call.params.push_back(param_array(c.program, "bias", c.array("bias", DType::int32, bias)));
  call.weight_bytes = static_cast<std::int64_t>(weights.size());
}

}  // namespace o2m

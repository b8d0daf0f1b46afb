#include "kernels/blocked.hpp"

namespace o2m {
bool wants_blocks(LowerContext& c) { return c.target.cpu == "CortexM3" && c.form().blocked; }

std::int64_t rows_of_a_block(std::int64_t rows) {
  constexpr std::int64_t most =
      3;  // pairs: two sums each beside two inputs, two pointers, a mask and two operands
  const std::int64_t pairs = (rows + 1) / 2, blocks = (pairs + most - 1) / most;
  return 2 * ((pairs + blocks - 1) / blocks);
}

std::vector<std::int8_t> block_product_weights(const QuantizedWeights& w, std::int64_t block) {
  std::vector<std::int8_t> out;
  for (std::int64_t first = 0; first < w.channels; first += block) {
    const std::int64_t end = std::min(first + block, w.channels);
    const auto byte = [&](std::int64_t row, std::int64_t tap) {
      return static_cast<std::int8_t>(row < end && tap < w.taps ? w.at(row, tap) ^ 0x80 : 0);
    };
    for (std::int64_t i = 0; i < w.taps; i += 2)
      for (std::int64_t row = first; row < end; row += 2)
        out.insert(out.end(), {byte(row + 1, i), byte(row + 1, i + 1), byte(row, i), byte(row, i + 1)});
  }
  return out;
}

std::vector<std::int32_t> block_product_bias(const QuantizedWeights& w, std::vector<std::int32_t> bias,
                                             DType x_type) {
  if (x_type == DType::int8)
    for (std::int64_t row = 0; row < w.channels; ++row)
      for (std::int64_t i = 0; i < w.taps; ++i) bias[static_cast<std::size_t>(row)] -= 128 * w.at(row, i);
  return bias;
}

namespace {

/// Of the weights of the cells in the lower and the upper half of a word: the part of the lower cell's weight
/// that leaves the sum of both products within the upper half for every cell, 1 ... 256 and -128 ... 127. One
/// is kept for what the lower half borrows.
std::int64_t fitting_weight(std::int64_t lower, std::int64_t upper) {
  const auto fits = [upper](std::int64_t w) {
    const std::int64_t least = std::min(-128 * upper, 127 * upper) + std::min(w, 256 * w),
                       most = std::max(-128 * upper, 127 * upper) + std::max(w, 256 * w);
    return least > -32768 && most <= 32767;
  };
  while (!fits(lower)) lower += lower < 0 ? 1 : -1;
  return lower;
}

}  // namespace

PairedWeights pair_weights(const QuantizedWeights& w, const Accumulators& acc,
                           const std::vector<std::int64_t>& halves, std::size_t column, DType x_type) {
  const std::int64_t lower_start = x_type == DType::int8 ? 129 : 1,
                     upper_start = x_type == DType::int8 ? 0 : -128;  // added to a cell
  const auto at = [&w](std::int64_t row, std::int64_t tap) -> std::int64_t {
    return row < w.channels ? w.at(row, tap) : 0;
  };
  const auto byte = [](std::int64_t weight) {
    return static_cast<std::int8_t>(weight < 0 ? weight + 128 : weight - 128);
  };  // 0 ... 255 stand for -128 ... 127
  const bool copies = column >= 2 && halves[column - 2] == copied_tap;
  PairedWeights out;
  out.bias = acc.bias;
  for (std::int64_t row = 0; row < w.channels; row += 2) {
    out.first_extra.push_back(static_cast<std::int32_t>(out.extras.size()));
    std::int64_t lacking[2] = {0, 0};  // of the weights of the column's first cell
    for (std::size_t i = 0; i < halves.size(); i += 2) {
      std::int8_t bytes[4];
      std::uint32_t extra = 0;
      for (std::int64_t r = 0; r < 2; ++r) {
        const std::int64_t lower = halves[i] == copied_tap ? lacking[r] : at(row + r, halves[i]),
                           upper = at(row + r, halves[i + 1]), fitting = fitting_weight(lower, upper);
        bytes[r] = byte(upper);
        bytes[2 + r] = byte(fitting);
        const bool later = copies && i % column == 0 && halves[i] != copied_tap;
        if (later)
          lacking[r] = lower - fitting;
        else
          extra |= (static_cast<std::uint32_t>(lower - fitting) & 0xFFU) << (16 + 8 * r);
        if (row + r < w.channels)
          out.bias[static_cast<std::size_t>(row + r)] += static_cast<std::int32_t>(
              (upper < 0 ? 1 : 0) - lower_start * (later ? fitting : lower) - upper_start * upper);
      }
      out.words.insert(out.words.end(), bytes, bytes + 4);
      if (extra != 0) out.extras.push_back(extra | static_cast<std::uint32_t>(2 * i));
    }
    out.most_extras =
        std::max(out.most_extras, static_cast<std::int64_t>(out.extras.size()) - out.first_extra.back());
  }
  out.first_extra.push_back(static_cast<std::int32_t>(out.extras.size()));
  return out;
}

Rounds choose_rounds(std::int64_t words) {
  constexpr std::int64_t most_steps = 15, step_cycles = 13, round_cycles = 9;  // the loads reach 128 bytes
  Rounds best{words, 1};
  std::int64_t least = INT64_MAX;
  for (std::int64_t steps = 1; steps <= std::min(words, most_steps); ++steps) {
    const std::int64_t rounds = (words + steps - 1) / steps,
                       cycles = rounds * (steps * step_cycles + round_cycles);
    if (cycles < least) least = cycles, best = {steps, rounds};
  }
  return best;
}

}  // namespace o2m

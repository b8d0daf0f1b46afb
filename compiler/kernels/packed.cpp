#include "kernels/packed.hpp"

namespace o2m {
namespace {

constexpr std::int64_t widest_first_sum = std::int64_t{1}
                                          << 23;  // of row A, which shares a word with 8 bits of row B

/// Why rows A and B cannot share halfwords, or nothing.
std::string obstacle(const QuantizedWeights& w, const Accumulators& acc, std::int64_t a, std::int64_t b) {
  const AccumulatorRange range = acc.ranges[static_cast<std::size_t>(a)];
  if (range.lo < -widest_first_sum || range.hi >= widest_first_sum)
    return fmt::format("channel {} can reach {}, beyond 2^23", a, std::max(-range.lo, range.hi));
  for (std::int64_t t = 0; t < w.taps; ++t) {
    const std::int64_t low = b < w.channels ? w.at(b, t) : 0, half = 256 * std::int64_t{w.at(a, t)} + low;
    if (low < -128 || low > 127 || half < -32768 || half > 32767)
      return fmt::format("the weights {} and {} of channels {} and {} do not fit one halfword", w.at(a, t),
                         low, a, b);
  }
  return {};
}

/// The words of one step of rows a and a + 1.
void append_step(std::vector<std::int32_t>& words, const QuantizedWeights& w, std::int64_t a, TapPair taps,
                 bool packed) {
  const auto weight = [&](std::int64_t row, std::int64_t tap) {
    return tap < 0 || row >= w.channels ? 0 : w.at(row, tap);
  };
  const auto word = [](std::int32_t lower, std::int32_t upper) {
    return static_cast<std::int32_t>((static_cast<std::uint32_t>(lower) & 0xFFFFU) |
                                     static_cast<std::uint32_t>(upper) << 16);
  };
  if (packed) {
    words.push_back(word(256 * weight(a, taps.lower) + weight(a + 1, taps.lower),
                         256 * weight(a, taps.upper) + weight(a + 1, taps.upper)));
  } else {
    for (const std::int64_t row : {a, a + 1})
      words.push_back(word(weight(row, taps.lower), weight(row, taps.upper)));
  }
}

}  // namespace

PackedWeights pack_weights(const QuantizedWeights& w, const Accumulators& acc, const PackingOrder& order) {
  PackedWeights out{true, {}, {}, "two weights a halfword, all accumulators below 2^23"};
  for (std::int64_t a = 0; out.packed && a < w.channels; a += 2)
    if (const std::string why = obstacle(w, acc, a, a + 1); !why.empty())
      out = {false, {}, {}, "a weight a halfword: " + why};
  std::int64_t block = order.rows_together;
  for (std::int64_t c = 0; c < w.channels; c += block) {
    while (block > 1 && block > w.channels - c) block /= 2;
    for (std::size_t s = 0; s < order.steps.size(); s += static_cast<std::size_t>(order.steps_together))
      for (std::int64_t a = c; a < c + block; a += 2)
        for (const TapPair& taps :
             std::span(order.steps).subspan(s, static_cast<std::size_t>(order.steps_together)))
          append_step(out.words, w, a, taps, out.packed);
  }
  for (std::int64_t a = 0; a < w.channels; a += 2) {
    const std::int64_t first = acc.bias[static_cast<std::size_t>(a)],
                       second = a + 1 < w.channels ? acc.bias[static_cast<std::size_t>(a + 1)] : 0;
    out.bias.push_back(static_cast<std::int32_t>(out.packed ? 256 * first + second : first));  // modulo 2^32
    out.bias.push_back(static_cast<std::int32_t>(second));
  }
  return out;
}

void add_packed_weights(LowerContext& c, Call& call, const PackedWeights& packed) {
  call.params.push_back(param_bool("packed", packed.packed));
  call.params.push_back(param("unroll", c.form().unroll));
  call.params.push_back(param_array(c.program, "weights", c.array("weights", DType::int32, packed.words)));
  call.params.push_back(param_array(c.program, "bias", c.array("bias", DType::int32, packed.bias)));
  call.weight_bytes = static_cast<std::int64_t>(packed.words.size()) * 4;
}

}  // namespace o2m

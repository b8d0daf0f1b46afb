#include "kernels/winograd.hpp"

#include <algorithm>
#include <array>

namespace o2m {
namespace {

/// Twice Winograd's G applied to three numbers.
std::array<std::int32_t, 4> twice_transformed(std::int32_t a, std::int32_t b, std::int32_t c) { return {2 * a, a + b + c, a - b + c, 2 * c}; }

/// The 16 weights of one input of one channel: four times G g G'.
std::array<std::int32_t, 16> tile_weights(const QuantizedConv& conv, std::int64_t channel, std::int64_t input) {
  const auto g = [&](std::int64_t ky, std::int64_t kx) { return conv.weights.at(channel, (ky * 3 + kx) * conv.depth + input); };
  std::array<std::array<std::int32_t, 4>, 3> rows;
  for (std::size_t ky = 0; ky < 3; ++ky) {
    const auto k = static_cast<std::int64_t>(ky);
    rows[ky] = twice_transformed(g(k, 0), g(k, 1), g(k, 2));
  }
  std::array<std::int32_t, 16> tile{};
  for (std::size_t x = 0; x < 4; ++x) {
    const auto column = twice_transformed(rows[0][x], rows[1][x], rows[2][x]);
    for (std::size_t y = 0; y < 4; ++y) tile[4 * y + x] = column[y];
  }
  return tile;
}

/// Whether four times every accumulator fits int32: sums modulo 2^32 are exact then. (Transformed inputs are at most
/// 4 * 255 and weights 9 * 255 in magnitude, so both fit int16.)
bool fits(const Accumulators& acc) {
  constexpr std::int64_t limit = std::int64_t{1} << 29;
  return std::all_of(acc.ranges.begin(), acc.ranges.end(), [](AccumulatorRange r) { return r.lo >= -limit && r.hi < limit; });
}

}  // namespace

bool wants_winograd(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc) {
  const Window2d& w = conv.window;
  return c.blocked() && c.forms.winograd.count(c.layer_name()) > 0 && conv.groups == 1 && w.k_h == 3 && w.k_w == 3 && w.stride_h == 1 && w.stride_w == 1 && w.dil_h == 1 && w.dil_w == 1 &&
         conv.in_c % 4 == 0 && conv.out_c % 2 == 0 && fits(acc);
}

std::vector<std::int32_t> winograd_weights(const QuantizedConv& conv) {
  std::vector<std::int32_t> words;
  for (std::int64_t c = 0; c < conv.out_c; c += 2) {
    std::vector<std::array<std::int32_t, 16>> tiles[2];
    for (std::int64_t row = 0; row < 2; ++row)
      for (std::int64_t i = 0; i < conv.in_c; ++i) tiles[row].push_back(tile_weights(conv, c + row, i));
    for (std::size_t place = 0; place < 16; ++place)
      for (std::size_t quad = 0; quad < tiles[0].size(); quad += 4)
        for (std::size_t first = quad; first < quad + 2; ++first)
          for (const auto& tile : tiles)
            words.push_back(static_cast<std::int32_t>((static_cast<std::uint32_t>(tile[first][place]) & 0xFFFFU) |
                                                      static_cast<std::uint32_t>(tile[first + 2][place]) << 16));
  }
  return words;
}

void add_winograd(LowerContext& c, Call& call, const QuantizedConv& conv, const Accumulators& acc) {
  const std::int64_t pairs = conv.in_c / 2;
  call.scratch = {c.scratch("tiles", DType::uint32, 64 * pairs + std::max<std::int64_t>(40 * pairs, 128) + conv.in_c / 4)};
  const std::vector<std::int32_t> words = winograd_weights(conv);
  std::vector<std::int32_t> bias;
  for (const std::int32_t b : acc.bias) bias.push_back(4 * b);
  call.params.push_back(param("unroll", c.form().unroll));
  call.params.push_back(param_array(c.program, "weights", c.array("weights", DType::int32, words)));
  call.params.push_back(param_array(c.program, "bias", c.array("bias", DType::int32, bias)));
  call.weight_bytes = static_cast<std::int64_t>(words.size()) * 4;
  call.algorithm = "Winograd F(2 x 2, 3 x 3) in integers: 16 multiplications for 36; 2 channels x 4 tiles";
}

}  // namespace o2m

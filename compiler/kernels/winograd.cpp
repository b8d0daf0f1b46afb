#include "kernels/winograd.hpp"

#include <algorithm>
#include <array>

namespace o2m {
namespace {

/// Twice Winograd's G applied to three numbers.
std::array<std::int32_t, 4> twice_transformed(std::int32_t a, std::int32_t b, std::int32_t c) {
  return {2 * a, a + b + c, a - b + c, 2 * c};
}

/// The 16 weights of one input of one channel: four times G g G'.
std::array<std::int32_t, 16> tile_weights(const QuantizedConv& conv, std::int64_t channel,
                                          std::int64_t input) {
  const auto g = [&](std::int64_t ky, std::int64_t kx) {
    return conv.weights.at(channel, (ky * 3 + kx) * conv.depth + input);
  };
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

/// Whether four times every accumulator fits int32: sums modulo 2^32 are exact then. (Transformed inputs are
/// at most 4 * 255 and weights 9 * 255 in magnitude, so both fit int16.)
bool fits(const Accumulators& acc) {
  constexpr std::int64_t limit = std::int64_t{1} << 29;
  return std::all_of(acc.ranges.begin(), acc.ranges.end(),
                     [](AccumulatorRange r) { return r.lo >= -limit && r.hi < limit; });
}

/// Rows of tiles whose transformed inputs wait together for each pair of channels' weights: as many as fit 16
/// KiB, or what the weights take in flash, for the more they are the more it costs to transform them once
/// again.
std::int64_t rows_together(const QuantizedConv& conv) {
  const std::int64_t most = std::max<std::int64_t>(16 << 10, 9 * conv.in_c * conv.out_c);
  const std::int64_t row = (conv.window.out_w + 7) / 8 * 128 * conv.in_c;
  return std::clamp<std::int64_t>(most / row, 1, (conv.window.out_h + 1) / 2);
}

}  // namespace

bool keeps_winograd_bytes(LowerContext& c, const QuantizedConv& conv) {
  constexpr std::int64_t cache =
      16 << 10;  // of an M7, for data: what does not stay there comes from flash, again and again
  return c.target.cpu == "CortexM7" && conv.weights.type == DType::int8 &&
         32 * conv.in_c * conv.out_c > cache;
}

bool wants_winograd(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc) {
  const Window2d& w = conv.window;
  return c.blocked() && c.forms.winograd.count(c.layer_name()) > 0 && conv.groups == 1 && w.k_h == 3 &&
         w.k_w == 3 && w.stride_h == 1 && w.stride_w == 1 && w.dil_h == 1 && w.dil_w == 1 &&
         conv.in_c % 4 == 0 && conv.out_c % 2 == 0 && fits(acc);
}

std::vector<std::int32_t> winograd_weights(const QuantizedConv& conv) {
  std::vector<std::int32_t> words;
  for (std::int64_t c = 0; c < conv.out_c; c += 2) {
    std::vector<std::array<std::int32_t, 16>> tiles[2];
    for (std::int64_t row = 0; row < 2; ++row)
      for (std::int64_t i = 0; i < conv.in_c; ++i) tiles[row].push_back(tile_weights(conv, c + row, i));
    for (std::size_t x = 0; x < 4; ++x)
      for (const std::size_t y : {2, 1, 0, 3}) {
        const auto weight = [&](const std::array<std::int32_t, 16>& tile) {
          return static_cast<std::uint32_t>(tile[4 * y + x]);
        };
        for (std::size_t quad = 0; quad < tiles[0].size(); quad += 4)
          for (std::size_t first = quad; first < quad + 2; ++first)
            for (const auto& row : tiles)
              words.push_back(
                  static_cast<std::int32_t>((weight(row[first]) & 0xFFFFU) | weight(row[first + 2]) << 16));
      }
  }
  return words;
}

std::vector<std::int8_t> winograd_bytes(const QuantizedConv& conv) {
  std::vector<std::int8_t> bytes;
  for (std::int64_t c = 0; c < conv.out_c; ++c)
    for (std::int64_t quad = 0; quad < conv.in_c; quad += 4)
      for (std::int64_t tap = 0; tap < 9; ++tap)
        for (std::int64_t i = quad; i < quad + 4; ++i)
          bytes.push_back(static_cast<std::int8_t>(conv.weights.at(c, tap * conv.in_c + i)));
  return bytes;
}

void add_winograd(LowerContext& c, Call& call, const QuantizedConv& conv, const Accumulators& acc) {
  const std::int64_t pairs = conv.in_c / 2;
  const bool bytes = keeps_winograd_bytes(c, conv);
  const std::int64_t rows = bytes ? rows_together(conv) : 1,
                     strips = bytes ? rows * ((conv.window.out_w + 7) / 8) : 1;
  call.scratch = {c.scratch("tiles", DType::uint32,
                            strips * 64 * pairs + 40 * pairs + conv.in_c / 4 + (bytes ? 32 * pairs : 0))};
  std::vector<std::int32_t> bias;
  for (const std::int32_t b : acc.bias) bias.push_back(4 * b);
  call.params.push_back(param("unroll", c.form().unroll));
  call.params.push_back(param("strips", strips));
  call.params.push_back(param("tile_rows", rows));
  if (bytes) {
    call.params.push_back(
        param_array(c.program, "weights", c.array("weights", DType::int8, winograd_bytes(conv))));
    call.weight_bytes = 9 * conv.in_c * conv.out_c;
  } else {
    const std::vector<std::int32_t> words = winograd_weights(conv);
    call.params.push_back(param_array(c.program, "weights", c.array("weights", DType::int32, words)));
    call.weight_bytes = static_cast<std::int64_t>(words.size()) * 4;
  }
  call.params.push_back(param_array(c.program, "bias", c.array("bias", DType::int32, bias)));
  call.algorithm = "Winograd F(2 x 2, 3 x 3) in integers: 16 multiplications for 36; 2 channels x 4 tiles";
  if (bytes) call.algorithm += fmt::format(", weights transformed on every run for {} rows of tiles", rows);
}

}  // namespace o2m

#include "cost/conv_work.hpp"

#include <bit>

namespace o2m {
namespace {

/// How the steps of a run are written: `loops` rounds of a loop, and pieces behind it.
struct Pieces {
  std::int64_t loops = 0, straight = 0, written = 0;  ///< rounds; pieces executed once; steps in the code
};

Pieces pieces(std::int64_t steps, std::int64_t unroll) {
  const std::int64_t block = std::min<std::int64_t>(unroll, 8), blocks = steps / block, rest = steps % block;
  const bool loop = blocks > 1 && unroll < steps;
  return {loop ? blocks : 0, (loop ? 0 : blocks) + std::popcount(static_cast<std::uint64_t>(rest)),
          (loop ? block : blocks * block) + rest};
}

/// Planes of a depthwise convolution: what is gathered and how often.
void add_planes(Work& work, const Constants& c) {
  const std::int64_t out_h = c("out_h"), band = c("band"), bands = (out_h + band - 1) / band,
                     stride = c("stride_h"),
                     width = (c("out_w") - 1) * c("stride_w") + (c("k_w") - 1) * c("dil_w") + 1;
  const std::int64_t rows = (band - 1) * stride + (c("k_h") - 1) * (band == 1 ? 1 : c("dil_h")) + 1;
  const std::int64_t groups = bands * c("in_c") / c("lanes");  // of as many channels as are gathered together
  work.amounts.insert(
      {{"gathered rows", real(groups * rows)},
       {"gathered cells", real(groups * rows * std::min(width, c("in_w")))},
       {"outside cells", real(bands * rows * std::max<std::int64_t>(width - c("in_w"), 0) * c("lanes"))},
       {"channels", real(bands * c("out_c"))},
       {"rows", real(out_h * c("out_c"))},
       {"again", real(out_h * c("out_w") * c("out_c")) * c.again(real(c("k_h") * c("k_w")))}});
}

std::string shape_of(const Constants& c, std::int64_t most_stride) {
  const bool fast = c("k_h") == 3 && c("k_w") == 3 && c("dil_w") == 1 && c("stride_w") <= most_stride;
  return !fast ? "" : c("stride_w") == 1 ? "3x3 " : "3x3 strided ";
}

}  // namespace

/// packed_conv2d: patches of `tile` pixels, blocks of 4 rows x 2 pixels, smaller ones at the ends.
void add_conv(Work& work, const Constants& c) {
  const std::int64_t out_w = c("out_w"), out_h = c("out_h"), out_c = c("out_c"), in_c = c("in_c"),
                     k_h = c("k_h"), k_w = c("k_w"), tile = c("tile");
  const std::int64_t taps = c("dil_w") == 1 ? k_w : 1, runs = k_w / taps, steps = (taps * k_h * in_c + 1) / 2;
  const std::int64_t together = c("rows_at_once", 1), bands = (out_h + together - 1) / together;
  std::int64_t pairs = 0, columns = 0, tiles = 0;
  const std::int64_t singles =
      out_w == 1 && together == 1 ? 1 : 0;  // an odd pixel goes with the one before it once more
  for (std::int64_t x = 0; x < out_w; x += tile, ++tiles) {
    const std::int64_t n = std::min(tile, out_w - x);
    pairs += together == 2 ? n : (n + 1) / 2 - singles;
    columns += together * ((n - 1) * c("stride_w") + (k_w - 1) * c("dil_w") + 1);
  }
  const std::int64_t four = out_c / 4, two = out_c % 4 / 2, one = out_c % 2;
  const Pieces p = pieces(steps, c("unroll", 8));
  const double blocks = real(bands * pairs * four),
               small = real(bands * (pairs * (two + one) + singles * (four + two + one)));
  const bool copied = c("copied", 0) != 0;  // the weights of four rows come from RAM
  work.amounts.insert({copied ? "steps from RAM" : "steps", blocks * real(runs * steps)});
  work.amounts.insert(
      {"copied words", copied ? real(bands * tiles * four * 2 * runs * steps * (c("packed") ? 1 : 2)) : 0});
  work.amounts.insert(
      {{"loops", blocks * real(runs * p.loops)},
       {p.written <= 8 ? "short pieces" : "pieces",
        blocks * real(runs * p.straight)},  // few stay in a small cache of code
       {"blocks", blocks},
       {"small blocks", small},
       {"small steps", small * real(runs * steps)},
       {"small products",
        real(bands * runs * steps * (pairs * (4 * two + 2 * one) + singles * (4 * four + 2 * two + one)))},
       {"cells", real(bands * columns * k_h)},
       {"words", real(bands * columns * k_h * (in_c / 4))},
       {"odd elements", real(bands * columns * k_h * (in_c % 4))},
       {"tiles", real(bands * tiles)},
       {"passes", real(bands * tiles * (four + two + one))},
       {"again", real(out_h * out_w * out_c) * c.again(real(k_h * k_w * in_c / c("groups")))}});
  const std::int64_t ways =
      c("upper_shift", 0) > 0 && c("upper_all", 0) == 0 ? 2 : 1;  // integers for some, float for others
  work.parts.insert({{"steps", real(four > 0 ? p.written * ways : 0)},
                     {"variants", real((four > 0) + (two > 0) + (one > 0))},
                     {c.form() + " outputs", real((four > 0 ? 4 : 0) + (two > 0 ? 2 : 0) + one) * 2},
                     {"odd elements", real(in_c % 4)}});
}

/// winograd_conv2d: strips of four tiles of 2 x 2 outputs, two channels at a time, 16 sums of products each.
void add_winograd(Work& work, const Constants& c) {
  const std::int64_t out_w = c("out_w"), out_h = c("out_h"), out_c = c("out_c"), in_c = c("in_c"),
                     rows = (out_h + 1) / 2, strips = rows * ((out_w + 7) / 8), passes = strips * (out_c / 2);
  const std::int64_t unroll = c("unroll", 8);
  const bool bytes = c("strips") > 1;  // they are transformed into RAM
  work.amounts.insert(
      {{bytes ? "steps from RAM" : "steps", real(passes * 16 * (in_c / 2))},
       {"loops", unroll < in_c / 2 ? real(passes * 16 * (in_c / 2 / std::min<std::int64_t>(unroll, 8))) : 0},
       {"passes", real(passes)},
       {"tiles", real(rows * ((out_w + 1) / 2) * out_c)},
       {"strips", real(strips)},
       {"cells", real(strips * in_c)},
       {"transformed weights",
        !bytes ? 0 : real((rows + c("tile_rows") - 1) / c("tile_rows") * in_c * out_c)},
       {"again", real(out_h * out_w * out_c) * c.again(real(9 * in_c))}});
  const bool straight = (in_c == 32 || in_c == 64) && unroll >= in_c / 2;
  work.parts.insert({{"steps", real(straight ? in_c / 2 : std::min<std::int64_t>(unroll, 8))},
                     {c.form() + " outputs", 4.0}});
}

/// packed_direct_conv2d: blocks of four channels (then of 2, 1) of a pixel, four inputs at a time.
void add_direct_conv(Work& work, const Constants& c) {
  const std::int64_t out_c = c("out_c"), pixels = c("out_h") * c("out_w"),
                     quads = c("k_h") * ((c("k_w") * c("in_c") + 3) / 4), fours = out_c / 4,
                     small = out_c % 4 / 2 + out_c % 2;
  work.amounts.insert({{"quads", real(pixels * fours * quads)},
                       {"small quads", real(pixels * small * quads)},
                       {"blocks", real(pixels * (fours + small))}});
  work.parts.insert({{"variants", real((fours > 0) + small)}});
}

/// packed_depthwise_conv2d: pairs of outputs, and one where the row is odd.
void add_depthwise(Work& work, const Constants& c) {
  add_planes(work, c);
  const std::int64_t out_w = c("out_w"), outputs = c("out_h") * c("out_c"), taps = c("k_h") * c("k_w");
  const std::string shape = shape_of(c, 2);
  work.amounts.insert({{shape + "pairs", real(outputs * (out_w / 2))},
                       {shape + "singles", real(outputs * (out_w % 2))},
                       {"products", shape.empty() ? real(outputs * out_w * taps) : 0}});
  const std::int64_t block = out_w <= (taps <= 9 && c.form() != "guarded" ? 16 : 7) ? out_w : 4 + out_w % 4;
  work.parts.insert({{"products", real(block * taps)}, {c.form() + " outputs", real(block)}});
}

/// blocked_conv2d: two rows of weights, widened in RAM for every tile, with two pixels at a time.
void add_blocked_conv(Work& work, const Constants& c) {
  const std::int64_t out_w = c("out_w"), out_h = c("out_h"), out_c = c("out_c"), in_c = c("in_c"),
                     k_h = c("k_h"), tile = c("tile");
  const bool three_rows = in_c == 1 && k_h == 3;  // gathered together
  const std::int64_t pairs = (out_c + 1) / 2, words = c("k_w") * ((k_h * in_c + 1) / 2);
  std::int64_t blocks = 0, columns = 0, tiles = 0;
  for (std::int64_t x = 0; x < out_w; x += tile, ++tiles) {
    blocks += (std::min(tile, out_w - x) + 1) / 2;
    columns += ((tile + 1) / 2 * 2 - 1) * c("stride_w") + c("k_w");
  }
  const std::int64_t together = c("rows_at_once"), passes = (out_h + together - 1) / together * tiles * pairs;
  work.amounts.insert({{"steps", real(out_h * pairs * blocks * c("steps") * c("rounds"))},
                       {"rounds", real(out_h * pairs * blocks * (c("rounds") - 1))},
                       {"blocks", real(out_h * pairs * blocks)},
                       {"extras", real(out_h * pairs * blocks * c("most_extras"))},
                       {"weight words", real(passes * words)},
                       {"passes", real(passes)},
                       {"cells", real(out_h * columns * (three_rows ? 1 : k_h))},
                       {"words", in_c % 4 == 0 ? real(out_h * columns * k_h * in_c / 4) : 0},
                       {"bytes", in_c % 4 != 0 && !three_rows ? real(out_h * columns * k_h * in_c) : 0}});
  work.parts.insert(
      {{"steps", real(c("steps") * (1 + out_c % 2))}, {c.form() + " outputs", real(4 + 2 * (out_c % 2))}});
}

/// blocked_depthwise_conv2d: up to five outputs share their cells.
void add_blocked_depthwise(Work& work, const Constants& c) {
  add_planes(work, c);
  const std::int64_t out_w = c("out_w"), outputs = c("out_h") * c("out_c"), taps = c("k_h") * c("k_w"),
                     blocks = (out_w + 4) / 5;
  const std::string shape = shape_of(c, 1);
  work.amounts.insert(
      {{shape + "blocks", real(outputs * blocks)}, {shape + "products", real(outputs * out_w * taps)}});
  const std::int64_t block = (out_w + blocks - 1) / blocks, rest = out_w - (blocks - 1) * block,
                     written = block + (rest != block ? rest : 0);
  work.parts.insert({{"products", real(written * taps)}, {c.form() + " outputs", real(written)}});
}

/// conv2d, depthwise_conv2d, guarded_conv2d: one output after the other, by rows of the kernel.
void add_plain_conv(Work& work, const Constants& c, const std::string& kernel, double products) {
  const double outputs = real(c("out_h") * c("out_w") * c("out_c"));
  const bool runs = kernel != "depthwise_conv2d" && c("dil_w") == 1 && c("groups") == 1;
  work.amounts.insert({{"pixels", real(c("out_h") * c("out_w"))},
                       {"kernel rows", outputs * real(c("k_h"))},
                       {"runs", runs ? 0 : outputs * real(c("k_h") * c("k_w"))},
                       {"products", products},
                       {"again", c.again(products)}});
}

}  // namespace o2m

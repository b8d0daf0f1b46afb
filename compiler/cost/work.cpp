#include "cost/work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "program/code_form.hpp"

namespace o2m {
namespace {

/// The constants of a layer struct.
struct Constants {
  const Call& call;

  const Param* find(std::string_view name) const {
    const auto it =
        std::find_if(call.params.begin(), call.params.end(), [&](const Param& p) { return p.name == name; });
    return it == call.params.end() ? nullptr : &*it;
  }
  std::int64_t operator()(std::string_view name, std::int64_t otherwise = 1) const {
    const Param* p = find(name);
    return !p ? otherwise : p->value == "true" ? 1 : p->value == "false" ? 0 : std::atoll(p->value.c_str());
  }
  /// "affine" of onnx2mcu::Requantize::affine; "guarded" where the kernel has but one form.
  std::string form() const {
    const Param* p = find("form");
    return p ? p->value.substr(p->value.rfind(':') + 1) : find("guard") ? "guarded" : "plain";
  }
  /// Terms computed again in float, an output.
  double again(double terms) const {
    return find("guard") ? terms * std::min(1.0, std::ldexp(2.0 * static_cast<double>((*this)("guard")),
                                                            -static_cast<int>((*this)("fraction"))))
                         : 0;
  }
};

double real(std::int64_t value) { return static_cast<double>(value); }

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

/// packed_conv2d: patches of `tile` pixels, blocks of 4 rows x 2 pixels, smaller ones at the ends.
void add_conv(Work& work, const Constants& c) {
  const std::int64_t out_w = c("out_w"), out_h = c("out_h"), out_c = c("out_c"), in_c = c("in_c"),
                     k_h = c("k_h"), k_w = c("k_w"), tile = c("tile");
  const std::int64_t taps = c("dil_w") == 1 ? k_w : 1, runs = k_w / taps, steps = (taps * k_h * in_c + 1) / 2;
  std::int64_t pairs = 0, singles = 0, columns = 0, tiles = 0;
  for (std::int64_t x = 0; x < out_w; x += tile, ++tiles) {
    const std::int64_t n = std::min(tile, out_w - x);
    pairs += n / 2;
    singles += n % 2;
    columns += (n - 1) * c("stride_w") + (k_w - 1) * c("dil_w") + 1;
  }
  const std::int64_t four = out_c / 4, two = out_c % 4 / 2, one = out_c % 2;
  const Pieces p = pieces(steps, c("unroll", 8));
  const double blocks = real(out_h * pairs * four),
               small = real(out_h * (pairs * (two + one) + singles * (four + two + one)));
  const bool copied = c("copied", 0) != 0;  // the weights of four rows come from RAM
  work.amounts.insert({copied ? "steps from RAM" : "steps", blocks * real(runs * steps)});
  work.amounts.insert(
      {"copied words", copied ? real(out_h * tiles * four * 2 * runs * steps * (c("packed") ? 1 : 2)) : 0});
  work.amounts.insert(
      {{"loops", blocks * real(runs * p.loops)},
       {p.written <= 8 ? "short pieces" : "pieces", blocks * real(runs * p.straight)},  // few stay in a small cache of code
       {"blocks", blocks},
       {"small blocks", small},
       {"small steps", small * real(runs * steps)},
       {"small products",
        real(out_h * runs * steps * (pairs * (4 * two + 2 * one) + singles * (4 * four + 2 * two + one)))},
       {"cells", real(out_h * columns * k_h)},
       {"words", real(out_h * columns * k_h * (in_c / 4))},
       {"odd elements", real(out_h * columns * k_h * (in_c % 4))},
       {"tiles", real(out_h * tiles)},
       {"passes", real(out_h * tiles * (four + two + one))},
       {"again", real(out_h * out_w * out_c) * c.again(real(k_h * k_w * in_c / c("groups")))}});
  const bool odd = tile % 2 != 0 || out_w % 2 != 0;
  work.parts.insert(
      {{"steps", real(four > 0 ? p.written : 0)},
       {"variants", real(((four > 0) + (two > 0) + (one > 0)) * (odd ? 2 : 1))},
       {c.form() + " outputs", real((four > 0 ? 4 : 0) + (two > 0 ? 2 : 0) + one) * (odd ? 3 : 2)},
       {"odd elements", real(in_c % 4)}});
}

/// winograd_conv2d: strips of four tiles of 2 x 2 outputs, two channels at a time, 16 sums of products each.
void add_winograd(Work& work, const Constants& c) {
  const std::int64_t out_w = c("out_w"), out_h = c("out_h"), out_c = c("out_c"), in_c = c("in_c"), rows = (out_h + 1) / 2,
                     strips = rows * ((out_w + 7) / 8), passes = strips * (out_c / 2);
  work.amounts.insert({{"steps", real(passes * 16 * (in_c / 2))},
                       {"passes", real(passes)},
                       {"tiles", real(rows * ((out_w + 1) / 2) * out_c)},
                       {"strips", real(strips)},
                       {"cells", real(strips * in_c)},
                       {"again", real(out_h * out_w * out_c) * c.again(real(9 * in_c))}});
  work.parts.insert({{"steps", real(std::min<std::int64_t>(c("unroll", 8), 8))}, {c.form() + " outputs", 4.0}});
}

void add_depthwise(Work& work, const Constants& c) {
  const std::int64_t out_w = c("out_w"), out_h = c("out_h"), channels = c("out_c"), k_h = c("k_h"),
                     k_w = c("k_w");
  const std::int64_t weights = k_w * ((k_h + 1) / 2), pixels = weights <= 6 ? 4 : 1,
                     columns = (out_w - 1) * c("stride_w") + (k_w - 1) * c("dil_w") + 1;
  const int ends = std::popcount(static_cast<std::uint64_t>(out_w % pixels));
  work.amounts.insert({{"columns", real(out_h * channels / 4 * columns)},
                       {"groups", real(out_h * channels / 4)},
                       {"rows", real(out_h * channels)},
                       {"blocks", real(out_h * channels * (out_w / pixels))},
                       {"ends", real(out_h * channels * ends)},
                       {"products", real(out_h * channels * out_w * weights)},
                       {"again", real(out_h * out_w * channels) * c.again(real(k_h * k_w))}});
  const std::int64_t written =
      (out_w >= pixels ? pixels : 0) + (out_w % pixels >= 2 ? 2 : 0) + out_w % pixels % 2;
  work.parts.insert({{"products", real(written * weights)}, {c.form() + " outputs", real(written)}});
}

/// blocked_conv2d: two rows of weights, copied to RAM for every tile, with four pixels at a time.
void add_blocked_conv(Work& work, const Constants& c) {
  const std::int64_t out_w = c("out_w"), out_h = c("out_h"), out_c = c("out_c"), in_c = c("in_c"),
                     k_h = c("k_h"), k_w = c("k_w"), tile = c("tile");
  const std::int64_t taps = k_h * k_w * in_c, pairs = (out_c + 1) / 2, weights = (2 * taps + 3) / 4;
  const bool direct =
      k_h == 1 && k_w == 1 && c("stride_w") == 1 && c("pad_left", 0) == 0 && c("in_w") == out_w;
  std::int64_t fours = 0, rest = 0, columns = 0, tiles = 0;
  for (std::int64_t x = 0; x < out_w; x += tile, ++tiles) {
    const std::int64_t n = std::min(tile, out_w - x);
    fours += n / 4;
    rest += std::popcount(static_cast<std::uint64_t>(n % 4));
    columns += direct ? 0 : (tile - 1) * c("stride_w") + k_w;
  }
  work.amounts.insert({{"steps", real(out_h * pairs * fours * taps)},
                       {"rest steps", real(out_h * pairs * rest * taps)},
                       {"blocks", real(out_h * pairs * fours)},
                       {"rest blocks", real(out_h * pairs * rest)},
                       {"weight words", real(out_h * tiles * pairs * weights)},
                       {"passes", real(out_h * tiles * pairs)},
                       {"cells", real(out_h * columns * k_h)},
                       {"words", in_c % 4 == 0 ? real(out_h * columns * k_h * in_c / 4) : 0},
                       {"bytes", in_c % 4 != 0 ? real(out_h * columns * k_h * in_c) : 0},
                       {"tiles", real(out_h * tiles)}});
  const bool odd = tile % 4 != 0 || out_w % 4 != 0;
  work.parts.insert({{c.form() + " outputs", real((odd ? 7 : 4) * (2 + out_c % 2))},
                     {"variants", real((odd ? 3 : 1) * (1 + out_c % 2))}});
}

/// blocked_depthwise_conv2d: four channels are gathered at a time, two pixels computed together.
void add_blocked_depthwise(Work& work, const Constants& c) {
  const std::int64_t out_w = c("out_w"), out_h = c("out_h"), channels = c("out_c"),
                     taps = c("k_h") * c("k_w");
  const std::int64_t pixels = taps <= 9 ? 2 : 1,
                     columns = (out_w - 1) * c("stride_w") + (c("k_w") - 1) * c("dil_w") + 1;
  const std::string kind = taps == 9 && c("stride_w") == 1 && c("dil_w") == 1 ? "3x3 " : "";
  work.amounts.insert({{"words", real(out_h * channels / 4 * columns * c("k_h"))},
                       {"groups", real(out_h * channels / 4)},
                       {"rows", real(out_h * channels)},
                       {kind + "blocks", real(out_h * channels * (out_w / pixels))},
                       {"ends", real(out_h * channels * (out_w % pixels))},
                       {kind + "products", real(out_h * channels * out_w * taps)}});
  work.parts.insert({{kind + "products", real(taps * (pixels + (out_w % pixels != 0)))},
                     {c.form() + " outputs", real(pixels + (out_w % pixels != 0))}});
}

/// blocked_fully_connected: `block` rows of weights with four inputs at a time.
void add_blocked_product(Work& work, const Constants& c) {
  const std::int64_t rows = c("rows"), in = c("in"), out = c("out"), block = c("block"),
                     blocks = (out + block - 1) / block;
  work.amounts.insert({{"products", real(rows * in * out)},
                       {"quads", real(rows * blocks * (in / 4))},
                       {"blocks", real(rows * blocks)},
                       {"tails", real(rows * out * (in % 4))}});
  work.parts.insert({{c.form() + " outputs", real(block + out % block)},
                     {"variants", out % block != 0 ? 2.0 : 1.0},
                     {"tails", real(in % 4)}});
}

/// packed_fully_connected: blocks of 8 rows of weights, then of 4, 2 and 1.
void add_product(Work& work, const Constants& c) {
  const std::int64_t rows = c("rows"), in = c("in"), out = c("out"), quads = in / 4, eights = out / 8,
                     four = out % 8 / 4, two = out % 4 / 2, one = out % 2;
  const std::int64_t blocks = eights + four + two + one;
  work.amounts.insert({{"quads of 8", real(rows * eights * quads)},
                       {"quads of 4", real(rows * four * quads)},
                       {"quads of 2", real(rows * (two + one) * quads)},
                       {"blocks", real(rows * blocks)},
                       {"tails", in % 4 != 0 ? real(rows * blocks) : 0},
                       {"again", real(rows * out) * c.again(real(in))}});
  work.parts.insert({{c.form() + " outputs", real((eights > 0 ? 8 : 0) + 4 * four + 2 * two + one)},
                     {"variants", real((eights > 0) + four + two + one)},
                     {"tails", in % 4 != 0 ? real((eights > 0) + four + two + one) : 0}});
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

/// In words of four channels on the DSP extension, else one by one.
void add_pool(Work& work, const Constants& c, bool words) {
  const double windows = real(c("out_h") * c("out_w")), cells = windows * real(c("k_h") * c("k_w"));
  const std::int64_t channels = c("channels"), single = words ? channels % 4 : channels;
  work.amounts.insert({{"windows", windows},
                       {"outputs", windows * real(single)},
                       {"cells", cells},
                       {"elements", cells * real(single)},
                       {"output words", words ? windows * real(channels / 4) : 0},
                       {"words", words ? cells * real(channels / 4) : 0}});
}

/// The integers of "{2, 3}".
std::vector<std::int64_t> integers(const Param* p) {
  std::vector<std::int64_t> out;
  for (std::size_t at = 1; p && at < p->value.size(); at = p->value.find(',', at) + 1) {
    out.push_back(std::atoll(p->value.c_str() + at));
    if (p->value.find(',', at) == std::string::npos) break;
  }
  return out;
}

void add_strided_copy(Work& work, const Constants& c) {
  const std::vector<std::int64_t> size = integers(c.find("size[]")), step = integers(c.find("step[]"));
  double runs = 1;
  for (std::size_t i = 0; i + 1 < size.size(); ++i) runs *= real(size[i]);
  if (size.empty()) return;
  work.amounts.insert({{"runs", runs},
                       {step.back() == 1  ? "copied"
                        : size.back() < 4 ? "gathered by few"
                                          : "gathered",
                        runs * real(size.back())}});
}

std::int64_t elements(const Program& program, const Operand& operand) {
  if (const auto* id = std::get_if<BufferId>(&operand)) return element_count(program[*id].shape);
  return program[std::get<ConstantId>(operand)].count();
}

/// "uint8 -> float32" of the first input and output: the kernel is a template over them.
std::string types(const Program& program, const Call& call) {
  std::string text;
  for (const Operand& read : call.reads)
    if (const auto* id = std::get_if<BufferId>(&read); id && text.empty())
      text = to_string(program[*id].type);
  return text + (call.writes.empty() ? "" : " -> " + to_string(program[call.writes.front()].type));
}

void add_generic(Work& work, const Program& program, const Call& call, const Constants& c) {
  double read = 0, written = 0;
  for (const Operand& operand : call.reads) read += real(elements(program, operand));
  for (const BufferId id : call.writes) written += real(element_count(program[id].shape));
  work.amounts.insert({{"inputs", read},
                       {c.form() + " outputs", written},
                       {"products", real(call.macs)},
                       {"again", written * c.again(real(call.macs) / std::max(written, 1.0))}});
}

}  // namespace

Work work_of(const Program& program, const Call& call) {
  const Constants c{call};
  const bool conv = call.kernel == "packed_conv2d" || call.kernel == "packed_guarded_conv2d";
  const bool winograd = call.kernel == "winograd_conv2d" || call.kernel == "winograd_guarded_conv2d";
  const bool depthwise = call.kernel == "packed_depthwise_conv2d" || (conv && c("depthwise", 0) != 0);
  const bool plain_conv =
      call.kernel == "conv2d" || call.kernel == "depthwise_conv2d" || call.kernel == "guarded_conv2d";
  const bool pool = call.kernel == "max_pool" || call.kernel == "packed_max_pool";
  const bool blocked = call.kernel == "blocked_conv2d" || call.kernel == "blocked_depthwise_conv2d" ||
                       call.kernel == "blocked_fully_connected";
  const bool product =
      call.kernel == "packed_fully_connected" || call.kernel == "packed_guarded_fully_connected";
  const bool direct = call.kernel == "packed_direct_conv2d";
  Work work{call.kernel, {{"layers", 1}}, {{"layers", 1}}};
  if (depthwise)
    add_depthwise(work, c);
  else if (conv)
    add_conv(work, c);
  else if (winograd)
    add_winograd(work, c);
  else if (product)
    add_product(work, c);
  else if (direct)
    add_direct_conv(work, c);
  else if (call.kernel == "blocked_conv2d")
    add_blocked_conv(work, c);
  else if (call.kernel == "blocked_depthwise_conv2d")
    add_blocked_depthwise(work, c);
  else if (call.kernel == "blocked_fully_connected")
    add_blocked_product(work, c);
  else if (plain_conv)
    add_plain_conv(work, c, call.kernel, real(call.macs));
  else if (pool)
    add_pool(work, c, call.kernel == "packed_max_pool");
  else if (call.kernel == "strided_copy")
    add_strided_copy(work, c);
  else
    add_generic(work, program, call, c);
  if (depthwise)
    work.key += " depthwise";
  else if (conv || product)
    work.key += c("packed") ? "" : " wide";
  else if (!plain_conv && !pool && !blocked && !winograd && !direct &&
           call.kernel.find("fully_connected") == std::string::npos)
    work.key += " " + types(program, call);
  if (depthwise || conv || winograd || product || plain_conv || blocked)
    work.amounts.insert({c.form() + " outputs", [&] {
                           double written = 0;
                           for (const BufferId id : call.writes)
                             written += real(element_count(program[id].shape));
                           return written;
                         }()});
  std::erase_if(work.amounts, [](const auto& entry) { return entry.second == 0; });
  std::erase_if(work.parts, [](const auto& entry) { return entry.second == 0; });
  return work;
}

}  // namespace o2m

#include "ops/quantized_conv.hpp"

#include "kernels/blocked.hpp"
#include "kernels/depthwise.hpp"
#include "kernels/packed.hpp"
#include "kernels/requantize_sum.hpp"
#include "kernels/winograd.hpp"

namespace o2m {
namespace {

struct Dims {
  std::int64_t in_c, out_c, groups, depth;
  std::vector<std::int64_t> spatial, kernel;
};

Dims dims_of(const Node& node, const Shape& x, const Shape& w) {
  if (w.size() != x.size()) refuse("w has shape {}, expected {} dimensions as x", to_string(w), x.size());
  Dims d{channels_of(x, channels_last(node)),
         w[0],
         node.attr("group", 1),
         w[1],
         spatial_dims(x, channels_last(node)),
         {w.begin() + 2, w.end()}};
  if (x[0] != 1) refuse("batch {} is not supported, only 1", x[0]);
  if (d.groups < 1 || d.out_c < 1 || d.out_c % d.groups != 0 || d.groups * d.depth != d.in_c)
    refuse("group {} does not divide {} input channels and {} output channels as w {} needs", d.groups,
           d.in_c, d.out_c, to_string(w));
  if (const auto kernel = node.attr_ints("kernel_shape"); kernel && *kernel != d.kernel)
    refuse("kernel_shape {} contradicts w {}", to_string(*kernel), to_string(w));
  return d;
}

}  // namespace

void infer_quantized_conv(InferContext& c) {
  if (!is_8bit(c.type(0))) refuse("x is {}, only int8 and uint8 are supported", to_string(c.type(0)));
  const Dims d = dims_of(c.node, c.shape(0), c.shape(3));
  const Window w = resolve_window(c.node, d.spatial, d.kernel);
  c.set(0, c.type(7), image_shape(1, d.out_c, w.out, channels_last(c.node)));
}

QuantizedConv read_quantized_conv(LowerContext& c) {
  const Tensor& w = c.required_constant(3, "w");
  const Dims d = dims_of(c.node, c.in_shape(0), w.shape);
  const Window2d window = to_2d(resolve_window(c.node, d.spatial, d.kernel), d.spatial);
  const std::int64_t area = window.k_h * window.k_w;
  QuantizedWeights weights = gather_weights(w, read_zero_points(c, 5, d.out_c, "w_zero_point"), d.out_c,
                                            area * d.depth, [&](std::int64_t o, std::int64_t t) {
                                              return (o * d.depth + t % d.depth) * area + t / d.depth;
                                            });  // OIHW -> OHWI
  return {d.in_c,    d.out_c, d.groups,           d.depth,
          d.spatial, window,  std::move(weights), read_zero_point(c, 2, "x_zero_point")};
}

namespace {

/// The call with operands and geometry.
Call geometry_call(LowerContext& c, const QuantizedConv& conv, std::string kernel, std::string header) {
  Call call = c.call(std::move(kernel), std::move(header));
  const Window2d& w = conv.window;
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.params = {param("in_c", conv.in_c), param("out_c", conv.out_c), param("groups", conv.groups)};
  add_window(call, w);
  call.params.push_back(param("x_zero_point", conv.x_zero_point));
  call.macs = w.out_h * w.out_w * conv.out_c * conv.weights.taps;
  return call;
}

/// The channel that lies where channel i would: a word's bytes 0 and 2 are widened together, and 1 and 3.
std::int64_t widened_channel(std::int64_t i, std::int64_t depth) {
  return i / 4 * 4 + 4 > depth || i % 4 == 0 || i % 4 == 3 ? i : i % 4 == 1 ? i + 1 : i - 1;
}

/// The window column by column as the patch holds it (of four channels 0 and 2 before 1 and 3), two inputs a
/// word; an odd run gets a weight of 0.
PackingOrder conv_order(const QuantizedConv& conv) {
  const Window2d& w = conv.window;
  PackingOrder order{{}, 1, 4};
  std::vector<std::int64_t> run;
  for (std::int64_t kx = 0; kx < w.k_w; ++kx) {
    for (std::int64_t ky = 0; ky < w.k_h; ++ky)
      for (std::int64_t i = 0; i < conv.depth; ++i)
        run.push_back((ky * w.k_w + kx) * conv.depth + widened_channel(i, conv.depth));
    if (w.dil_w == 1 && kx + 1 < w.k_w) continue;  // the next column lies beside this one
    if (run.size() % 2 != 0) run.push_back(-1);
    for (std::size_t i = 0; i < run.size(); i += 2) order.steps.push_back({run[i], run[i + 1]});
    run.clear();
  }
  return order;
}

/// Pixels of a patch, at least 2: as many as fit half of what the layer's images take, or 2 KiB, but 4 KiB at
/// most.
std::int64_t choose_tile(const QuantizedConv& conv, const Call& call) {
  const Window2d& w = conv.window;
  const std::int64_t images = w.in_h * w.in_w * conv.in_c + w.out_h * w.out_w * conv.out_c;
  const std::int64_t most = std::clamp<std::int64_t>(images / 2, 2048, 4096);
  std::int64_t tile = 2;
  while (tile < w.out_w && 2 * patch_elements(call, tile + 2) <= most) tile += 2;
  return std::min(tile, w.out_w);
}

/// Whether a patch has so many pairs of pixels that four rows of weights are better read from flash once. An
/// M7 has caches for that.
bool copies_weights(const Target& target, const QuantizedConv& conv, std::int64_t pairs, std::int64_t bytes) {
  return target.cpu == "CortexM4" && conv.out_c >= 4 && pairs >= 4 && bytes <= 2560;
}

/// Whether pairs are better made of a pixel and the one below it: where a row has an odd number, or few for
/// weights that an M4 copies, and a second patch takes little.
bool takes_two_rows(const Target& target, const QuantizedConv& conv, bool packed, std::int64_t tile,
                    std::int64_t patch_bytes) {
  const Window2d& w = conv.window;
  return packed && tile == w.out_w && w.out_h > 1 && conv.out_c % 4 == 0 && w.dil_w == 1 &&
         patch_bytes <= 1024 && (w.out_w % 2 != 0 || (target.cpu == "CortexM4" && w.out_w <= 16));
}

/// scale_bits 0: sums as they are, with the bias.
Call packed_depthwise_call(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc,
                           int scale_bits, const char* kernel, const char* header) {
  Call call = geometry_call(c, conv, kernel, header);
  call.params.push_back(param("lanes", 1));
  const std::int64_t band = choose_band(call, 2);
  call.scratch = {c.scratch("plane", DType::int16, plane_elements(call, band))};
  call.params.push_back(param("band", band));
  call.params.push_back(param("scale_bits", scale_bits));
  const std::vector<std::int32_t> words = depthwise_words(conv.weights, conv.window.k_w, scale_bits);
  call.params.push_back(param_array(c.program, "weights", c.array("weights", DType::int32, words)));
  if (scale_bits == 0)
    call.params.push_back(param_array(c.program, "start", c.array("start", DType::int32, acc.bias)));
  call.weight_bytes = static_cast<std::int64_t>(words.size()) * 4;
  call.algorithm = fmt::format("a channel at a time, {} rows gathered together, neighbours in a word", band);
  return call;
}

Call packed_call(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc, const char* kernel,
                 const char* header) {
  Call call = geometry_call(c, conv, kernel, header);
  const std::int64_t tile = choose_tile(conv, call);
  call.params.push_back(param("tile", tile));
  const PackingOrder order = conv_order(conv);
  const PackedWeights packed = pack_weights(conv.weights, acc, order);
  const std::int64_t four_rows =
      2 * static_cast<std::int64_t>(order.steps.size()) * (packed.packed ? 2 : 4);  // elements of 2 bytes
  const bool two_rows = takes_two_rows(c.target, conv, packed.packed, tile, 2 * patch_elements(call, tile));
  const bool copied = copies_weights(c.target, conv, two_rows ? tile : tile / 2, 2 * four_rows);
  call.params.push_back(param("rows_at_once", two_rows ? 2 : 1));
  const std::int64_t patch = (two_rows ? 2 : 1) * ((patch_elements(call, tile) + 1) / 2 * 2);
  call.scratch = {c.scratch("patch", DType::int16, patch + (copied ? four_rows : 0))};
  call.params.push_back(param_bool("copied", copied));
  add_packed_weights(c, call, packed);
  call.algorithm =
      fmt::format("patches of {} pixels, 4 channels x 2 pixels{}{}; {}", tile, two_rows ? " of two rows" : "",
                  copied ? ", weights copied to RAM" : "", packed.reason);
  return call;
}

Call winograd_call(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc, const char* kernel,
                   const char* header) {
  Call call = geometry_call(c, conv, kernel, header);
  add_winograd(c, call, conv, acc);
  return call;
}

/// Whether every window lies inside the image, its rows in one piece.
bool windows_inside(const Window2d& w) {
  return w.pad_top == 0 && w.pad_left == 0 && w.dil_w == 1 && (w.out_w - 1) * w.stride_w + w.k_w <= w.in_w &&
         (w.out_h - 1) * w.stride_h + (w.k_h - 1) * w.dil_h + 1 <= w.in_h;
}

/// By row of the window, four inputs at a time, bytes 0 and 2 of a word before bytes 1 and 3; an odd run ends
/// with weights of 0.
PackingOrder direct_order(const QuantizedConv& conv) {
  PackingOrder order{{}, 2, 4};
  const std::int64_t run = conv.window.k_w * conv.depth;
  for (std::int64_t row = 0; row < conv.weights.taps; row += run) {
    const auto tap = [&](std::int64_t i) { return i < run ? row + i : -1; };
    for (std::int64_t i = 0; i < run; i += 4) {
      order.steps.push_back({tap(i), tap(i + 2)});
      order.steps.push_back({tap(i + 1), tap(i + 3)});
    }
  }
  return order;
}

Call direct_call(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc) {
  Call call = geometry_call(c, conv, "packed_direct_conv2d", "packed_direct.hpp");
  const PackedWeights packed = pack_weights(conv.weights, acc, direct_order(conv));
  add_packed_weights(c, call, packed);
  call.algorithm = "read where they lie, 4 channels at a time; " + packed.reason;
  return call;
}

bool is_pixelwise(const Window2d& w) {
  return w.k_h == 1 && w.k_w == 1 && w.stride_h == 1 && w.stride_w == 1 && w.in_h == w.out_h &&
         w.in_w == w.out_w && w.pad_top == 0 && w.pad_left == 0;
}

/// A pixel-wise convolution on an image that is one long row.
QuantizedConv flattened(QuantizedConv conv) {
  Window2d& w = conv.window;
  if (is_pixelwise(w)) {
    w.in_w = w.out_w = w.in_h * w.in_w;
    w.in_h = w.out_h = 1;
  }
  return conv;
}

/// Taps (ky * k_w + kx) * depth + i by halfword of a window; an odd column gets a copy before its last cell;
/// four channels come from a word of bytes, 0 and 2 before 1 and 3.
std::vector<std::int64_t> halfword_order(const QuantizedConv& conv) {
  const Window2d& w = conv.window;
  std::vector<std::int64_t> order;
  for (std::int64_t kx = 0; kx < w.k_w; ++kx) {
    for (std::int64_t ky = 0; ky < w.k_h; ++ky)
      for (std::int64_t i = 0; i < conv.depth; ++i) {
        const std::int64_t channel = conv.depth % 4 != 0 || i % 4 == 0 || i % 4 == 3 ? i
                                     : i % 4 == 1                                    ? i + 1
                                                                                     : i - 1;
        order.push_back((ky * w.k_w + kx) * conv.depth + channel);
      }
    if (order.size() % 2 != 0) order.insert(order.end() - 1, copied_tap);
  }
  return order;
}

/// Pixels of a patch: even, all patches about as wide, as few as fit 2 KiB beside the weights; and if that is
/// a whole row, rows of output at once, so that the weights of a channel are widened for more than a few
/// pixels.
void add_blocked_tile(Call& call, const QuantizedConv& conv) {
  constexpr std::int64_t enough_pixels = 24;
  const std::int64_t most_bytes = 2048 + patch_elements(call, 0);
  const std::int64_t width = conv.window.out_w, height = conv.window.out_h;
  std::int64_t tiles = 1, most_rows = 1;
  const auto tile = [&] { return std::min(((width + tiles - 1) / tiles + 1) / 2 * 2, width); };
  while (tile() > 2 && patch_elements(call, tile()) > most_bytes) ++tiles;
  const std::int64_t row = patch_elements(call, width) - patch_elements(call, 0);
  while (tile() == width && most_rows < height && most_rows * width < enough_pixels &&
         patch_elements(call, width) + most_rows * row <= most_bytes)
    ++most_rows;
  const std::int64_t bands = (height + most_rows - 1) / most_rows;
  call.params.push_back(param("tile", tile()));
  call.params.push_back(param("rows_at_once", (height + bands - 1) / bands));
}

/// Nothing if sums could be too large for their requantization; acc: becomes what the kernel's sums begin
/// from.
std::optional<Call> blocked_conv_call(LowerContext& c, const QuantizedConv& image, Accumulators& acc) {
  const QuantizedConv conv = flattened(image);
  const std::vector<std::int64_t> halves = halfword_order(conv);
  const PairedWeights w = pair_weights(
      conv.weights, acc, halves, halves.size() / static_cast<std::size_t>(conv.window.k_w), c.in(0).type);
  const Accumulators sums{acc.ranges, w.bias};
  const int scale_bits = sum_scale_bits(conv.weights, sums);
  if (scale_bits == 0) return std::nullopt;
  acc = sums;
  Call call = geometry_call(c, conv, "blocked_conv2d", "blocked_conv2d.hpp");
  const Rounds rounds = choose_rounds(static_cast<std::int64_t>(halves.size()) / 2);
  for (const auto& [name, value] : {std::pair<const char*, std::int64_t>{"steps", rounds.steps},
                                    {"rounds", rounds.rounds},
                                    {"most_extras", w.most_extras},
                                    {"scale_bits", scale_bits}})
    call.params.push_back(param(name, value));
  add_blocked_tile(call, conv);
  const std::int64_t tile = int_param(call, "tile"), rows = int_param(call, "rows_at_once");
  call.scratch = {c.scratch("block", DType::int8, patch_elements(call, tile))};
  call.params.push_back(param_array(c.program, "weights", c.array("weights", DType::int8, w.words)));
  call.weight_bytes = static_cast<std::int64_t>(w.words.size());
  if (w.most_extras > 0) {
    call.params.push_back(param_array(c.program, "extras", c.array("extras", DType::uint32, w.extras)));
    call.params.push_back(
        param_array(c.program, "first_extra", c.array("first_extra", DType::int32, w.first_extra)));
  }
  call.algorithm = fmt::format(
      "patches of {} pixels, 2 channels x 2 pixels, two products in one multiplication, {} of {} weights in "
      "two parts",
      tile * rows, w.extras.size(), conv.weights.values.size());
  return call;
}

Call blocked_depthwise_call(LowerContext& c, const QuantizedConv& conv, int scale_bits) {
  Call call = geometry_call(c, conv, "blocked_depthwise_conv2d", "blocked_depthwise.hpp");
  const bool words = conv.in_c % 4 == 0;  // an image's words hold four channels of a pixel
  call.params.push_back(param("lanes", words ? 4 : 1));
  const std::int64_t band = choose_band(call, 1);
  call.scratch = {c.scratch("plane", c.in(0).type, plane_elements(call, band))};
  call.params.push_back(param("band", band));
  call.params.push_back(param("scale_bits", scale_bits));
  call.params.push_back(param_array(c.program, "weights", weight_array(c, conv.weights)));
  call.weight_bytes = static_cast<std::int64_t>(conv.weights.values.size());
  call.algorithm =
      fmt::format("a channel at a time, {} rows of {} gathered together", band, words ? "four" : "it");
  return call;
}

bool has_blocked_form(LowerContext& c, const QuantizedConv& conv) {
  if (!wants_blocks(c) || conv.weights.type != DType::int8) return false;
  if (conv.groups == 1) return conv.window.dil_w == 1;
  return conv.depthwise();
}

}  // namespace

void set_tile(Call& call, std::int64_t tile) {
  for (Param& p : call.params) {
    if (p.name == "tile") p.value = std::to_string(tile);
    if (p.name == "copied") p.value = "false";
    if (p.name == "rows_at_once" && call.kernel.rfind("packed", 0) == 0)
      p.value = "1";  // two need patches of whole rows
  }
}

std::int64_t patch_elements(const Call& call, std::int64_t tile) {
  const auto of = [&](const char* name) { return int_param(call, name); };
  if (call.kernel.rfind("blocked_conv2d", 0) != 0)
    return ((tile - 1) * of("stride_w") + (of("k_w") - 1) * of("dil_w") + 1) * of("k_h") * of("in_c") + 2;
  const std::int64_t column = 2 * ((of("k_h") * of("in_c") + 1) / 2 * 2),
                     columns = ((tile + 1) / 2 * 2 - 1) * of("stride_w") + of("k_w");
  const std::int64_t padded = of("steps") * of("rounds"), words = of("k_w") * column / 4;
  return 8 * padded + 4 * of("most_extras") +
         std::max<std::int64_t>(columns, 0) * column * int_param(call, "rows_at_once", 1) +
         4 * (padded - words);
}

std::int64_t smallest_tile(const Call& call) {
  const std::int64_t width = int_param(call, "out_w"), tile = std::min<std::int64_t>(2, width);
  return patch_elements(call, tile) < patch_elements(call, width) ? tile : width;
}

Call integer_conv_call(LowerContext& c, const QuantizedConv& conv, Accumulators& acc) {
  const int scale_bits = conv.depthwise() ? sum_scale_bits(conv.weights, acc) : 0;
  if (packs(c, conv) && scale_bits > 0)
    return packed_depthwise_call(c, conv, acc, scale_bits, "packed_depthwise_conv2d", "packed_depthwise.hpp");
  if (packs(c, conv) && !conv.depthwise()) return packed_conv_call(c, conv, acc);
  if (has_blocked_form(c, conv) && scale_bits > 0) return blocked_depthwise_call(c, conv, scale_bits);
  if (has_blocked_form(c, conv) && !conv.depthwise())
    if (auto call = blocked_conv_call(c, conv, acc)) return std::move(*call);
  return quantized_conv_call(c, conv, acc, conv.depthwise() ? "depthwise_conv2d" : "conv2d", "conv2d.hpp");
}

bool packs(LowerContext& c, const QuantizedConv& conv) {
  return c.blocked() && (conv.groups == 1 || conv.depthwise());
}

Call packed_conv_call(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc) {
  if (wants_winograd(c, conv, acc))
    return winograd_call(c, conv, acc, "winograd_conv2d", "winograd_conv2d.hpp");
  if (c.form().direct && windows_inside(conv.window)) return direct_call(c, conv, acc);
  return packed_call(c, flattened(conv), acc, "packed_conv2d", "packed_conv2d.hpp");
}

Call packed_guarded_conv_call(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc) {
  const char *kernel = "packed_guarded_conv2d", *header = "packed_guarded.hpp";
  if (!conv.depthwise() && wants_winograd(c, conv, acc)) {
    Call call = winograd_call(c, conv, acc, "winograd_guarded_conv2d", "winograd_guarded.hpp");
    if (keeps_winograd_bytes(c, conv)) return call;
    std::vector<std::int16_t> weights;  // as they are in the model, for what is computed again in float
    for (std::int64_t o = 0; o < conv.out_c; ++o)
      for (std::int64_t i = 0; i < conv.in_c; ++i)
        for (std::int64_t tap = 0; tap < 9; ++tap)
          weights.push_back(static_cast<std::int16_t>(conv.weights.at(o, tap * conv.in_c + i)));
    call.params.push_back(
        param_array(c.program, "plain_weights", c.array("plain_weights", DType::int16, weights)));
    call.weight_bytes += static_cast<std::int64_t>(weights.size()) * 2;
    return call;
  }
  return conv.depthwise() ? packed_depthwise_call(c, conv, acc, 0, kernel, header)
                          : packed_call(c, conv, acc, kernel, header);
}

Call quantized_conv_call(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc,
                         std::string kernel, std::string header) {
  Call call = geometry_call(c, conv, std::move(kernel), std::move(header));
  QuantizedWeights ordered = conv.weights;
  const std::int64_t taps = conv.weights.taps;
  if (conv.depthwise())
    for (std::int64_t o = 0; o < conv.out_c; ++o)
      for (std::int64_t t = 0; t < taps; ++t)
        ordered.values[static_cast<std::size_t>(t * conv.out_c + o)] = conv.weights.at(o, t);
  call.params.push_back(param_array(c.program, "weights", weight_array(c, ordered)));
  call.params.push_back(param_array(c.program, "bias", c.array("bias", DType::int32, acc.bias)));
  call.weight_bytes = static_cast<std::int64_t>(ordered.values.size()) * size_of(ordered.type);
  return call;
}

}  // namespace o2m

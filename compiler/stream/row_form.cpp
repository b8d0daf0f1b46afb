#include "stream/row_form.hpp"

#include <algorithm>
#include <array>

#include "kernels/depthwise.hpp"
#include "ops/lower.hpp"
#include "ops/quantized_conv.hpp"

namespace o2m {
namespace {

constexpr std::array window_kernels = {"conv2d",
                                       "depthwise_conv2d",
                                       "guarded_conv2d",
                                       "packed_conv2d",
                                       "packed_depthwise_conv2d",
                                       "packed_guarded_conv2d",
                                       "packed_direct_conv2d",
                                       "blocked_conv2d",
                                       "blocked_depthwise_conv2d",
                                       "max_pool",
                                       "packed_max_pool",
                                       "average_pool"};
constexpr std::array folding_kernels = {"max_pool", "packed_max_pool"};
constexpr std::array element_kernels = {"lookup", "dequantize_linear", "quantize_linear"};
constexpr std::array pair_kernels = {"elementwise_add", "elementwise_mul", "qbinary"};

template <std::size_t n>
bool is_one_of(const std::array<const char*, n>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void set(Call& call, std::string_view name, std::int64_t value) {
  for (Param& p : call.params)
    if (p.name == name) p.value = std::to_string(value);
}

std::vector<BufferId> buffers_read(const Call& call) {
  std::vector<BufferId> out;
  for (const Operand& read : call.reads)
    if (const auto* id = std::get_if<BufferId>(&read)) out.push_back(*id);
  return out;
}

/// Rows of a tensor stored channels last; 0 if it is no image.
std::int64_t image_height(const Program& program, BufferId id) {
  const Shape& shape = program[id].shape;
  return shape.size() == 4 && shape[0] == 1 ? shape[1] : 0;
}

void set_list(Call& call, const std::string& name, const std::vector<std::int64_t>& values) {
  for (Param& p : call.params)
    if (p.name == name + "[]") p = param_ints(name, values);
}

/// A pixel-wise convolution of an image that lowering made one long row: back to rows.
void divide_rows(Call& call, std::int64_t height) {
  const std::int64_t width = int_param(call, "in_w");
  if (int_param(call, "in_h") != 1 || int_param(call, "k_h") != 1 || int_param(call, "k_w") != 1 ||
      int_param(call, "stride_w") != 1 || height < 2 || width % height != 0 ||
      int_param(call, "out_w") != width)
    return;
  for (const char* name : {"in_h", "out_h"}) set(call, name, height);
  for (const char* name : {"in_w", "out_w"}) set(call, name, width / height);
}

std::optional<RowForm> window_form(const Program& program, const Call& call, std::int64_t height,
                                   bool small) {
  RowForm f{{StageKind::window, call, {}, {}}, {}, {}};
  Call& layer = f.stage.layer;
  const std::vector<BufferId> reads = buffers_read(call);
  divide_rows(layer, height > 0 ? height : image_height(program, reads.at(0)));
  f.stage.out_h = int_param(layer, "out_h");
  f.stage.k_h = int_param(layer, "k_h");
  f.stage.stride_h = int_param(layer, "stride_h");
  f.stage.dil_h = int_param(layer, "dil_h", 1);
  f.stage.pad_top = int_param(layer, "pad_top");
  const std::int64_t in_c = int_param(layer, "in_c", int_param(layer, "channels")),
                     out_c = int_param(layer, "out_c", in_c);
  f.inputs = {{int_param(layer, "in_h"), int_param(layer, "in_w") * in_c}};
  f.output = {f.stage.out_h, int_param(layer, "out_w") * out_c};
  // Maxima of rows that no two windows share are taken row by row: one input row in memory is enough.
  const bool folds =
      is_one_of(folding_kernels, layer.kernel) && f.stage.k_h <= f.stage.stride_h && f.stage.dil_h == 1;
  if (folds) f.stage.kind = StageKind::fold;
  layer.kernel += folds ? "_part" : "_stage";
  if (layer.scratch.empty()) return f;
  f.scratch_type = program[layer.scratch[0]].type;
  f.scratch_elements = program[layer.scratch[0]].bytes / size_of(f.scratch_type);
  if (int_param(layer, "tile") > 0) {
    set(layer, "rows_at_once", 1);
    set_tile(layer,
             small ? smallest_tile(layer) : std::min(int_param(layer, "out_w"), int_param(layer, "tile")));
    f.scratch_elements = patch_elements(layer, int_param(layer, "tile"));
  }
  if (int_param(layer, "band") > 0) {
    set(layer, "band", 1);
    f.scratch_elements = plane_elements(layer, 1);
  }
  layer.scratch.clear();
  return f;
}

/// Both operands of the output's shape; a constant may also be a scalar.
std::optional<RowForm> pair_form(const Program& program, const Call& call, std::int64_t height) {
  RowForm f{{StageKind::row, call, {}, {}}, {}, {}};
  const std::vector<BufferId> reads = buffers_read(call);
  const auto size = int_list_param(call, "size");
  if (height == 0 && !reads.empty()) height = image_height(program, reads[0]);
  if (reads.empty() || size.size() != 1 || height < 1 || size[0] % height != 0) return std::nullopt;
  for (std::size_t i = 0; i < 2; ++i) {
    const bool is_buffer = std::holds_alternative<BufferId>(call.reads[i]);
    if (int_list_param(call, i == 0 ? "a_step" : "b_step") != std::vector<std::int64_t>{is_buffer ? 1 : 0})
      return std::nullopt;
  }
  set_list(f.stage.layer, "size", {size[0] / height});
  f.stage.out_h = height;
  f.output = {height, size[0] / height};
  f.inputs.assign(reads.size(), f.output);
  return f;
}

std::optional<RowForm> element_form(const Program& program, const Call& call, std::int64_t height) {
  RowForm f{{StageKind::row, call, {}, {}}, {}, {}};
  const std::int64_t size = int_param(call, "size");
  if (height == 0) height = image_height(program, buffers_read(call).at(0));
  if (height < 1 || size % height != 0 || int_param(call, "channels", 1) != 1) return std::nullopt;
  set(f.stage.layer, "size", size / height);
  f.stage.out_h = height;
  f.output = {height, size / height};
  f.inputs = {f.output};
  return f;
}

/// An NCHW image to NHWC: row y is made from row y of every plane.
std::optional<RowForm> planes_form(const Program& program, const Call& call) {
  RowForm f{{StageKind::row, call, {}, {}}, {}, {}};
  const auto size = int_list_param(call, "size"), step = int_list_param(call, "step");
  const std::int64_t height = image_height(program, call.writes[0]);
  if (size.size() != 2 || height < 2 || size[0] % height != 0 ||
      step != std::vector<std::int64_t>{1, size[0]} || int_param(call, "first") != 0)
    return std::nullopt;
  set_list(f.stage.layer, "size", {size[0] / height, size[1]});
  f.stage.out_h = height;
  f.inputs = {{height, size[0] / height}};
  f.output = {height, size[0] / height * size[1]};
  f.needs_given_input = true;
  return f;
}

RowForm sum_form(const Call& call) {
  RowForm f{{StageKind::fold, call, {}, {}}, {}, {}};
  const std::int64_t channels = int_param(call, "channels");
  f.stage.layer.kernel += "_part";
  f.stage.k_h = f.stage.stride_h = int_param(call, "in_h");
  f.inputs = {{int_param(call, "in_h"), int_param(call, "in_w") * channels}};
  f.output = {1, channels};
  f.scratch_type = DType::int32;
  f.scratch_elements = channels;
  return f;
}

}  // namespace

bool is_elementwise(const Call& call) {
  return is_one_of(element_kernels, call.kernel) && int_param(call, "channels", 1) == 1;
}

namespace {

std::optional<RowForm> form_of(const Program& program, const Call& call, std::int64_t height, bool small) {
  if (is_one_of(window_kernels, call.kernel)) return window_form(program, call, height, small);
  if (is_one_of(pair_kernels, call.kernel)) return pair_form(program, call, height);
  if (is_one_of(element_kernels, call.kernel)) return element_form(program, call, height);
  if (call.kernel == "strided_copy") return planes_form(program, call);
  if (call.kernel == "global_average_pool") return sum_form(call);
  return std::nullopt;
}

}  // namespace

std::optional<RowForm> row_form(const Program& program, const Call& call, std::int64_t height, bool small) {
  constexpr std::int64_t most_rows = 65'536;  // each is looked at, and no chip has room for an image of more
  if (call.writes.size() != 1 || !call.stages.empty() || buffers_read(call).empty()) return std::nullopt;
  std::optional<RowForm> form = form_of(program, call, height, small);
  const auto is_tall = [](const RowShape& shape) { return shape.height > most_rows; };
  if (form && (is_tall(form->output) || std::any_of(form->inputs.begin(), form->inputs.end(), is_tall)))
    return std::nullopt;
  return form;
}

}  // namespace o2m

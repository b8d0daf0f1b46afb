// com.microsoft QLinearAveragePool 1: x, x_scale, x_zero_point, y_scale, y_zero_point. Pads, strides,
// auto_pad, ceil_mode, count_include_pad. A window that is the whole unpadded image is computed as a global
// pool (qlinear_pool.cc).

#include <algorithm>
#include <set>

#include "ops/average_form.hpp"
#include "ops/qlinear_global_average_pool.hpp"
#include "ops/quantization.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  const PoolImage image = pool_image(c.node, c.shape(0));
  const Window w = pool_window(c.node, image);
  if (std::any_of(w.dilations.begin(), w.dilations.end(), [](std::int64_t d) { return d != 1; }))
    refuse("dilations {} are not supported, only 1", to_string(w.dilations));
  c.set(0, infer_pooled_type(c), pool_shape(c.node, image, w.out));
}

bool is_global(const PoolImage& image, const Window& w) {
  const auto zero = [](std::int64_t p) { return p == 0; };
  return w.kernel == image.spatial && std::all_of(w.pads_begin.begin(), w.pads_begin.end(), zero) &&
         std::all_of(w.pads_end.begin(), w.pads_end.end(), zero);
}

/// How many cells of a window of `k` lie inside, for every window along one dimension.
std::set<std::int64_t> cells_inside(std::int64_t in, std::int64_t out, std::int64_t k, std::int64_t stride,
                                    std::int64_t pad) {
  std::set<std::int64_t> counts;
  for (std::int64_t o = 0; o < out; ++o) {
    const std::int64_t first = o * stride - pad;
    counts.insert(std::max<std::int64_t>(0, std::min(first + k, in) - std::max<std::int64_t>(first, 0)));
  }
  return counts;
}

/// The divisors that occur: of full windows alone with count_include_pad, else the numbers of cells inside.
std::vector<AverageCount> counts_of(const Window2d& w, bool count_include_pad) {
  const std::int64_t area = w.k_h * w.k_w;
  if (count_include_pad) return {{area, area}};
  std::set<std::int64_t> counts;
  for (const std::int64_t rows : cells_inside(w.in_h, w.out_h, w.k_h, w.stride_h, w.pad_top))
    for (const std::int64_t cols : cells_inside(w.in_w, w.out_w, w.k_w, w.stride_w, w.pad_left))
      counts.insert(rows * cols);
  if (counts.count(0) != 0) refuse("a window lies in the padding altogether");
  std::vector<AverageCount> out;
  for (const std::int64_t n : counts) out.push_back({n, n});
  return out;
}

/// Params multiplier and addend: one element, or one per number of cells (those that cannot occur stay 0).
void add_form(LowerContext& c, Call& call, const AverageForm& form, const std::vector<AverageCount>& counts,
              std::int64_t area) {
  const std::size_t size = counts.size() == 1 ? 1 : static_cast<std::size_t>(area);
  std::vector<std::int32_t> multiplier(size, 0);
  std::vector<std::int64_t> addend(size, 0);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::size_t at = size == 1 ? 0 : static_cast<std::size_t>(counts[i].cells - 1);
    multiplier[at] = form.multiplier[i];
    addend[at] = form.addend[i];
  }
  call.params.push_back(
      param_array(c.program, "multiplier", c.array("multiplier", DType::int32, multiplier)));
  call.params.push_back(param_array(c.program, "addend", c.array("addend", DType::int64, addend)));
  call.params.push_back(param("shift", form.shift));
  call.params.push_back({"std::int64_t", "recheck", std::to_string(form.recheck)});
  call.requantization = form.description;
}

void lower(LowerContext& c) {
  const PoolImage image = pool_image(c.node, c.in_shape(0));
  const Window window = pool_window(c.node, image);
  if (is_global(image, window)) return lower_global_average_pool(c, image);
  const Window2d w = lowered_window(c.node, image, window);
  const bool count_include_pad = c.node.attr("count_include_pad", 0) != 0;
  const DType type = c.in(0).type;
  const AverageRule rule{read_scale(c.required_constant(1, "x_scale"), "x_scale"),
                         read_scale(c.required_constant(3, "y_scale"), "y_scale"),
                         read_zero_point(c, 2, "x_zero_point"),
                         read_zero_point(c, 4, "y_zero_point"),
                         static_cast<std::int32_t>(min_of(type)),
                         static_cast<std::int32_t>(max_of(type))};
  if (w.k_h * w.k_w > (std::int64_t{1} << 23)) refuse("a sum of {} cells may leave int32", w.k_h * w.k_w);
  const auto counts = counts_of(w, count_include_pad);
  Call call = c.call("average_pool", "average_pool.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  add_window(call, w);
  call.params.push_back(param("channels", image.channels));
  call.params.push_back(param_bool("count_include_pad", count_include_pad));
  call.params.push_back(param("x_zero_point", rule.x_zero_point));
  call.params.push_back(param("y_zero_point", rule.y_zero_point));
  call.params.push_back(param("y_min", rule.qmin));
  call.params.push_back(param("y_max", rule.qmax));
  call.params.push_back(param_float("x_scale", rule.x_scale));
  call.params.push_back(param_float("y_scale", rule.y_scale));
  add_form(c, call, find_average_form(rule, counts), counts, w.k_h * w.k_w);
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_QLinearAveragePool){"com.microsoft", "QLinearAveragePool", infer, lower};

}  // namespace o2m

#include "ops/estimate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/eval_elementwise.hpp"
#include "ops/int_list.hpp"
#include "ops/window.hpp"

namespace o2m {
namespace {

Window2d pool_geometry(const Node& node, const Shape& x) {
  const auto spatial = spatial_dims(x, false);
  if (const auto kernel = node.attr_ints("kernel_shape"))
    return to_planes(resolve_window(node, spatial, *kernel), spatial);
  const std::vector<std::int64_t> ones(spatial.size(), 1), zeros(spatial.size(), 0);
  return to_planes({spatial, ones, ones, zeros, zeros, ones}, spatial);
}

/// Folds the cells of every window that lie in the image into `start`: y = finish(fold(…), cells, cells with
/// padding).
template <class Fold, class Finish>
Tensor pool(const Graph& graph, const Node& node, const Tensor& x, float start, Fold fold, Finish finish) {
  const Window2d w = pool_geometry(node, x.shape);
  Tensor y = make_tensor(DType::float32, graph.shape(node.outputs[0]));
  float* out = y.as<float>().data();
  const float* plane = x.as<float>().data();
  for (std::int64_t p = 0; p < x.shape[0] * x.shape[1]; ++p, plane += w.in_h * w.in_w)
    for (std::int64_t oy = 0; oy < w.out_h; ++oy)
      for (std::int64_t ox = 0; ox < w.out_w; ++ox) {
        float value = start;
        int cells = 0, padded = 0;
        for (std::int64_t ky = 0; ky < w.k_h; ++ky)
          for (std::int64_t kx = 0; kx < w.k_w; ++kx) {
            const std::int64_t iy = source_row(w, oy, ky), ix = ox * w.stride_w - w.pad_left + kx * w.dil_w;
            padded += ends_in_padding(w, oy, ky) && ix < w.in_w + w.pad_right;
            if (iy < 0 || ix < 0 || ix >= w.in_w) continue;
            value = fold(value, plane[iy * w.in_w + ix]);
            ++cells;
          }
        *out++ = finish(value, cells, padded);
      }
  return y;
}

/// Shape with the reduced dimensions kept as 1.
Shape kept_shape(const Graph& graph, const Node& node, const Shape& x) {
  const auto axes = int_list(graph, node, "axes", 1, node.is("ReduceSum") ? 13 : 18);
  Shape kept = x;
  if (axes && !axes->empty())
    for (const std::size_t axis : normalize_axes(*axes, x.size())) kept[axis] = 1;
  else if (node.attr("noop_with_empty_axes", 0) == 0)
    kept.assign(x.size(), 1);
  return kept;
}

}  // namespace

std::vector<Tensor> estimate_max_pool(const Graph& graph, const Node& node, EvalInputs in) {
  if (in[0]->type != DType::float32) refuse("x is {}, only float32 is calibrated", to_string(in[0]->type));
  return {pool(
      graph, node, *in[0], -std::numeric_limits<float>::infinity(),
      [](float a, float b) { return a > b ? a : b; }, [](float v, int, int) { return v; })};
}

std::vector<Tensor> estimate_average_pool(const Graph& graph, const Node& node, EvalInputs in) {
  const bool include_pad = node.attr("count_include_pad", 0) != 0;
  return {pool(
      graph, node, *in[0], 0.0F, [](float a, float b) { return a + b; },
      [&](float v, int cells, int padded) {
        return v / static_cast<float>(include_pad ? padded : std::max(cells, 1));
      })};
}

std::vector<Tensor> estimate_softmax(const Graph& graph, const Node& node, EvalInputs in) {
  const Tensor& x = *in[0];
  const bool one_axis = graph.opset() >= 13, logarithm = node.is("LogSoftmax");
  const std::size_t axis = normalize_axis(node.attr("axis", one_axis ? -1 : 1), x.shape.size());
  const auto begin = x.shape.begin() + static_cast<std::ptrdiff_t>(axis);
  const std::int64_t n = one_axis ? *begin : element_count({begin, x.shape.end()});
  const std::int64_t stride = one_axis ? element_count({begin + 1, x.shape.end()}) : 1;
  Tensor y = x;
  const auto v = y.as<float>();
  for (std::int64_t i = 0; i < y.count() / n; ++i) {
    const auto at = [&](std::int64_t j) -> float& {
      return v[static_cast<std::size_t>(i / stride * n * stride + j * stride + i % stride)];
    };
    float largest = at(0);
    for (std::int64_t j = 1; j < n; ++j) largest = std::max(largest, at(j));
    double sum = 0;
    for (std::int64_t j = 0; j < n; ++j) sum += std::exp(at(j) - largest);
    for (std::int64_t j = 0; j < n; ++j)
      at(j) = logarithm ? at(j) - largest - static_cast<float>(std::log(sum))
                        : static_cast<float>(std::exp(at(j) - largest) / sum);
  }
  return {std::move(y)};
}

std::vector<Tensor> estimate_batch_normalization(const Graph&, const Node& node, EvalInputs in) {
  Tensor y = *in[0];
  const float epsilon = node.attr_float("epsilon", 1e-5F);
  const auto channels = static_cast<std::size_t>(y.shape[1]), images = static_cast<std::size_t>(y.shape[0]);
  const std::size_t inner = y.as<float>().size() / images / channels;
  for (std::size_t i = 0; i < y.as<float>().size(); ++i) {
    const std::size_t c = i / inner % channels;
    const float factor = in[1]->as<float>()[c] / std::sqrt(in[4]->as<float>()[c] + epsilon);
    y.as<float>()[i] = (y.as<float>()[i] - in[3]->as<float>()[c]) * factor + in[2]->as<float>()[c];
  }
  return {std::move(y)};
}

std::vector<Tensor> estimate_reduce(const Graph& graph, const Node& node, EvalInputs in) {
  const Tensor& x = *in[0];
  if (x.type != DType::float32) refuse("x is {}, only float32 is calibrated", to_string(x.type));
  const Shape kept = kept_shape(graph, node, x.shape);
  const std::string what = node.op_type.substr(6);
  const bool largest = what == "Max", smallest = what == "Min", product = what == "Prod";
  const double start = largest ? -INFINITY : smallest ? INFINITY : product ? 1 : 0;
  std::vector<double> sums(static_cast<std::size_t>(element_count(kept)), start);
  const auto steps = broadcast_strides(kept, x.shape);
  std::vector<std::int64_t> at(x.shape.size(), 0);
  for (const float element : x.as<float>()) {
    std::int64_t o = 0;
    for (std::size_t d = 0; d < at.size(); ++d) o += at[d] * steps[d];
    double& s = sums[static_cast<std::size_t>(o)];
    const double v = element;
    if (largest)
      s = std::max(s, v);
    else if (smallest)
      s = std::min(s, v);
    else if (product)
      s *= v;
    else
      s += what == "L1"                          ? std::abs(v)
           : what == "L2" || what == "SumSquare" ? v * v
           : what == "LogSumExp"                 ? std::exp(v)
                                                 : v;
    for (std::size_t d = at.size(); d-- > 0 && ++at[d] == x.shape[d];) at[d] = 0;
  }
  Tensor y = make_tensor(DType::float32, graph.shape(node.outputs[0]));
  const double count = static_cast<double>(x.count()) / static_cast<double>(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double s = sums[i];
    y.as<float>()[i] = static_cast<float>(what == "Mean"              ? s / count
                                          : what == "L2"              ? std::sqrt(s)
                                          : what.rfind("Log", 0) == 0 ? std::log(s)
                                                                      : s);
  }
  return {std::move(y)};
}

std::vector<Tensor> estimate_mean(const Graph& graph, const Node& node, EvalInputs in) {
  std::vector<Tensor> y = eval_sum(graph, node, in);
  for (float& v : y[0].as<float>()) v /= static_cast<float>(in.size());
  return y;
}

std::vector<Tensor> estimate_prelu(const Graph&, const Node&, EvalInputs in) {
  return {eval_broadcast<float, float>(DType::float32, *in[0], *in[1],
                                       [](float x, float slope) { return x < 0 ? slope * x : x; })};
}

std::vector<Tensor> estimate_pow(const Graph&, const Node&, EvalInputs in) {
  if (in[0]->type != DType::float32) refuse("x is {}, only float32 is calibrated", to_string(in[0]->type));
  Tensor exponent = make_tensor(DType::float32, in[1]->shape);  // it may be of an integer type
  for (std::int64_t i = 0; i < exponent.count(); ++i)
    exponent.as<float>()[static_cast<std::size_t>(i)] = static_cast<float>(in[1]->real(i));
  return {eval_broadcast<float, float>(DType::float32, *in[0], exponent,
                                       [](float x, float e) { return std::pow(x, e); })};
}

std::vector<Tensor> estimate_celu(const Graph&, const Node& node, EvalInputs in) {
  const float alpha = node.attr_float("alpha", 1.0F);
  Tensor y = *in[0];
  for (float& v : y.as<float>())
    if (v < 0) v = alpha * std::expm1(v / alpha);
  return {std::move(y)};
}

std::vector<Tensor> estimate_mish(const Graph&, const Node&, EvalInputs in) {
  Tensor y = *in[0];
  for (float& v : y.as<float>()) v *= std::tanh(std::log1p(std::exp(v)));
  return {std::move(y)};
}

}  // namespace o2m

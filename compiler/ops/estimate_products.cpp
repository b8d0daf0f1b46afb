// Convolutions and matrix products for calibration. Inner loops run over neighbouring elements, so that the
// C++ compiler turns them into vector instructions.

#include <algorithm>
#include <cstring>

#include "ops/estimate.hpp"
#include "ops/eval_elementwise.hpp"
#include "ops/matrix_product.hpp"
#include "ops/window.hpp"

namespace o2m {
namespace {

/// Columns ox of the output whose tap lies within the input: 0 <= ox * stride + first < in.
std::pair<std::int64_t, std::int64_t> inside(std::int64_t first, std::int64_t stride, std::int64_t in,
                                             std::int64_t out) {
  const std::int64_t begin = first >= 0 ? 0 : (-first + stride - 1) / stride;
  const std::int64_t end = first >= in ? 0 : (in - 1 - first) / stride + 1;
  return {begin, std::min(end, out)};
}

/// y += weight * x for one tap over one row.
void add_row(float* y, const float* x, float weight, std::int64_t count, std::int64_t stride) {
  if (stride == 1)
    for (std::int64_t i = 0; i < count; ++i) y[i] += weight * x[i];
  else
    for (std::int64_t i = 0; i < count; ++i) y[i] += weight * x[i * stride];
}

/// y += the plane x convolved with one kernel.
void add_plane(float* y, const float* x, const float* kernel, const Window2d& w) {
  if (w.k_h * w.k_w == 1 && w.in_h == w.out_h && w.in_w == w.out_w && w.stride_h * w.stride_w == 1)
    return add_row(y, x, kernel[0], w.in_h * w.in_w, 1);
  for (std::int64_t ky = 0; ky < w.k_h; ++ky) {
    for (std::int64_t kx = 0; kx < w.k_w; ++kx) {
      const std::int64_t first_x = kx * w.dil_w - w.pad_left;
      const auto [x_begin, x_end] = inside(first_x, w.stride_w, w.in_w, w.out_w);
      const float weight = kernel[ky * w.k_w + kx];
      for (std::int64_t oy = 0; oy < w.out_h; ++oy)
        if (const std::int64_t iy = source_row(w, oy, ky); iy >= 0)
          add_row(y + oy * w.out_w + x_begin, x + iy * w.in_w + x_begin * w.stride_w + first_x, weight,
                  x_end - x_begin, w.stride_w);
    }
  }
}

/// Four neighbouring floats: one vector instruction on any machine, in one order of sums.
using Lanes = float __attribute__((vector_size(16)));
constexpr std::int64_t tile_pixels = 4, tile_channels = 8;

/// sums[4][8] = four rows of x, `row` floats apart, times eight columns of w, whose rows are `step` floats
/// apart. The sums stay in registers.
void multiply_tile(float* sums, const float* x, std::int64_t row, const float* w, std::int64_t step,
                   std::int64_t k) {
  Lanes total[tile_pixels][2] = {};
  for (std::int64_t i = 0; i < k; ++i, w += step) {
    Lanes left, right;
    std::memcpy(&left, w, sizeof left);
    std::memcpy(&right, w + 4, sizeof right);
    for (std::int64_t p = 0; p < tile_pixels; ++p) {
      const float v = x[p * row + i];
      total[p][0] += left * v;
      total[p][1] += right * v;
    }
  }
  std::memcpy(sums, total, sizeof total);
}

std::int64_t rounded_up(std::int64_t n, std::int64_t step) { return (n + step - 1) / step * step; }

/// One group of a convolution as a matrix product: a row of the output at a time, every pixel's window laid
/// out in a line.
struct WindowProduct {
  const Window2d& w;
  std::int64_t depth, channels;
  std::int64_t taps = depth * w.k_h * w.k_w, columns = rounded_up(channels, tile_channels);
  std::vector<float> weights =
      std::vector<float>(static_cast<std::size_t>(taps * columns), 0.0F);  ///< [k_h][k_w][depth][columns]
  std::vector<float> windows =
      std::vector<float>(static_cast<std::size_t>(rounded_up(w.out_w, tile_pixels) * taps), 0.0F);

  void take_weights(const float* kernels) {
    const std::int64_t area = w.k_h * w.k_w;
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t d = 0; d < depth; ++d)
        for (std::int64_t a = 0; a < area; ++a)
          weights[static_cast<std::size_t>((a * depth + d) * columns + c)] = *kernels++;
  }

  /// The windows of output row oy; 0 where they reach into the padding.
  void take_row(const float* x, std::int64_t oy) {
    float* to = windows.data();
    for (std::int64_t ox = 0; ox < w.out_w; ++ox)
      for (std::int64_t ky = 0; ky < w.k_h; ++ky)
        for (std::int64_t kx = 0; kx < w.k_w; ++kx, to += depth) {
          const std::int64_t iy = source_row(w, oy, ky), ix = ox * w.stride_w + kx * w.dil_w - w.pad_left;
          const bool inside = iy >= 0 && ix >= 0 && ix < w.in_w;
          const float* from = inside ? x + iy * w.in_w + ix : nullptr;
          for (std::int64_t d = 0; d < depth; ++d) to[d] = inside ? from[d * w.in_h * w.in_w] : 0.0F;
        }
  }

  /// Adds the product to y.
  void add(float* y, const float* x) {
    float sums[tile_pixels * tile_channels];
    for (std::int64_t oy = 0; oy < w.out_h; ++oy) {
      take_row(x, oy);
      for (std::int64_t ox = 0; ox < w.out_w; ox += tile_pixels)
        for (std::int64_t c = 0; c < columns; c += tile_channels) {
          multiply_tile(sums, windows.data() + ox * taps, taps, weights.data() + c, columns, taps);
          for (std::int64_t j = c; j < std::min(c + tile_channels, channels); ++j)
            for (std::int64_t i = ox; i < std::min(ox + tile_pixels, w.out_w); ++i)
              y[(j * w.out_h + oy) * w.out_w + i] += sums[(i - ox) * tile_channels + j - c];
        }
    }
  }
};

/// Sums in eight lanes: a single one would wait for each addition.
float dot(const float* a, const float* b, std::int64_t count) {
  constexpr std::int64_t lanes = 8;
  float sums[lanes] = {};
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (std::int64_t l = 0; l < lanes; ++l) sums[l] += a[i + l] * b[i + l];
  float total = 0;
  for (; i < count; ++i) total += a[i] * b[i];
  for (const float s : sums) total += s;
  return total;
}

struct Matrix {
  const float* data;
  std::int64_t row_step, column_step;
};

/// y[m, n] = a[m, k] · b[k, n]
void multiply(float* y, const Matrix& a, const Matrix& b, std::int64_t m, std::int64_t k, std::int64_t n) {
  for (std::int64_t i = 0; i < m; ++i) {
    float* row = y + i * n;
    if (a.column_step == 1 && b.row_step == 1) {
      for (std::int64_t j = 0; j < n; ++j)
        row[j] = dot(a.data + i * a.row_step, b.data + j * b.column_step, k);
      continue;
    }
    std::fill(row, row + n, 0.0F);
    for (std::int64_t l = 0; l < k; ++l)
      add_row(row, b.data + l * b.row_step, a.data[i * a.row_step + l * a.column_step], n, b.column_step);
  }
}

}  // namespace

std::vector<Tensor> estimate_conv(const Graph& graph, const Node& node, EvalInputs in) {
  const Tensor &x = *in[0], &weights = *in[1];
  const auto spatial = spatial_dims(x.shape, false);
  const Window2d w =
      to_planes(resolve_window(node, spatial, {weights.shape.begin() + 2, weights.shape.end()}), spatial);
  Tensor y = make_tensor(DType::float32, graph.shape(node.outputs[0]));
  const std::int64_t out_c = weights.shape[0], depth = weights.shape[1], groups = node.attr("group", 1),
                     channels = out_c / groups;
  const std::int64_t in_plane = w.in_h * w.in_w, out_plane = w.out_h * w.out_w, taps = depth * w.k_h * w.k_w;
  float* out = y.as<float>().data();
  const float *input = x.as<float>().data(), *kernels = weights.as<float>().data();
  for (std::int64_t i = 0; i < x.shape[0] * groups;
       ++i, input += depth * in_plane, out += channels * out_plane) {
    const std::int64_t first = i % groups * channels;  // output channel
    for (std::int64_t c = 0; c < channels; ++c)
      std::fill(out + c * out_plane, out + (c + 1) * out_plane,
                in.size() > 2 && in[2] ? in[2]->as<float>()[static_cast<std::size_t>(first + c)] : 0.0F);
    if (channels >= tile_channels) {
      WindowProduct product{w, depth, channels};
      product.take_weights(kernels + first * taps);
      product.add(out, input);
      continue;
    }
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t d = 0; d < depth; ++d)
        add_plane(out + c * out_plane, input + d * in_plane, kernels + (first + c) * taps + d * w.k_h * w.k_w,
                  w);
  }
  return {std::move(y)};
}

std::vector<Tensor> estimate_gemm(const Graph& graph, const Node& node, EvalInputs in) {
  const Shape& shape = graph.shape(node.outputs[0]);
  const bool ta = node.attr("transA", 0) != 0, tb = node.attr("transB", 0) != 0;
  const std::int64_t k = in[0]->shape[ta ? 0 : 1];
  const auto matrix = [](const Tensor& t, bool transposed) {
    return transposed ? Matrix{t.as<float>().data(), 1, t.shape[1]}
                      : Matrix{t.as<float>().data(), t.shape[1], 1};
  };
  Tensor y = make_tensor(DType::float32, shape);
  multiply(y.as<float>().data(), matrix(*in[0], ta), matrix(*in[1], tb), shape[0], k, shape[1]);
  const float alpha = node.attr_float("alpha", 1.0F), beta = node.attr_float("beta", 1.0F);
  if (alpha != 1.0F)
    for (float& v : y.as<float>()) v *= alpha;
  if (in.size() < 3 || !in[2]) return {std::move(y)};
  return {eval_broadcast<float, float>(DType::float32, y, *in[2],
                                       [beta](float a, float c) { return a + beta * c; })};
}

std::vector<Tensor> estimate_matmul(const Graph& graph, const Node& node, EvalInputs in) {
  const MatrixProduct p = matrix_product(in[0]->shape, in[1]->shape);
  Tensor y = make_tensor(DType::float32, graph.shape(node.outputs[0]));
  const std::int64_t batches = element_count(p.batch);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    std::int64_t rest = batch, a = 0, b = 0;
    for (std::size_t d = p.batch.size(); d-- > 0; rest /= p.batch[d]) {
      a += rest % p.batch[d] * p.a_step[d];
      b += rest % p.batch[d] * p.b_step[d];
    }
    multiply(y.as<float>().data() + batch * p.m * p.n, {in[0]->as<float>().data() + a, p.k, 1},
             {in[1]->as<float>().data() + b, p.n, 1}, p.m, p.k, p.n);
  }
  return {std::move(y)};
}

}  // namespace o2m

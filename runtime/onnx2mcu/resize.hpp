// Resize and Upsample: where every output element comes from was worked out by the compiler, as tables per
// axis. Images are [outer][height][width][inner]: inner is 1 (channels first) or the channels (channels
// last).
#ifndef ONNX2MCU_RESIZE_HPP
#define ONNX2MCU_RESIZE_HPP

#include <type_traits>

#include "float_math.hpp"
#include "run.hpp"

namespace onnx2mcu {

template <class L, int D, class T>
ONNX2MCU_INLINE T* resize_nearest_axis(const T* x, T* y, const int* at, bool inside) noexcept {
  if constexpr (D == L::rank) {
    static_cast<void>(at);
    return inside ? copy_run(x, y, L::inner) : fill_run(static_cast<T>(L::outside), y, L::inner);
  } else {
    for (int i = 0; i < L::size[D]; ++i)
      y = resize_nearest_axis<L, D + 1>(at[i] < 0 ? x : x + at[i], y, at + L::size[D], inside && at[i] >= 0);
    return y;
  }
}

/// L::at: for each of the L::rank resized axes, where in x its L::size[d] outputs come from; -1: L::outside.
template <class L, class T>
ONNX2MCU_INLINE void resize_nearest(const T* x, T* y) noexcept {
  for (int o = 0; o < L::outer; ++o, x += L::plane) y = resize_nearest_axis<L, 0>(x, y, L::at, true);
}

/// Two neighbours along an axis, as distances from the start, and their weights; first < 0: outside.
struct Neighbours {
  int first, second;
  float weight_first, weight_second;
};

/// One output of bilinear interpolation. Integers are cut off, not rounded. pairwise: the rows' terms are
/// added first.
template <bool pairwise, class T>
ONNX2MCU_INLINE T bilinear(const T* x, const Neighbours& h, const Neighbours& w) noexcept {
  const T *top = x + h.first, *bottom = x + h.second;
  const auto term = [](float a, float b, T v) { return product(product(a, b), static_cast<float>(v)); };
  const float above = term(w.weight_first, h.weight_first, top[w.first]) +
                      term(w.weight_second, h.weight_first, top[w.second]);
  const float left = term(w.weight_first, h.weight_second, bottom[w.first]);
  const float right = term(w.weight_second, h.weight_second, bottom[w.second]);
  return static_cast<T>(pairwise ? above + (left + right) : (above + left) + right);
}

/// The same for 8-bit images with their channels last: weights in 1/1024, the sum divided towards 0.
template <class T>
ONNX2MCU_INLINE T bilinear_integer(const T* x, const Neighbours& h, const Neighbours& w) noexcept {
  const auto scaled = [](float weight) { return static_cast<std::int32_t>(weight * 1024.0F); };
  const std::int32_t h1 = scaled(h.weight_first), h2 = scaled(h.weight_second), w1 = scaled(w.weight_first),
                     w2 = scaled(w.weight_second);
  const T *top = x + h.first, *bottom = x + h.second;
  return static_cast<T>((w1 * h1 * top[w.first] + w2 * h1 * top[w.second] + w1 * h2 * bottom[w.first] +
                         w2 * h2 * bottom[w.second]) /
                        (1 << 20));
}

/// Calls pixel(x, h, w) for every output with the neighbours in both axes; gives L::outside beyond the image.
template <class L, class T, class Pixel>
ONNX2MCU_INLINE void for_each_neighbourhood(const T* x, T* y, Pixel pixel) noexcept {
  for (int o = 0; o < L::outer; ++o, x += L::plane)
    for (int i = 0; i < L::out_h; ++i)
      for (int j = 0; j < L::out_w; ++j) {
        const Neighbours h{L::h_first[i], L::h_second[i], L::h_weights[2 * i], L::h_weights[2 * i + 1]};
        const Neighbours w{L::w_first[j], L::w_second[j], L::w_weights[2 * j], L::w_weights[2 * j + 1]};
        for (int c = 0; c < L::inner; ++c)
          *y++ = h.first < 0 || w.first < 0 ? static_cast<T>(L::outside) : pixel(x + c, h, w);
      }
}

template <class L, class T>
ONNX2MCU_INLINE void resize_linear(const T* x, T* y) noexcept {
  for_each_neighbourhood<L>(x, y, [](const T* at, const Neighbours& h, const Neighbours& w) {
    return bilinear<L::pairwise>(at, h, w);
  });
}

template <class L, class T>
ONNX2MCU_INLINE void resize_linear_integer(const T* x, T* y) noexcept {
  for_each_neighbourhood<L>(
      x, y, [](const T* at, const Neighbours& h, const Neighbours& w) { return bilinear_integer(at, h, w); });
}

/// Three axes: the terms of all eight corners in turn, those of the first plane first.
template <class L, class T>
ONNX2MCU_INLINE void resize_trilinear(const T* x, T* y) noexcept {
  for (int o = 0; o < L::outer; ++o, x += L::volume)
    for (int k = 0; k < L::out_d; ++k)
      for (int i = 0; i < L::out_h; ++i)
        for (int j = 0; j < L::out_w; ++j)
          for (int c = 0; c < L::inner; ++c) {
            const int d[] = {L::d_first[k], L::d_second[k]}, h[] = {L::h_first[i], L::h_second[i]},
                      w[] = {L::w_first[j], L::w_second[j]};
            float sum = 0.0F;
            for (int n = 0; n < 8; ++n) {
              const float weight =
                  product(product(L::w_weights[2 * j + n % 2], L::h_weights[2 * i + n / 2 % 2]),
                          L::d_weights[2 * k + n / 4]);
              const float term =
                  product(weight, static_cast<float>(x[d[n / 4] + h[n / 2 % 2] + w[n % 2] + c]));
              sum = n == 0 ? term : sum + term;
            }
            const bool outside = d[0] < 0 || h[0] < 0 || w[0] < 0;
            *y++ = static_cast<T>(outside ? L::outside : sum);
          }
}

/// Four taps an axis, from L::h_at - 1 and L::w_at - 1 on, clamped into the image; rows first. L::w_taps are
/// divided by their sum, L::h_taps are divided where they are used.
template <class L>
ONNX2MCU_INLINE void resize_cubic(const float* x, float* y) noexcept {
  const auto inside = [](int i, int size) { return i < 0 ? 0 : i >= size ? size - 1 : i; };
  for (int o = 0; o < L::outer; ++o, x += L::in_h * L::in_w * L::inner)
    for (int i = 0; i < L::out_h; ++i)
      for (int j = 0; j < L::out_w; ++j)
        for (int c = 0; c < L::inner; ++c) {
          float result = 0.0F;
          for (int a = 0; a < 4; ++a) {
            const float* row = x + inside(L::h_at[i] - 1 + a, L::in_h) * L::in_w * L::inner + c;
            float along = 0.0F;
            for (int b = 0; b < 4; ++b)
              along += product(L::w_taps[4 * j + b], row[inside(L::w_at[j] - 1 + b, L::in_w) * L::inner]);
            result += product(along, L::h_taps[4 * i + a]) / L::h_sums[i];
          }
          *y++ = L::h_outside[i] || L::w_outside[j] ? L::outside : result;
        }
}

/// antialias: windows of any length, along the rows into `rows` [in_h][out_w][inner], then down the columns.
template <class L>
ONNX2MCU_INLINE void resize_antialias(const float* x, float* y, float* rows) noexcept {
  for (int o = 0; o < L::outer; ++o, x += L::in_h * L::in_w * L::inner) {
    const float* from = x;
    if constexpr (L::in_w != L::out_w) {
      float* to = rows;
      for (int i = 0; i < L::in_h; ++i)
        for (int j = 0; j < L::out_w; ++j)
          for (int c = 0; c < L::inner; ++c) {
            float sum = 0.0F;
            for (int n = 0; n < L::w_count[j]; ++n)
              sum +=
                  product(x[(i * L::in_w + L::w_at[j] + n) * L::inner + c], L::w_taps[j * L::w_window + n]);
            *to++ = sum;
          }
      from = rows;
    }
    for (int i = 0; i < L::out_h; ++i)
      for (int j = 0; j < L::out_w; ++j)
        for (int c = 0; c < L::inner; ++c, ++y) {
          float sum = 0.0F;
          for (int n = 0; n < L::h_count[i]; ++n)
            sum += product(from[((L::h_at[i] + n) * L::out_w + j) * L::inner + c],
                           L::h_taps[i * L::h_window + n]);
          if constexpr (L::in_h == L::out_h) sum = from[(i * L::out_w + j) * L::inner + c];
          *y = L::h_outside[i] || L::w_outside[j] ? L::outside : sum;
        }
  }
}

}  // namespace onnx2mcu

#endif

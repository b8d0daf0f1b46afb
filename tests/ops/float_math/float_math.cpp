// The runtime's float functions against values recorded from ONNX Runtime (recorded.bin, made by record.py):
// every bit has to be the same; any NaN equals any NaN.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "onnx2mcu/float_math.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "onnx2mcu/float_packet_math.hpp"
#include "onnx2mcu/float_pool.hpp"
#include "onnx2mcu/float_qlinear.hpp"
#include "onnx2mcu/float_reduce.hpp"
#include "onnx2mcu/float_softmax.hpp"
#include "onnx2mcu/unary.hpp"

namespace {

using namespace onnx2mcu;

struct Record {
  std::string name;
  std::vector<float> parameters;
  std::string x, y;  ///< raw bytes
};

std::vector<Record> read_records() {
  std::ifstream file(RECORDED_FILE, std::ios::binary);
  REQUIRE(file.good());
  std::string line;
  std::getline(file, line);
  MESSAGE("recorded with " << line);
  std::vector<Record> records;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    Record r;
    words >> r.name;
    for (float value = 0; words >> value;) r.parameters.push_back(value);
    REQUIRE(r.parameters.size() >= 2);
    r.y.resize(static_cast<std::size_t>(r.parameters.back()));
    r.parameters.pop_back();
    r.x.resize(static_cast<std::size_t>(r.parameters.back()));
    r.parameters.pop_back();
    file.read(r.x.data(), static_cast<std::streamsize>(r.x.size()));
    file.read(r.y.data(), static_cast<std::streamsize>(r.y.size()));
    REQUIRE(file.good());
    records.push_back(std::move(r));
  }
  return records;
}

template <class T>
std::vector<T> elements(const std::string& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

template <class T>
bool same(T a, T b) {
  if constexpr (std::is_same_v<T, float>)
    return float_bits(a) == float_bits(b) || (a != a && b != b);
  else
    return a == b;
}

template <class T>
void check_same(const Record& r, const std::vector<T>& got) {
  const std::vector<T> expected = elements<T>(r.y);
  REQUIRE(expected.size() == got.size());
  std::size_t different = 0, first = 0;
  for (std::size_t i = 0; i < got.size(); ++i)
    if (!same(expected[i], got[i]) && different++ == 0) first = i;
  INFO(r.name << ": element " << first << " is " << +got[first] << ", expected " << +expected[first]);
  CHECK(different == 0);
}

int parameter(const Record& r, std::size_t i) { return static_cast<int>(r.parameters.at(i)); }

using Check = std::function<void(const Record&)>;

Check elementwise(float (*f)(float)) {
  return [f](const Record& r) {
    std::vector<float> values = elements<float>(r.x);
    for (float& v : values) v = f(v);
    check_same(r, values);
  };
}

Check whole_array(void (*f)(const float*, float*, int)) {
  return [f](const Record& r) {
    std::vector<float> values = elements<float>(r.x);
    f(values.data(), values.data(), static_cast<int>(values.size()));
    check_same(r, values);
  };
}

Check rows(void (*f)(const float*, float*, int, int)) {
  return [f](const Record& r) {
    const std::vector<float> x = elements<float>(r.x);
    const int n = parameter(r, 0), count = static_cast<int>(x.size()) / n;
    std::vector<float> y(x.size()), turned(x.size()), y_turned(x.size());
    for (int row = 0; row < count; ++row) {
      f(&x[static_cast<std::size_t>(row * n)], &y[static_cast<std::size_t>(row * n)], n, 1);
      for (int i = 0; i < n; ++i)
        turned[static_cast<std::size_t>(i * count + row)] = x[static_cast<std::size_t>(row * n + i)];
    }
    check_same(r, y);
    for (int row = 0; row < count; ++row)
      f(&turned[static_cast<std::size_t>(row)], &y_turned[static_cast<std::size_t>(row)], n, count);
    for (int row = 0; row < count; ++row)
      for (int i = 0; i < n; ++i)
        y[static_cast<std::size_t>(row * n + i)] = y_turned[static_cast<std::size_t>(i * count + row)];
    check_same(r, y);
  };
}

template <class T>
void check_qlinear_softmax(const Record& r) {
  const std::vector<T> x = elements<T>(r.x);
  const int n = parameter(r, 0);
  float table[256];
  qlinear_softmax_table(table, r.parameters.at(1), n);
  std::vector<T> y(x.size());
  for (std::size_t at = 0; at < x.size(); at += static_cast<std::size_t>(n))
    qlinear_softmax_row(&x[at], &y[at], n, 1, table, std::floor(1.0F / r.parameters.at(2)), parameter(r, 3));
  check_same(r, y);
}

/// Sums of n elements, `stride` apart, `outer` x `inner` of them.
std::vector<float> sums(const std::vector<float>& x, int outer, int n, int inner,
                        float (*f)(const float*, int, int, int)) {
  std::vector<float> y;
  for (int o = 0; o < outer; ++o)
    for (int i = 0; i < inner; ++i)
      y.push_back(f(&x[static_cast<std::size_t>(o * n * inner + i)], n, inner, o * n));
  return y;
}

/// Elements in order, stride apart.
float sum_in_order(const float* x, int n, int stride) {
  float sum = 0.0F;
  for (int i = 0; i < n; ++i) sum += x[i * stride];
  return sum;
}

Check reduction(const std::string& order, bool mean) {
  return [order, mean](const Record& r) {
    const std::vector<float> x = elements<float>(r.x);
    std::vector<float> y;
    int n = parameter(r, order == "Packets" ? 0 : 1);
    if (order == "Packets") {
      y = sums(x, static_cast<int>(x.size()) / n, n, 1, sum_packets);
    } else if (order == "PacketRuns") {
      const int kept = parameter(r, 1), run = parameter(r, 2);
      const std::vector<float> inner = sums(x, parameter(r, 0) * kept, run, 1, sum_packets);
      for (int k = 0; k < kept; ++k)
        y.push_back(sum_in_order(&inner[static_cast<std::size_t>(k)], parameter(r, 0), kept));
      n = parameter(r, 0) * run;
    } else {
      const auto fours = [](const float* v, int count, int stride, int) {
        return sum_fours(v, count, stride);
      };
      const auto in_order = [](const float* v, int count, int stride, int) {
        return sum_in_order(v, count, stride);
      };
      if (order == "Fours")
        y = sums(x, parameter(r, 0), n, parameter(r, 2), fours);
      else
        y = sums(x, parameter(r, 0), n, parameter(r, 2), in_order);
    }
    if (mean)
      for (float& v : y) v /= static_cast<float>(n);
    check_same(r, y);
  };
}

template <class T>
void check_quantize(const Record& r) {
  std::vector<T> y;
  for (const float x : elements<float>(r.x))
    y.push_back(
        static_cast<T>(quantize_element(x, r.parameters.at(0), parameter(r, 1), std::numeric_limits<T>::min(),
                                        std::numeric_limits<T>::max())));
  check_same(r, y);
}

template <class T>
void check_dequantize(const Record& r) {
  std::vector<float> y;
  for (const T x : elements<T>(r.x)) y.push_back(dequantize_element(x, r.parameters.at(0), parameter(r, 1)));
  check_same(r, y);
}

/// A pool whose geometry is known at run time only.
struct PoolGeometry {
  static inline int channels, in_h, in_w, k_h, k_w, stride_h, stride_w, pad_top, pad_left, pad_bottom,
      pad_right, out_h, out_w;
  static inline bool count_include_pad;
  static constexpr int dil_h = 1, dil_w = 1;
};
template <AverageOrder pool_order>
struct Pool : PoolGeometry {
  static constexpr AverageOrder order = pool_order;
};

void check_average_pool(const Record& r) {
  using G = PoolGeometry;
  int* const fields[] = {&G::channels, &G::in_h,    &G::in_w,     &G::k_h,        &G::k_w,      &G::stride_h,
                         &G::stride_w, &G::pad_top, &G::pad_left, &G::pad_bottom, &G::pad_right};
  for (std::size_t i = 0; i < 11; ++i) *fields[i] = parameter(r, i);
  G::count_include_pad = parameter(r, 11) != 0;
  const std::vector<float> x = elements<float>(r.x);
  const auto outputs = static_cast<int>(r.y.size() / sizeof(float)) / G::channels;
  // The recorded geometry leaves the rounding mode open: the number of outputs decides.
  const int rows = G::in_h + G::pad_top + G::pad_bottom - G::k_h,
            cols = G::in_w + G::pad_left + G::pad_right - G::k_w;
  G::out_h = rows / G::stride_h + 1;
  G::out_w = cols / G::stride_w + 1;
  if (G::out_h * G::out_w != outputs) {
    const auto ceil_size = [](int span, int stride, int limit) {
      const int size = (span + stride - 1) / stride + 1;
      return (size - 1) * stride >= limit ? size - 1 : size;
    };
    G::out_h = ceil_size(rows, G::stride_h, G::in_h + G::pad_top);
    G::out_w = ceil_size(cols, G::stride_w, G::in_w + G::pad_left);
  }
  REQUIRE(G::out_h * G::out_w == outputs);
  std::vector<float> last(x.size()), y_last(r.y.size() / sizeof(float)), y(y_last.size());
  const int pixels = G::in_h * G::in_w;
  for (int c = 0; c < G::channels; ++c)
    for (int p = 0; p < pixels; ++p)
      last[static_cast<std::size_t>(p * G::channels + c)] = x[static_cast<std::size_t>(c * pixels + p)];
  const int order = parameter(r, 12);
  if (order == 0)
    float_average_pool<Pool<AverageOrder::window>>(last.data(), y_last.data());
  else if (order == 1)
    float_average_pool<Pool<AverageOrder::lanes>>(last.data(), y_last.data());
  else
    float_average_pool<Pool<AverageOrder::columns>>(last.data(), y_last.data());
  for (int c = 0; c < G::channels; ++c)
    for (int p = 0; p < outputs; ++p)
      y[static_cast<std::size_t>(c * outputs + p)] = y_last[static_cast<std::size_t>(p * G::channels + c)];
  check_same(r, y);
}

std::map<std::string, Check> checks() {
  std::map<std::string, Check> c = {
      {"Exp", elementwise(exp_f32)},
      {"Sigmoid", elementwise(sigmoid_f32)},
      {"Tanh", elementwise(tanh_f32)},
      {"Erf", elementwise(erf_f32)},
      {"Gelu", elementwise(gelu_f32)},
      {"GeluTanh", elementwise(gelu_tanh_f32)},
      {"Relu", elementwise([](float x) { return ops::Relu::apply<void>(x); })},
      {"HardSwish", elementwise(hard_swish_f32)},
      {"LeakyRelu", elementwise([](float x) { return leaky_relu_f32(x, 0.01F); })},
      {"HardSigmoid", elementwise([](float x) { return hard_sigmoid_f32(x, 0.2F, 0.5F); })},
      {"Elu", whole_array([](const float* x, float* y, int n) { elu_f32(x, y, n, 0.7F); })},
      {"Selu",
       whole_array([](const float* x, float* y, int n) { selu_f32(x, y, n, 1.67326319F, 1.05070102F); })},
      {"Softplus", whole_array(softplus_f32)},
      {"Log", whole_array(log_f32)},
      {"Softmax", rows(softmax_row)},
      {"LogSoftmax", rows(log_softmax_row)},
      {"QLinearSoftmaxU8", check_qlinear_softmax<std::uint8_t>},
      {"QLinearSoftmaxS8", check_qlinear_softmax<std::int8_t>},
      {"QuantizeLinearU8", check_quantize<std::uint8_t>},
      {"QuantizeLinearS8", check_quantize<std::int8_t>},
      {"QuantizeLinearU16", check_quantize<std::uint16_t>},
      {"QuantizeLinearS16", check_quantize<std::int16_t>},
      {"DequantizeLinearU8", check_dequantize<std::uint8_t>},
      {"DequantizeLinearS8", check_dequantize<std::int8_t>},
      {"DequantizeLinearU16", check_dequantize<std::uint16_t>},
      {"DequantizeLinearS16", check_dequantize<std::int16_t>},
      {"AveragePool", check_average_pool},
  };
  for (const char* order : {"Packets", "InOrder", "Fours", "PacketRuns"}) {
    c["ReduceSum" + std::string(order)] = reduction(order, false);
    c["ReduceMean" + std::string(order)] = reduction(order, true);
  }
  return c;
}

}  // namespace

TEST_CASE("float functions give the recorded bits of ONNX Runtime") {
  const auto by_name = checks();
  std::map<std::string, int> seen;
  for (const Record& r : read_records()) {
    CAPTURE(r.name);
    REQUIRE(by_name.count(r.name) == 1);
    by_name.at(r.name)(r);
    ++seen[r.name];
  }
  CHECK(seen.size() == by_name.size());
}

TEST_CASE("fused multiply-add in software equals the C library's") {
  std::mt19937 random(1);
  const auto any = [&random] { return float_from_bits(static_cast<std::uint32_t>(random())); };
  for (int i = 0; i < 500000; ++i) {
    const float x = any(), y = any();
    const float z = i % 2 == 0 ? any() : -(x * y);  // cancellation leaves the product's lower half
    const float got = fused_multiply_add_software(x, y, z), expected = std::fma(x, y, z);
    if (!same(got, expected)) FAIL(x << " * " << y << " + " << z << " is " << expected << ", not " << got);
  }
}

TEST_CASE("the double exponential is exact to a unit in the last place") {
  for (double x = -690.0; x < 690.0; x += 0.01234) {
    const double expected = std::exp(x);
    CHECK(std::abs(exp_f64(x) - expected) <= 2.3e-16 * expected);
  }
}

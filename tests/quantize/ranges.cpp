// The choice of ranges against brute force on the values themselves.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "diagnostics.hpp"
#include "quantize/calibrate.hpp"
#include "quantize/plan.hpp"

using namespace o2m;

namespace {

std::vector<float> long_tailed(bool both_sides) {
  std::mt19937 random(1);
  std::vector<float> values;
  for (int i = 0; i < 20000; ++i) {
    const double u = (static_cast<double>(random() % 1000000) + 0.5) / 1000000, e = -std::log(u);
    values.push_back(static_cast<float>(both_sides && i % 2 ? -e * e : e * e));
  }
  return values;
}

TensorStatistics statistics_of(const std::vector<float>& values) {
  Graph graph;
  const auto n = static_cast<std::int64_t>(values.size());
  graph.inputs = {graph.add_value({"x", DType::float32, Shape{n}, nullptr})};
  graph.outputs = graph.inputs;
  const std::vector<Sample> samples{{make_tensor<float>(DType::float32, {n}, values)}};
  return calibrate(graph, samples, [](std::int64_t, std::int64_t) {})[0];
}

/// What rounding and clipping to 256 levels really costs.
double squared_error(const std::vector<float>& values, const Range& r) {
  const double step = (r.high - r.low) / 255;
  double sum = 0;
  for (const float v : values) {
    const double q =
        std::nearbyint((std::clamp(static_cast<double>(v), r.low, r.high) - r.low) / step) * step + r.low;
    sum += (q - static_cast<double>(v)) * (q - static_cast<double>(v));
  }
  return sum;
}

}  // namespace

TEST_CASE("min-max is the range of the values and 0") {
  const auto s = statistics_of({1.5F, 3.0F, 2.0F});
  const Range r = choose_range(s, RangeMethod::minmax, 0);
  CHECK(r.low == 0);
  CHECK(r.high == 3);
}

TEST_CASE("percentile leaves out the share asked for") {
  for (const bool both : {false, true}) {
    const auto values = long_tailed(both);
    const Range r = choose_range(statistics_of(values), RangeMethod::percentile, 99);
    const auto outside = std::count_if(values.begin(), values.end(), [&](float v) {
      return static_cast<double>(v) < r.low || static_cast<double>(v) > r.high;
    });
    CHECK(outside <= 200);
    CHECK(outside >= 150);  // a bin of the histogram holds some values
  }
}

TEST_CASE("mse finds a range near the best there is") {
  for (const bool both : {false, true}) {
    const auto values = long_tailed(both);
    const auto s = statistics_of(values);
    double least = 1e300;
    for (int i = 1; i <= 200; ++i)
      least = std::min(least, squared_error(values, {static_cast<double>(s.low) * i / 200,
                                                     static_cast<double>(s.high) * i / 200}));
    CHECK(squared_error(values, choose_range(s, RangeMethod::mse, 0)) < 1.05 * least);
  }
}

TEST_CASE("entropy clips a long tail and keeps a uniform distribution") {
  const auto tail = statistics_of(long_tailed(false));
  CHECK(choose_range(tail, RangeMethod::entropy, 0).high < 0.8 * static_cast<double>(tail.high));
  std::vector<float> uniform;
  for (int i = 0; i < 100000; ++i) uniform.push_back(static_cast<float>(i) / 1000);
  const auto s = statistics_of(uniform);
  CHECK(choose_range(s, RangeMethod::entropy, 0).high > 0.95 * static_cast<double>(s.high));
}

TEST_CASE("zero is exact, and a range on one side uses all levels") {
  for (const DType type : {DType::uint8, DType::int8}) {
    CHECK(affine_of({0, 5.1}, type).zero_point == min_of(type));
    CHECK(affine_of({-5.1, 0}, type).zero_point == max_of(type));
    const Affine a = affine_of({-1, 3}, type);
    CHECK(a.zero_point == min_of(type) + 64);
    CHECK(a.lowest() == doctest::Approx(-1).epsilon(0.01));
    CHECK(a.highest() == doctest::Approx(3).epsilon(0.01));
    CHECK(affine_of({0, 0}, type).scale == 1);
  }
}

TEST_CASE("NaN and infinities are refused, with the sample") {
  Graph graph;
  graph.inputs = {graph.add_value({"x", DType::float32, Shape{1}, nullptr})};
  graph.outputs = graph.inputs;
  std::vector<Sample> samples;
  for (const float v : {1.0F, INFINITY, NAN})
    samples.push_back({make_tensor<float>(DType::float32, {1}, {&v, 1})});
  CHECK_THROWS_WITH_AS(calibrate(graph, samples, [](std::int64_t, std::int64_t) {}),
                       doctest::Contains("sample 1 makes \"x\""), Refusal);
}

// The integer form of QLinearAveragePool against the float sums it stands for: all pairs of cells, and random
// windows in random order.
#include "ops/average_form.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <vector>

namespace {

using o2m::AverageForm;
using o2m::AverageRule;

/// ONNX Runtime's arithmetic, cell by cell.
std::int32_t float_average(const AverageRule& rule, const std::vector<std::int32_t>& cells,
                           std::int64_t divisor) {
  float sum = 0.0F;
  for (const std::int32_t x : cells) {
    const float value = rule.x_scale * static_cast<float>(x - rule.x_zero_point);
    sum += value;
  }
  const float y = sum / static_cast<float>(divisor) / rule.y_scale + static_cast<float>(rule.y_zero_point);
  if (y >= 2147483648.0F) return rule.qmin;
  const float low = static_cast<float>(rule.qmin), high = static_cast<float>(rule.qmax);
  return static_cast<std::int32_t>(std::lrint(std::min(std::max(y, low), high)));
}

/// What the form makes of a sum, or nothing when it asks for the float sum.
std::optional<std::int32_t> form_average(const AverageForm& form, const AverageRule& rule, std::size_t count,
                                         std::int64_t sum) {
  const std::int64_t scaled = sum * form.multiplier[count] + form.addend[count];
  const std::int64_t one = std::int64_t{1} << form.shift;
  if (form.recheck > 0 && ((scaled + form.recheck) & (one - 1)) < 2 * form.recheck) return std::nullopt;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(scaled >> form.shift, rule.qmin, rule.qmax));
}

struct Tally {
  int wrong = 0, doubtful = 0, certain = 0;

  void check(const AverageForm& form, const AverageRule& rule, std::size_t count,
             const std::vector<std::int32_t>& cells, std::int64_t divisor) {
    std::int64_t sum = 0;
    for (const std::int32_t x : cells) sum += x - rule.x_zero_point;
    const auto y = form_average(form, rule, count, sum);
    ++(y ? certain : doubtful);
    if (y && *y != float_average(rule, cells, divisor)) ++wrong;
  }
};

AverageRule random_rule(std::mt19937& random) {
  const bool is_signed = random() % 2 != 0;
  AverageRule rule;
  rule.qmin = is_signed ? -128 : 0;
  rule.qmax = rule.qmin + 255;
  rule.x_zero_point = rule.qmin + static_cast<std::int32_t>(random() % 3 == 0 ? 0 : random() % 256);
  rule.y_zero_point = rule.qmin + static_cast<std::int32_t>(random() % 3 == 0 ? 0 : random() % 256);
  rule.x_scale = std::uniform_real_distribution<float>(0.001F, 0.2F)(random);
  rule.y_scale = rule.x_scale;
  if (random() % 2 != 0) rule.y_scale *= std::uniform_real_distribution<float>(0.3F, 1.5F)(random);
  if (random() % 4 == 0) rule.x_scale = 0.03125F;
  return rule;
}

}  // namespace

TEST_CASE("average of two cells: every pair") {
  std::mt19937 random(7);
  Tally tally;
  for (int round = 0; round < 20; ++round) {
    const AverageRule rule = random_rule(random);
    const AverageForm form = o2m::find_average_form(rule, {{2, 2}});
    for (std::int32_t a = rule.qmin; a <= rule.qmax; ++a)
      for (std::int32_t b = rule.qmin; b <= rule.qmax; ++b) tally.check(form, rule, 0, {a, b}, 2);
  }
  CHECK(tally.wrong == 0);
  CHECK(tally.certain > tally.doubtful);
}

TEST_CASE("average of random windows, among them fewer cells than the divisor") {
  std::mt19937 random(8);
  Tally tally;
  for (int round = 0; round < 60; ++round) {
    const AverageRule rule = random_rule(random);
    const auto cells = static_cast<std::int64_t>(3 + random() % 14);
    const AverageForm form = o2m::find_average_form(rule, {{cells - 1, cells - 1}, {cells, cells}});
    for (int i = 0; i < 3000; ++i) {
      const std::size_t count = random() % 2;
      const auto divisor = cells - 1 + static_cast<std::int64_t>(count);
      std::vector<std::int32_t> x(static_cast<std::size_t>(divisor) - random() % 2);
      const std::uint32_t spread = 1 + random() % 256;
      for (std::int32_t& v : x)
        v = std::min(rule.qmax,
                     rule.qmin + static_cast<std::int32_t>(random() % spread + (256 - spread) / 2));
      tally.check(form, rule, count, x, divisor);
    }
  }
  CHECK(tally.wrong == 0);
  CHECK(tally.certain > 10 * tally.doubtful);
}

TEST_CASE("average with scales beyond reason falls back to float sums") {
  for (const float y_scale : {1e-12F, 1e-30F}) {
    const AverageForm form = o2m::find_average_form({0.1F, y_scale, 0, 0, 0, 255}, {{4, 4}});
    CHECK(form.recheck == std::int64_t{1} << (form.shift - 1));
  }
}

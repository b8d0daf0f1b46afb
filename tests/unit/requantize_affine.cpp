// The affine search against brute force, its checker against exhaustive evaluation, and its yield on random
// channels.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <vector>

#include "onnx2mcu/requantize.hpp"
#include "requantize/layer.hpp"

using namespace o2m;

namespace {

std::int32_t evaluate(const AffineForm& form, std::int64_t acc, std::int32_t qmin, std::int32_t qmax) {
  return onnx2mcu::requantize_affine(static_cast<std::int32_t>(acc), form.multiplier, form.addend, form.shift,
                                     qmin, qmax);
}

bool equal_everywhere(const AffineForm& form, const MonotoneFunction& f, AccumulatorRange range,
                      std::int32_t qmin, std::int32_t qmax) {
  for (std::int64_t acc = range.lo; acc <= range.hi; ++acc) {
    if (evaluate(form, acc, qmin, qmax) != f(acc)) return false;
  }
  return true;
}

/// A random staircase on [-40, 40] with levels in [-4, 4]: mostly a line with disturbed breakpoints.
std::vector<std::int32_t> random_steps(std::mt19937& random) {
  const double slope = 0.02 + 0.0001 * static_cast<double>(random() % 2000);
  const double start = 0.01 * static_cast<double>(random() % 400) - 2.0;
  std::vector<std::int32_t> y;
  for (int acc = -40; acc <= 40; ++acc) {
    const double disturbed = slope * acc + start + (random() % 12 == 0 ? slope * 0.7 : 0.0);
    y.push_back(std::clamp(static_cast<std::int32_t>(std::floor(disturbed)), -4, 4));
    if (y.size() > 1) y.back() = std::max(y.back(), y[y.size() - 2]);
  }
  return y;
}

bool brute_force(const MonotoneFunction& f, AccumulatorRange range, const AffineLimits& limits) {
  const std::int64_t unit = std::int64_t{1} << limits.addend_granularity_bits;
  for (int shift = limits.min_shift; shift <= limits.max_shift; ++shift) {
    for (std::int32_t m = 0; m < 1 << limits.multiplier_bits; ++m) {
      for (std::int64_t c = -8192; c <= 8192; c += unit) {
        if (equal_everywhere({m, c, shift}, f, range, -4, 4)) return true;
      }
    }
  }
  return false;
}

RequantizeRule random_rule(std::mt19937& random, double least_log2, double greatest_log2) {
  std::uniform_real_distribution<double> exponent(least_log2, greatest_log2);
  return {static_cast<float>(std::exp2(exponent(random))), static_cast<std::int32_t>(random() % 256) - 128,
          -128, 127};
}

AccumulatorRange range_around(float scale) {
  const auto reach = static_cast<std::int64_t>(300.0 / static_cast<double>(scale));
  return {-reach, reach};
}

MonotoneFunction function_of(const RequantizeRule& rule) {
  return [&rule](std::int64_t acc) { return reference(rule, acc); };
}

#if defined(__SANITIZE_ADDRESS__)
constexpr int random_channels = 10'000;
#else
constexpr int random_channels = 100'000;
#endif

}  // namespace

TEST_CASE("find_affine finds a form exactly when brute force does") {
  std::mt19937 random(3);
  int found = 0;
  for (int i = 0; i < 300; ++i) {
    const std::vector<std::int32_t> y = random_steps(random);
    const auto f = [&y](std::int64_t acc) { return y[static_cast<std::size_t>(acc + 40)]; };
    const AccumulatorRange range{-40 + static_cast<std::int64_t>(random() % 20),
                                 40 - static_cast<std::int64_t>(random() % 20)};
    AffineLimits limits{.min_shift = 6, .max_shift = 8, .multiplier_bits = 6};
    limits.addend_granularity_bits = i % 3 == 0 ? 0 : i % 3 == 1 ? 4 : 6;
    const auto form = find_affine(f, range, -4, 4, limits);
    CHECK(form.has_value() == brute_force(f, range, limits));
    if (form) CHECK(equal_everywhere(*form, f, range, -4, 4));
    if (form) CHECK(form->addend % (std::int64_t{1} << limits.addend_granularity_bits) == 0);
    found += form.has_value();
  }
  CHECK(found > 50);
  CHECK(found < 250);
}

TEST_CASE("the checker agrees with exhaustive evaluation, also on forms that are slightly wrong") {
  std::mt19937 random(5);
  int right = 0;
  int wrong = 0;
  for (int i = 0; i < 400; ++i) {
    const RequantizeRule rule = random_rule(random, -8.0, 1.0);
    const AccumulatorRange range{-static_cast<std::int64_t>(random() % 5000),
                                 static_cast<std::int64_t>(random() % 5000)};
    const auto form =
        find_affine(function_of(rule), range, rule.qmin, rule.qmax, {.min_shift = 24, .max_shift = 30});
    if (!form) continue;
    for (const int change : {-3, -1, 0, 1, 3}) {
      AffineForm near = *form;
      if (i % 2 == 0) near.multiplier += change * (i % 4 == 0 ? 1 : near.multiplier / 1000);
      if (i % 2 == 1) near.addend += change * (std::int64_t{1} << near.shift) / (i % 4 == 1 ? 64 : 2);
      const bool equal = equal_everywhere(near, function_of(rule), range, rule.qmin, rule.qmax);
      CHECK(proves_equal(near, function_of(rule), range, rule.qmin, rule.qmax) == equal);
      (equal ? right : wrong)++;
    }
  }
  CHECK(right > 100);
  CHECK(wrong > 100);
}

TEST_CASE("the checker refuses overflow, bad ranges and bad shifts") {
  const auto zero = [](std::int64_t) { return 0; };
  CHECK(proves_equal({0, 0, 32}, zero, {-5, 5}, -128, 127));
  CHECK_FALSE(proves_equal({0, 0, 63}, zero, {-5, 5}, -128, 127));
  CHECK_FALSE(proves_equal({0, 0, -1}, zero, {-5, 5}, -128, 127));
  CHECK_FALSE(proves_equal({-1, 0, 32}, zero, {-5, 5}, -128, 127));
  CHECK_FALSE(proves_equal({0, 0, 32}, zero, {5, -5}, -128, 127));
  CHECK_FALSE(proves_equal({0, 0, 32}, zero, {-5, std::int64_t{1} << 31}, -128, 127));
  const auto top = [](std::int64_t) { return 127; };
  CHECK(proves_equal({INT32_MAX, std::int64_t{1} << 62, 53}, top, {0, INT32_MAX}, -128, 127));
  CHECK_FALSE(proves_equal({INT32_MAX, INT64_MAX - 5, 53}, top, {0, INT32_MAX}, -128, 127));
  CHECK_FALSE(
      proves_equal({1, std::int64_t{1} << 40, 8}, top, {0, 5}, -128, 127));  // leaves int32 after the shift
}

TEST_CASE("special scales and ranges") {
  const auto has_form = [](RequantizeRule rule, AccumulatorRange range) {
    return find_affine(function_of(rule), range, rule.qmin, rule.qmax, AffineLimits{}).has_value();
  };
  CHECK(has_form({0.0f, 3, -128, 127}, {INT32_MIN, INT32_MAX}));        // constant
  CHECK(has_form({0x1p-140f, -7, -128, 127}, {INT32_MIN, INT32_MAX}));  // denormal
  CHECK(has_form({0x1p-10f, 0, -128, 127}, {100, 100}));                // a single accumulator
  CHECK(has_form({0.004f, 0, -128, 127}, {1000000, 1000400}));          // saturated throughout
  CHECK(has_form({0.00413f, -128, -128, 127}, {-1000, 1000}));          // Relu folded into the zero point
  CHECK_FALSE(has_form({0.25f, 0, -128, 127}, {-500, 500}));            // ties alternate: no affine form
  CHECK(has_form({0.25f, 0, -128, 127}, {-2, 2}));
  CHECK_FALSE(has_form({0.01f, 0, -128, 127}, {0, std::int64_t{1} << 31}));  // not an int32 range
}

TEST_CASE("random channels: every form found is equal, share and time per channel") {
  std::mt19937 random(1);
  int affine = 0;
  int smmla = 0;
  int wrong = 0;
  double seconds = 0.0;
  for (int i = 0; i < random_channels; ++i) {
    const RequantizeRule rule = random_rule(random, -12.0, -4.0);
    const AccumulatorRange range = range_around(rule.scale);
    const auto begin = std::chrono::steady_clock::now();
    const auto form = find_affine(function_of(rule), range, rule.qmin, rule.qmax, AffineLimits{});
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const auto coarse = find_affine(function_of(rule), range, rule.qmin, rule.qmax, smmla_limits);
    affine += form.has_value();
    smmla += coarse.has_value();
    for (const auto& f : {form, coarse}) {
      if (!f) continue;
      for (int n = 0; n < 8; ++n) {  // next to random ties, where a wrong form would show
        const double tie = (static_cast<double>(random() % 256) - 127.5 - rule.zero_point) / rule.scale;
        const auto acc = static_cast<std::int64_t>(tie) + static_cast<std::int64_t>(random() % 5) - 2;
        if (acc < range.lo || acc > range.hi) continue;
        wrong += evaluate(*f, acc, rule.qmin, rule.qmax) != reference(rule, acc);
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(affine > random_channels * 82 / 100);
  CHECK(smmla > random_channels * 79 / 100);
  MESSAGE("scales 2^-12 to 2^-4: " << 100.0 * affine / random_channels << " % affine, "
                                   << 100.0 * smmla / random_channels << " % as SMMLA, "
                                   << 1e6 * seconds / random_channels << " us per channel");
}

TEST_CASE("a form found is equal on the whole range, exhaustively") {
  std::mt19937 random(11);
  int forms = 0;
  for (int i = 0; i < 60; ++i) {
    RequantizeRule rule = random_rule(random, -9.0, 0.0);
    rule.zero_point_before_rounding = i % 2 == 1;
    const AccumulatorRange range = range_around(rule.scale);
    const auto form =
        find_affine(function_of(rule), range, rule.qmin, rule.qmax, AffineLimits{.min_shift = 20});
    if (!form) continue;
    ++forms;
    CHECK(equal_everywhere(*form, function_of(rule), range, rule.qmin, rule.qmax));
  }
  CHECK(forms > 30);
}

TEST_CASE("choose_forms prefers one shift for the layer") {
  std::vector<ChannelRule> channels;
  for (const float scale : {0.00213f, 0.01131f, 0.00577f})
    channels.push_back({{scale, -128, -128, 127}, {-20000, 20000}});
  const LayerForms forms = choose_forms(channels, smmla_limits);
  REQUIRE(forms.common_shift == 37);  // 0.01131 * 2^37 is the last below 2^31
  CHECK(forms.affine_count == 3);
  CHECK(forms.exact_float_count == 0);
  CHECK(forms.description ==
        "affine, common shift 37, 3 of 3 channels proven equal on their reachable range");
  for (std::size_t i = 0; i < channels.size(); ++i) {
    CHECK(forms.channels[i].kind == RequantizeKind::affine);
    CHECK(equal_everywhere(forms.channels[i].affine, function_of(channels[i].rule), channels[i].range, -128,
                           127));
  }
}

TEST_CASE("choose_forms keeps the exact float form where no affine form exists") {
  std::vector<ChannelRule> channels = {{{0.00213f, 0, -128, 127}, {-20000, 20000}},
                                       {{0.25f, 0, -128, 127}, {-500, 500}}};
  LayerForms forms = choose_forms(channels, AffineLimits{});
  CHECK(forms.channels[1].kind == RequantizeKind::exact_float);
  CHECK(forms.description == "affine, common shift " + std::to_string(forms.common_shift.value_or(0)) +
                                 ", 1 of 2 channels proven equal on their reachable range, 1 exact float");
  channels.erase(channels.begin());
  forms = choose_forms(channels, AffineLimits{});
  CHECK_FALSE(forms.common_shift);
  CHECK(forms.description == "exact float, none of 1 channels has an affine form");
  channels[0].range.hi = std::int64_t{1} << 32;
  CHECK(choose_forms(channels, AffineLimits{}).exact_float_count == 1);
}

TEST_CASE("choose_forms gives each channel its shift when one does not fit all") {
  // With 18 multiplier bits, the shift of the large scale leaves the small one too few of them.
  const std::vector<ChannelRule> channels = {{{0.3137f, 0, -128, 127}, {-40, 40}},
                                             {{0.0000317f, 0, -128, 127}, {-100000, 100000}}};
  const LayerForms forms = choose_forms(channels, AffineLimits{.min_shift = 10, .multiplier_bits = 18});
  REQUIRE(forms.affine_count == 2);
  CHECK_FALSE(forms.common_shift);
  CHECK(forms.description ==
        "affine, shifts 19 to 32, 2 of 2 channels proven equal on their reachable range");
  for (std::size_t i = 0; i < channels.size(); ++i) {
    CHECK(equal_everywhere(forms.channels[i].affine, function_of(channels[i].rule), channels[i].range, -128,
                           127));
  }
}

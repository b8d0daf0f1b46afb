// QLinearAdd and QLinearMul: the reference against ONNX Runtime's recorded values, the integer forms
// exhaustively.
#include <doctest/doctest.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <random>
#include <vector>

#include "onnx2mcu/requantize.hpp"
#include "requantize/affine.hpp"
#include "requantize/two_input.hpp"
#include "requantize_golden.hpp"

using namespace o2m;

namespace {

float to_float(std::uint32_t bits) { return std::bit_cast<float>(bits); }

QuantizedInput quantized(std::uint32_t scale_bits, std::int32_t zero_point) {
  return {to_float(scale_bits), zero_point};
}

struct RandomAdd {
  AddRule rule;
  InputRange range;
};

RandomAdd random_add(std::mt19937& random) {
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  const InputRange range = random() % 2 == 0 ? InputRange{0, 255} : InputRange{-128, 127};
  const auto scale = [&] { return static_cast<float>(0.02 * std::exp(2.0 * unit(random) - 1.0)); };
  const auto zero_point = [&] { return range.lo + static_cast<std::int32_t>(random() % 256); };
  const QuantizedInput a{scale(), zero_point()};
  const QuantizedInput b{scale(), zero_point()};
  const QuantizedInput c{(a.scale + b.scale) * static_cast<float>(0.4 + 0.6 * unit(random)), zero_point()};
  return {add_rule(a, b, c, range.lo, range.hi), range};
}

template <typename Form>
int count_wrong(const RandomAdd& add, Form&& form) {
  int wrong = 0;
  for (std::int32_t a = add.range.lo; a <= add.range.hi; ++a) {
    for (std::int32_t b = add.range.lo; b <= add.range.hi; ++b)
      wrong += form(a, b) != reference(add.rule, a, b);
  }
  return wrong;
}

#if defined(__SANITIZE_ADDRESS__)
constexpr int random_adds = 30;
#else
constexpr int random_adds = 300;
#endif

}  // namespace

TEST_CASE("QLinearAdd equals ONNX Runtime's recorded values") {
  for (const golden::PairGolden& g : golden::add_golden) {
    const AddRule rule = add_rule(
        quantized(g.a_scale_bits, g.a_zero_point), quantized(g.b_scale_bits, g.b_zero_point),
        quantized(g.c_scale_bits, g.c_zero_point), golden::qmin(g.is_uint8), golden::qmax(g.is_uint8));
    CAPTURE(g.a);
    CAPTURE(g.b);
    CHECK(reference(rule, g.a, g.b) == g.y);
  }
}

TEST_CASE("QLinearAdd with a scalar first input exchanges the operands, as ONNX Runtime does") {
  for (const golden::PairGolden& g : golden::exchanged_add_golden) {
    const AddRule rule = add_rule(
        quantized(g.b_scale_bits, g.b_zero_point), quantized(g.a_scale_bits, g.a_zero_point),
        quantized(g.c_scale_bits, g.c_zero_point), golden::qmin(g.is_uint8), golden::qmax(g.is_uint8));
    CHECK(reference(rule, g.b, g.a) == g.y);
  }
}

TEST_CASE("which shapes exchange the operands of QLinearAdd") {
  using Shape = std::vector<std::int64_t>;
  struct Case {
    Shape a, b;
    bool exchanged;
  };
  const Case cases[] = {// all observed on ONNX Runtime 1.30.0
                        {{1009}, {1009}, false},
                        {{256}, {1}, false},
                        {{1}, {256}, true},
                        {{256}, {}, false},
                        {{}, {3, 1}, true},
                        {{1, 8, 5, 7}, {8, 1, 1}, false},
                        {{8, 1, 1}, {1, 8, 5, 7}, true},
                        {{1, 5, 7, 8}, {8}, false},
                        {{4, 1, 6}, {1, 5, 6}, false},
                        {{4, 1}, {1, 9}, true},
                        {{1}, {1}, true},
                        {{}, {}, true},
                        {{7, 1}, {7, 1}, false},
                        {{6, 4, 5, 1}, {6, 4, 5, 7}, true},
                        {{3, 5, 1}, {1, 5, 1}, false},
                        {{3, 1}, {1}, true},
                        {{3, 1, 1}, {1, 1}, true},
                        {{3, 1}, {}, true},
                        {{1, 1}, {1}, true},
                        {{1}, {3, 1}, true},
                        {{3, 1}, {3, 1, 1}, false},
                        {{2, 3, 1}, {3, 1}, false},
                        {{1, 4}, {1}, false},
                        {{2, 1, 1}, {1, 5, 1}, true},
                        {{2, 5, 1}, {1}, true},
                        {{1, 4}, {3, 1}, false}};
  for (const Case& c : cases) CHECK(qlinear_add_exchanges(c.a, c.b) == c.exchanged);
}

TEST_CASE("random QLinearAdds: the integer form is equal on all pairs") {
  std::mt19937 random(4);
  int found = 0;
  double seconds = 0.0;
  double slowest = 0.0;
  for (int i = 0; i < random_adds; ++i) {
    const RandomAdd add = random_add(random);
    const auto begin = std::chrono::steady_clock::now();
    const auto form = find_add_affine(add.rule, add.range, add.range);
    const double taken = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    seconds += taken;
    slowest = std::max(slowest, taken);
    if (!form) continue;
    ++found;
    const auto integer = [&](std::int32_t a, std::int32_t b) {
      const std::int32_t sum = onnx2mcu::add_affine(a, b, form->outer_multiplier, form->inner_multiplier,
                                                    form->addend, form->shift);
      return std::clamp(sum, add.rule.qmin, add.rule.qmax);
    };
    CHECK(count_wrong(add, integer) == 0);
    CHECK(proves_equal(*form, add.rule, add.range, add.range));
  }
  CHECK(found > random_adds * 9 / 10);
  MESSAGE("QLinearAdd: " << found << " of " << random_adds << " have an int32 form; "
                         << 1e3 * seconds / random_adds << " ms each, at most " << 1e3 * slowest << " ms");
}

TEST_CASE("the checker of QLinearAdd refuses wrong and overflowing forms") {
  std::mt19937 random(12);
  const RandomAdd add = random_add(random);
  const auto form = find_add_affine(add.rule, add.range, add.range);
  REQUIRE(form);
  AddForm wrong = *form;
  wrong.addend += 1 << (wrong.shift - 3);
  CHECK_FALSE(proves_equal(wrong, add.rule, add.range, add.range));
  wrong = *form;
  wrong.outer_multiplier += 1 << (wrong.shift - 6);
  CHECK_FALSE(proves_equal(wrong, add.rule, add.range, add.range));
  const AddRule top{1.0f, 1.0f, 1000.0f, -128, 127};  // always 127, so only overflow can be wrong
  CHECK(proves_equal({0, 0, 1 << 30, 20}, top, {-128, 127}, {-128, 127}));
  CHECK_FALSE(proves_equal({1 << 25, 0, 1 << 30, 20}, top, {-128, 127}, {-128, 127}));
}

TEST_CASE("extreme ratios neither crash nor give a wrong form") {
  for (const float outer : {0.0f, 0x1p-30f, 1.0f, 300.0f, 1e8f, 1e30f}) {
    for (const float inner : {0x1p-140f, 0.5f, 255.0f, 1e9f}) {
      const RandomAdd add{{outer, inner, 7.0f, 0, 255}, {0, 255}};
      if (const auto form = find_add_affine(add.rule, add.range, add.range)) {
        CHECK(proves_equal(*form, add.rule, add.range, add.range));
      }
    }
  }
  const RandomAdd wraps{{1e9f, 1.0f, 0.0f, 0, 255}, {0, 255}};  // values beyond int32 give qmin
  CHECK(reference(wraps.rule, 3, 0) == 0);
}

TEST_CASE("QLinearMul is a rule on the product of the differences") {
  const AccumulatorRange range = product_range({0, 255}, 100, {-128, 127}, -28);
  CHECK(range == AccumulatorRange{-15500, 24025});
  std::mt19937 random(2);
  std::uniform_real_distribution<double> exponent(-11.0, -4.0);
  int affine = 0;
  constexpr int count = 2000;
  for (int i = 0; i < count; ++i) {
    const RequantizeRule rule{static_cast<float>(std::exp2(exponent(random))),
                              static_cast<std::int32_t>(random() % 256) - 128, -128, 127, true};
    const auto f = [&rule](std::int64_t acc) { return reference(rule, acc); };
    const auto form = find_affine(f, range, rule.qmin, rule.qmax, AffineLimits{});
    if (!form) continue;
    ++affine;
    const auto p = static_cast<std::int32_t>(range.lo + static_cast<std::int64_t>(random() % 39526));
    CHECK(onnx2mcu::requantize_affine(p, form->multiplier, form->addend, form->shift, -128, 127) ==
          reference(rule, p));
  }
  MESSAGE("QLinearMul: " << 100.0 * affine / count << " % affine");
  CHECK(affine > count / 2);
}

// The reference rules against ONNX Runtime's recorded values, and the three runtime forms against the
// reference.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <random>

#include "onnx2mcu/requantize.hpp"
#include "requantize/rule.hpp"
#include "requantize_golden.hpp"

using o2m::reference;
using o2m::RequantizeRule;

namespace {

float to_float(std::uint32_t bits) { return std::bit_cast<float>(bits); }

std::uint32_t below(std::mt19937& random, std::uint32_t end) {
  return static_cast<std::uint32_t>(random() % end);
}

std::int32_t runtime_float(const RequantizeRule& r, std::int32_t acc) {
  return r.zero_point_before_rounding
             ? onnx2mcu::requantize_float_zero_point_first(acc, r.scale, r.zero_point, r.qmin, r.qmax)
             : onnx2mcu::requantize_float(acc, r.scale, r.zero_point, r.qmin, r.qmax);
}

std::int32_t runtime_exact(const RequantizeRule& r, std::int32_t acc) {
  return r.zero_point_before_rounding
             ? onnx2mcu::requantize_exact_zero_point_first(acc, r.scale, r.zero_point, r.qmin, r.qmax)
             : onnx2mcu::requantize_exact(acc, r.scale, r.zero_point, r.qmin, r.qmax);
}

bool all_agree(const RequantizeRule& rule, std::int32_t acc) {
  const std::int32_t y = reference(rule, acc);
  return runtime_float(rule, acc) == y && runtime_exact(rule, acc) == y;
}

/// Scales of every kind: any finite float, powers of two, denormals, and mostly the usual 2^-24…1.
float random_scale(std::mt19937& random) {
  const std::uint32_t fraction = below(random, 1u << 23);
  switch (below(random, 6)) {
    case 0: return to_float(below(random, 0x7F800000u));
    case 1: return to_float((127u - below(random, 30)) << 23);
    case 2: return to_float(fraction);
    default: return to_float((127u - below(random, 24)) << 23 | fraction);
  }
}

/// Mostly accumulators next to a tie, else small ones or any.
std::int32_t random_acc(std::mt19937& random, float scale) {
  const auto any = static_cast<std::int32_t>(random());
  const std::uint32_t kind = below(random, 4);
  if (kind == 0) return any;
  if (kind == 1) return any % 1024;
  const double tie = (static_cast<double>(below(random, 300)) - 150.0 + 0.5) / static_cast<double>(scale);
  if (!(std::fabs(tie) < 2147483000.0)) return any;
  return static_cast<std::int32_t>(tie) + static_cast<std::int32_t>(below(random, 3)) - 1;
}

RequantizeRule random_rule(std::mt19937& random) {
  RequantizeRule rule;
  const bool is_uint8 = below(random, 2) == 0;
  rule.qmin = is_uint8 ? 0 : -128;
  rule.qmax = is_uint8 ? 255 : 127;
  rule.zero_point = rule.qmin + static_cast<std::int32_t>(below(random, 256));
  if (below(random, 8) == 0)
    rule.qmin += static_cast<std::int32_t>(below(random, 100));  // a fused Relu or Clip
  if (below(random, 8) == 0) rule.qmax -= static_cast<std::int32_t>(below(random, 100));
  rule.scale = random_scale(random);
  rule.zero_point_before_rounding = below(random, 2) == 0;
  return rule;
}

}  // namespace

TEST_CASE("QLinearConv's requantization equals ONNX Runtime's recorded values") {
  for (const golden::ConvGolden& g : golden::conv_golden) {
    const RequantizeRule rule{to_float(g.scale_bits), g.zero_point, golden::qmin(g.is_uint8),
                              golden::qmax(g.is_uint8)};
    CAPTURE(g.scale_bits);
    CAPTURE(g.acc);
    CHECK(reference(rule, g.acc) == g.y);
    CHECK(runtime_float(rule, g.acc) == g.y);
    CHECK(runtime_exact(rule, g.acc) == g.y);
  }
}

TEST_CASE("QLinearMul equals ONNX Runtime's recorded values") {
  for (const golden::PairGolden& g : golden::mul_golden) {
    const float scale = to_float(g.a_scale_bits) * to_float(g.b_scale_bits) / to_float(g.c_scale_bits);
    const RequantizeRule rule{scale, g.c_zero_point, golden::qmin(g.is_uint8), golden::qmax(g.is_uint8),
                              true};
    const std::int32_t product = (g.a - g.a_zero_point) * (g.b - g.b_zero_point);
    CAPTURE(product);
    CHECK(reference(rule, product) == g.y);
    CHECK(runtime_float(rule, product) == g.y);
    CHECK(runtime_exact(rule, product) == g.y);
  }
}

TEST_CASE("the runtime forms equal the reference for random rules and accumulators") {
  std::mt19937 random(7);
  int wrong = 0;
  for (int i = 0; i < 2'000'000; ++i) {
    const RequantizeRule rule = random_rule(random);
    const std::int32_t acc = random_acc(random, rule.scale);
    if (o2m::is_monotone(rule, {acc, acc}) && !all_agree(rule, acc)) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("the runtime forms equal the reference at the ends, at ties and around 2^24") {
  const float scales[] = {0.0f,           to_float(1),    0x1p-149f, 0x1p-126f, 0x1p-40f,
                          0x1p-25f,       0x1p-24f,       0x1p-9f,   0.5f,      1.0f,
                          1.5f,           3.0f,           0x1p23f,   0x1p100f,  0x1.fffffep127f,
                          0x1.fffffep-2f, 0x1.000002p-17f};
  int wrong = 0;
  for (const float scale : scales) {
    for (const bool first : {false, true}) {
      for (const std::int32_t zero_point : {-128, -1, 0, 5, 127}) {
        const RequantizeRule rule{scale, zero_point, -128, 127, first};
        for (const std::int64_t center : {INT64_C(-2147483648), INT64_C(-16777216), INT64_C(0), INT64_C(256),
                                          INT64_C(16777216), INT64_C(33554432), INT64_C(2147483647)}) {
          for (std::int64_t acc = center - 600; acc <= center + 600; ++acc) {
            if (acc < INT32_MIN || acc > INT32_MAX || !o2m::is_monotone(rule, {acc, acc})) continue;
            if (!all_agree(rule, static_cast<std::int32_t>(acc))) ++wrong;
          }
        }
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a sum beyond int32 gives qmin, as the vector conversion of ONNX Runtime does") {
  const RequantizeRule rule{1e9f, 3, -128, 127, true};
  CHECK(reference(rule, 2) == 127);
  CHECK(reference(rule, 3) == -128);
  CHECK(reference(rule, -3) == -128);
  CHECK(o2m::is_monotone(rule, {-3, 2}));
  CHECK_FALSE(o2m::is_monotone(rule, {-3, 3}));
}

static_assert(onnx2mcu::requantize_exact(5, onnx2mcu::exact_scale(0x3F000000u), 0, -128, 127) ==
              2);  // 2.5 to even
static_assert(onnx2mcu::requantize_exact(7, onnx2mcu::exact_scale(0x3F000000u), 0, -128, 127) ==
              4);  // 3.5 to even
static_assert(onnx2mcu::requantize_affine(-7, 1 << 30, std::int64_t{1} << 30, 31, -128, 127) == -3);

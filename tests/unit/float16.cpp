// Float16 against its definition: every value to float, and the nearest of all for floats on, beside and
// between them.
#include "onnx2mcu/float16.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace {

double defined(unsigned bits) {
  const int exponent = static_cast<int>((bits >> 10) & 31U), mantissa = static_cast<int>(bits & 1023U);
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return (bits & 0x8000U) != 0 ? -magnitude : magnitude;
}

unsigned half(float v) { return onnx2mcu::to_float16(v).bits; }

}  // namespace

TEST_CASE("every float16 to float and back") {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const auto v = static_cast<float>(onnx2mcu::Float16{static_cast<std::uint16_t>(bits)});
    const bool nan = (bits & 0x7FFFU) > 0x7C00U;
    if (nan)
      CHECK(std::isnan(v));
    else if ((bits & 0x7FFFU) == 0x7C00U)
      CHECK(v == (bits == 0x7C00U ? 1 : -1) * std::numeric_limits<float>::infinity());
    else
      CHECK(static_cast<double>(v) == defined(bits));
    CHECK(half(v) == (nan ? bits | 0x200U : bits));
  }
}

TEST_CASE("floats between two float16 go to the nearer, ties to the even one") {
  for (unsigned bits = 0; bits < 0x7C00; ++bits) {
    const double low = defined(bits), high = defined(bits + 1);  // behind the largest stands 65536
    const auto middle = static_cast<float>((low + high) / 2);
    CHECK(half(middle) == bits + (bits & 1U));
    CHECK(half(-middle) == (0x8000U | (bits + (bits & 1U))));
    CHECK(half(std::nextafter(middle, 0.0F)) == bits);
    CHECK(half(std::nextafter(middle, 1e9F)) == bits + 1);
    CHECK(half(std::nextafter(static_cast<float>(low), 1e9F)) == bits);
  }
  CHECK(half(1e-30F) == 0);
  CHECK(half(std::numeric_limits<float>::max()) == 0x7C00U);
}

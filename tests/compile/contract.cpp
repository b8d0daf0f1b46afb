// docs/generated-code.md as a program: digits.hpp is examples/nucleo-cnn, again.hpp the same under another
// name, ports.hpp is ports.txtpb. Returns 0 if everything holds.
#include <cstdio>
#include <cstring>
#include <type_traits>

#include "digits.hpp"
// A second time, and a third network, in one translation unit.
#include "again.hpp"
#include "digits.hpp"
#include "ports.hpp"
#include "sums.hpp"

template <class A, class B>
constexpr bool same = std::is_same_v<A, B>;

// Figures.
static_assert(same<decltype(digits::arena_bytes), const std::size_t> && digits::arena_bytes <= 8 * 1024);
static_assert(same<decltype(digits::weight_bytes), const std::size_t> && digits::weight_bytes >= 29150);
static_assert(same<decltype(digits::stack_bytes), const std::size_t> && digits::stack_bytes <= 2 * 1024);
static_assert(same<decltype(digits::macs), const std::uint64_t> && digits::macs == 266600);
static_assert(digits::layer_count >= 6);
static_assert(digits::input_count == 1 && digits::output_count == 1 && digits::quantized_input_count == 0);
static_assert(ports::input_count == 2 && ports::output_count == 2 && ports::quantized_input_count == 2);

// Ports.
using Image = digits::Input<0>;
static_assert(same<Image::value_type, std::uint8_t> && Image::size == 784);
static_assert(sizeof(Image::shape) / sizeof(Image::shape[0]) == 4 && Image::shape[2] == 28 &&
              Image::shape[3] == 28);
static_assert(Image::zero_point == 0 && Image::scale > 0.0039F && Image::scale < 0.004F &&
              Image::offset < digits::arena_bytes);
static_assert(same<digits::Output<0>::value_type, float> && digits::Output<0>::size == 10 &&
              digits::Output<0>::scale == 1.0F);
static_assert(same<ports::Input<1>::value_type, float> && ports::Input<1>::size == 1 &&
              ports::Input<1>::scale == 1.0F);
static_assert(same<ports::QuantizedInput<0>::value_type, std::uint8_t> &&
              ports::QuantizedInput<0>::size == 2);
static_assert(ports::QuantizedInput<1>::scale == 0.5F && ports::QuantizedInput<1>::zero_point == 10);
static_assert(same<ports::Output<0>::value_type, std::uint8_t> && ports::Output<0>::scale == 0.5F &&
              ports::Output<0>::zero_point == 10);
static_assert(same<ports::Output<1>::value_type, float>);

static_assert(sums::state_count == 1 && sums::input_count == 1 && sums::output_count == 1 &&
              digits::state_count == 0);
static_assert(same<sums::State<0>::value_type, float> && sums::State<0>::size == 2 &&
              sums::State<0>::offset < sums::arena_bytes);

// Model: plain memory.
static_assert(sizeof(digits::Model) == digits::arena_bytes && sizeof(ports::Model) == ports::arena_bytes);
static_assert(std::is_trivially_default_constructible_v<digits::Model> &&
              std::is_trivially_destructible_v<digits::Model>);
static_assert(std::is_standard_layout_v<digits::Model>);
static_assert(
    noexcept(std::declval<digits::Model&>().run()) && noexcept(std::declval<digits::Model&>().input()));

// Views.
using ImageView = decltype(std::declval<digits::Model&>().input());
static_assert(same<ImageView::value_type, std::uint8_t> && ImageView::size() == 784);
static_assert(same<decltype(std::declval<ImageView>().data()), std::uint8_t*> &&
              same<decltype(std::declval<ImageView>()[0]), std::uint8_t&>);
static_assert(same<decltype(std::declval<ports::Model&>().input<1>()[0]), float&>);
static_assert(same<decltype(std::declval<ports::Model&>().output<1>()[0]), float&>);

static digits::Model one, second;
static again::Model other;
static ports::Model joined;
static sums::Model adder;

static int failures = 0;
static void expect(bool good, const char* what) {
  if (good) return;
  std::printf("not so: %s\n", what);
  ++failures;
}

template <class Model>
static void fill(Model& model, int seed) {
  for (std::size_t i = 0; i < Image::size; ++i)
    model.input()[i] = static_cast<std::uint8_t>(i * 7 + static_cast<std::size_t>(seed));
}

static void check_digits() {
  static const auto flash = [] {
    struct {
      std::uint8_t x[784];
    } image{};
    for (std::size_t i = 0; i < 784; ++i) image.x[i] = static_cast<std::uint8_t>(i * 7 + 1);
    return image;
  }();
  float logits[10];
  fill(one, 1);
  fill(second, 2);
  one.run();
  second.run();
  const auto expected = one.output();
  second.run(flash.x, logits);
  expect(std::memcmp(logits, expected.data(), sizeof logits) == 0, "run(x, y) gives what run() gives");
  fill(other, 1);
  other.run();
  expect(std::memcmp(other.output().data(), expected.data(), sizeof logits) == 0,
         "the same network under another name");
  fill(second, 1);
  second.run(second.input().data(), logits);
  expect(std::memcmp(logits, expected.data(), sizeof logits) == 0,
         "the arena's own input, the caller's output");
  float sum = 0;
  for (const float v : one.output()) sum += v;
  expect(one.output().end() - one.output().begin() == 10 && sum == sum, "views are ranges");
  const auto* start = reinterpret_cast<const unsigned char*>(&one);
  expect(reinterpret_cast<const unsigned char*>(one.input().data()) == start + Image::offset,
         "offset is the place in the arena");
}

// 0.5 * (q - 10): 2.75 lies halfway and goes to even, 1000 saturates.
static void check_ports() {
  const float a[2] = {2.75F, 1000}, b[1] = {-3};
  const std::uint8_t a_q[2] = {16, 255}, b_q[1] = {4};
  const std::uint8_t integers[3] = {16, 255, 4};
  const float reals[3] = {3, 122.5F, -3};
  std::uint8_t q[3] = {};
  float r[3] = {};
  const auto good = [&](const std::uint8_t* got, const float* got_real) {
    return std::memcmp(got, integers, sizeof integers) == 0 &&
           std::memcmp(got_real, reals, sizeof reals) == 0;
  };
  joined.run(a, b, q, r);
  expect(good(q, r), "run(a, b, joined, real)");
  std::memcpy(joined.input<0>().data(), a, sizeof a);
  std::memcpy(joined.input<1>().data(), b, sizeof b);
  joined.run();
  expect(good(joined.output<0>().data(), joined.output<1>().data()), "run()");
  q[0] = 0, r[0] = 0;
  joined.run_quantized(a_q, b_q, q, r);
  expect(good(q, r), "run_quantized(a, b, joined, real)");
  std::memcpy(joined.quantized_input<0>().data(), a_q, sizeof a_q);
  std::memcpy(joined.quantized_input<1>().data(), b_q, sizeof b_q);
  joined.run_quantized();
  expect(good(joined.output().data(), joined.output<1>().data()), "run_quantized()");
}

// y = 2 * (h + x), and h + x is the next h.
static void check_state() {
  const float x[2] = {1, 10};
  float y[2] = {};
  adder.run(x, y);
  expect(y[0] == 2 && y[1] == 20, "a model in zeroed memory begins with zeros");
  adder.run(x, y);
  expect(y[0] == 4 && y[1] == 40 && adder.state()[0] == 2, "the state goes on");
  adder.input()[0] = 0, adder.input()[1] = -1;
  adder.run();
  expect(adder.output()[0] == 4 && adder.output()[1] == 38, "filling an input leaves the state alone");
  adder.state()[1] = 100;
  adder.run(x, y);
  expect(y[0] == 6 && y[1] == 220, "the caller may set the state");
  adder.reset();
  adder.run(x, y);
  expect(y[0] == 2 && y[1] == 20, "reset() begins anew");
}

int main() {
  check_digits();
  check_state();
  check_ports();
  return failures;
}

// The unroll planner's choice under a budget against all combinations.
#include "cost/choose_forms.hpp"

#include <doctest/doctest.h>

#include <random>

namespace {

std::int64_t in_grains(std::int64_t bytes) { return (bytes + 15) / 16 * 16; }

/// The least cycles within the budget, by trying everything; -1: nothing fits.
double brute_force(const std::vector<o2m::LayerChoices>& layers, std::size_t at, std::int64_t left) {
  if (at == layers.size()) return 0;
  double best = -1;
  for (const o2m::FormChoice& c : layers[at].choices) {
    if (in_grains(c.bytes) > left) continue;
    const double rest = brute_force(layers, at + 1, left - in_grains(c.bytes));
    if (rest >= 0 && (best < 0 || c.cycles + rest < best)) best = c.cycles + rest;
  }
  return best;
}

}  // namespace

TEST_CASE("the fastest forms within a budget are those that trying all finds") {
  std::mt19937 random(7);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  int fitting = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<o2m::LayerChoices> layers(static_cast<std::size_t>(below(6)));
    for (o2m::LayerChoices& layer : layers)
      for (int c = 0, n = 1 + below(4); c < n; ++c)
        layer.choices.push_back({{}, static_cast<double>(below(1000)), below(400)});
    const std::int64_t budget = below(1200) / 16 * 16;
    const double best = brute_force(layers, 0, budget);
    const std::vector<std::size_t> chosen = o2m::fastest_within(layers, budget);
    REQUIRE(chosen.size() == layers.size());
    double cycles = 0;
    std::int64_t bytes = 0, least = 0;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      REQUIRE(chosen[i] < layers[i].choices.size());
      cycles += layers[i].choices[chosen[i]].cycles;
      bytes += layers[i].choices[chosen[i]].bytes;
      std::int64_t smallest = layers[i].choices[0].bytes;
      for (const o2m::FormChoice& c : layers[i].choices) smallest = std::min(smallest, c.bytes);
      least += smallest;
    }
    if (best >= 0) {
      ++fitting;
      CHECK(cycles == best);
      CHECK(bytes <= budget);
    } else {
      CHECK(bytes == least);
    }
  }
  CHECK(fitting > 500);
}

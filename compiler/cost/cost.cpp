#include "cost/cost.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "cost/work.hpp"

namespace o2m {
namespace {

struct Coefficient {
  std::string_view target, key, quantity;
  double value;
};

constexpr Coefficient cycles_table[] = {
#define CYCLES(target, key, quantity, value) {target, key, quantity, value},
#define BYTES(target, key, quantity, value)
#include "cost/coefficients.def"
#undef CYCLES
#undef BYTES
};

constexpr Coefficient bytes_table[] = {
#define CYCLES(target, key, quantity, value)
#define BYTES(target, key, quantity, value) {target, key, quantity, value},
#include "cost/coefficients.def"
#undef CYCLES
#undef BYTES
};

/// The sum of amounts times coefficients, if all are known.
std::optional<double> sum_of(std::span<const Coefficient> table, std::string_view target,
                             const std::string& key, const std::map<std::string, double>& amounts) {
  double sum = 0;
  for (const auto& [quantity, amount] : amounts) {
    const auto at = std::find_if(table.begin(), table.end(),
                                 [&, wanted = std::string_view(quantity)](const Coefficient& c) {
                                   return c.target == target && c.key == key && c.quantity == wanted;
                                 });
    if (at == table.end()) return std::nullopt;
    sum += at->value * amount;
  }
  return sum;
}

/// The layers' own cost and, for each row, the driver's: finding rows and calling. All of them must be known.
std::optional<LayerCost> stream_cost(const Program& program, const Call& stream, const Target& target) {
  constexpr double row_cycles = 60;  // measured: 40 to 90, by the number of rows under a window
  constexpr std::int64_t stage_code = 90;
  const WholeLayers whole = whole_layers(program, stream);
  LayerCost total{static_cast<double>(whole.rows) * row_cycles,
                  static_cast<std::int64_t>(whole.layers.size()) * stage_code};
  for (const Call& layer : whole.layers) {
    const auto cost = layer_cost(whole.program, layer, target);
    if (!cost) return std::nullopt;
    total.cycles += cost->cycles;
    total.code_bytes += cost->code_bytes;
  }
  return total;
}

}  // namespace

std::optional<LayerCost> layer_cost(const Program& program, const Call& call, const Target& target) {
  if (!call.stages.empty()) return stream_cost(program, call, target);
  const Work work = work_of(program, call);
  const auto cycles = sum_of(cycles_table, target.name, work.key, work.amounts);
  const auto bytes = sum_of(bytes_table, target.name, work.key, work.parts);
  if (!cycles || !bytes) return std::nullopt;
  return LayerCost{*cycles, std::llround(*bytes)};
}

NetworkCost network_cost(const Program& program, const Target& target) {
  NetworkCost total;
  for (const Call& call : program.calls) {
    const auto cost = layer_cost(program, call, target);
    if (!cost) {
      ++total.unknown_layers;
      continue;
    }
    total.cycles += cost->cycles;
    total.code_bytes += cost->code_bytes;
  }
  return total;
}

}  // namespace o2m

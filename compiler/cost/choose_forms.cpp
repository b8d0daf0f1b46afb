#include "cost/choose_forms.hpp"

#include <algorithm>
#include <limits>

#include "cost/cost.hpp"
#include "tune/tuning_file.hpp"

namespace o2m {
namespace {

constexpr std::int64_t grain = 16;  // bytes: what the planner tells apart
constexpr std::int64_t around_network =
    9'500;  // bytes of flash that a firmware takes beside its network, measured
constexpr int unrolls[] = {8, 4, 2, 1}, many_steps = 32;  // so many where a cache of code has room for them

double real(std::int64_t value) { return static_cast<double>(value); }

Program lowered(const Graph& graph, const Target& target, const CodeForms& forms) {
  Graph copy = graph;
  Diagnostics unheard;  // the same as in the lowering that counts
  return lower(copy, target, forms, unheard);
}

/// The layer with another unrolling: nothing else of it depends on that.
Call unrolled(Call call, int steps) {
  for (Param& p : call.params)
    if (p.name == "unroll") p.value = std::to_string(steps);
  return call;
}

bool has_unroll(const Call& call) {
  return std::any_of(call.params.begin(), call.params.end(),
                     [](const Param& p) { return p.name == "unroll"; });
}

/// The layers that Winograd's algorithm makes faster, those first that save most for a byte of flash, as far
/// as `budget` bytes hold all constants.
std::set<std::string> winograd_layers(const Graph& graph, const Target& target, std::int64_t budget) {
  struct Candidate {
    std::string layer;
    double saved;
    std::int64_t bytes;
  };
  if (!target.has_dsp) return {};
  const Program direct = lowered(graph, target, {});
  CodeForms all;
  for (const Call& call : direct.calls) all.winograd.insert(call.name);
  const Program other = lowered(graph, target, all);
  std::vector<Candidate> candidates;
  for (const Call& call : other.calls) {
    const auto before = std::find_if(direct.calls.begin(), direct.calls.end(),
                                     [&](const Call& c) { return c.name == call.name; });
    if (before == direct.calls.end() || before->kernel == call.kernel) continue;
    const auto slower = layer_cost(direct, *before, target), faster = layer_cost(other, call, target);
    if (slower && faster && faster->cycles < slower->cycles)
      candidates.push_back(
          {call.name, slower->cycles - faster->cycles, call.weight_bytes - before->weight_bytes});
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.saved * real(b.bytes) > b.saved * real(a.bytes);
  });
  std::set<std::string> chosen;
  std::int64_t room = budget - constant_bytes(direct);
  for (const Candidate& c : candidates)
    if (c.bytes <= room) {
      chosen.insert(c.layer);
      room -= c.bytes;
    }
  return chosen;
}

/// The choices of every layer that has more than one and whose cost is known. `fixed`: bytes of code that is
/// not theirs.
std::vector<LayerChoices> choices_of(const Graph& graph, const Target& target,
                                     const std::set<std::string>& winograd, bool full, std::int64_t& fixed,
                                     std::int64_t& constants) {
  const Program blocked = lowered(graph, target, {{}, {}, winograd}),
                rolled = lowered(graph, target, {{false, 1}});
  std::vector<LayerChoices> layers;
  constants = constant_bytes(blocked);
  const bool roomy =
      target.cpu == "CortexM7" && constants + 2 * auto_code_bytes <= target.flash_bytes - around_network;
  for (const Call& call : blocked.calls) {
    LayerChoices layer{call.name, {}};
    const auto add = [&](const Program& program, const Call& written, const CodeForm& form) {
      if (const auto cost = layer_cost(program, written, target))
        layer.choices.push_back({form, cost->cycles, cost->code_bytes});
    };
    for (const int steps : unrolls)
      if (has_unroll(call)) add(blocked, unrolled(call, steps), {true, steps});
    if (has_unroll(call) && roomy) add(blocked, unrolled(call, many_steps), {true, many_steps});
    if (full && has_unroll(call)) add(blocked, unrolled(call, all_steps), {true, all_steps});
    if (!has_unroll(call)) add(blocked, call, {});
    const auto plain = std::find_if(rolled.calls.begin(), rolled.calls.end(),
                                    [&](const Call& c) { return c.name == call.name; });
    if (plain != rolled.calls.end() && plain->kernel != call.kernel) add(rolled, *plain, {false, 1});
    if (layer.choices.size() > 1)
      layers.push_back(std::move(layer));
    else if (layer.choices.size() == 1)
      fixed += layer.choices.front().bytes;
  }
  return layers;
}

/// All steps written out, but for the layers with the most code where that is too much.
CodeForms full_forms(const std::vector<LayerChoices>& layers, std::int64_t budget) {
  std::vector<std::size_t> chosen;
  std::int64_t total = 0;
  for (const LayerChoices& layer : layers) {
    const auto most = std::max_element(
        layer.choices.begin(), layer.choices.end(),
        [](const FormChoice& a, const FormChoice& b) { return a.form.unroll < b.form.unroll; });
    chosen.push_back(static_cast<std::size_t>(most - layer.choices.begin()));
    total += most->bytes;
  }
  while (total > budget) {
    const auto bytes = [&](std::size_t i) { return layers[i].choices[chosen[i]].bytes; };
    std::size_t largest = 0;
    for (std::size_t i = 1; i < layers.size(); ++i)
      if (bytes(i) > bytes(largest)) largest = i;
    const auto& choices = layers[largest].choices;
    const std::int64_t before = bytes(largest);
    std::size_t next = chosen[largest];
    for (std::size_t c = 0; c < choices.size(); ++c)
      if (choices[c].bytes < before && (next == chosen[largest] || choices[c].bytes > choices[next].bytes))
        next = c;
    if (next == chosen[largest]) break;
    chosen[largest] = next;
    total += bytes(largest) - before;
  }
  CodeForms forms{{true, all_steps}};
  for (std::size_t i = 0; i < layers.size(); ++i)
    forms.layers[layers[i].layer] = layers[i].choices[chosen[i]].form;
  return forms;
}

/// The choice with the fewest bytes.
std::size_t smallest(const LayerChoices& layer) {
  const auto at =
      std::min_element(layer.choices.begin(), layer.choices.end(),
                       [](const FormChoice& a, const FormChoice& b) { return a.bytes < b.bytes; });
  return static_cast<std::size_t>(at - layer.choices.begin());
}

std::int64_t least_bytes(const std::vector<LayerChoices>& layers) {
  std::int64_t sum = 0;
  for (const LayerChoices& layer : layers) sum += layer.choices[smallest(layer)].bytes;
  return sum;
}

std::size_t grains(std::int64_t bytes) {
  return static_cast<std::size_t>((std::max<std::int64_t>(bytes, 0) + grain - 1) / grain);
}

/// What all layers take at most: a larger budget is of no use.
std::size_t most_grains(std::span<const LayerChoices> layers) {
  std::size_t sum = 0;
  for (const LayerChoices& layer : layers) {
    std::size_t most = 0;
    for (const FormChoice& c : layer.choices) most = std::max(most, grains(c.bytes));
    sum += most;
  }
  return sum;
}

/// Constants that do not fit beside the code lie in the external flash, where there is one.
bool constants_lie_outside(const Target& target, std::int64_t constants) {
  const bool external = std::any_of(target.banks.begin(), target.banks.end(),
                                    [](const Bank& bank) { return bank.kind == BankKind::external; });
  return external && constants + auto_code_bytes > target.flash_bytes - around_network;
}

/// Within the budget, or what --unroll auto takes, or all written out.
CodeForms planned_forms(const Graph& graph, const CompileOptions& options,
                        const std::set<std::string>& winograd, std::int64_t flash) {
  const bool full = options.unroll == Unroll::full, limited = options.flash_budget > 0;
  std::int64_t fixed = 0, constants = 0;
  const std::vector<LayerChoices> layers =
      choices_of(graph, *options.target, winograd, full, fixed, constants);
  if (limited || !constants_lie_outside(*options.target, constants)) fixed += constants;
  const std::int64_t room = flash - fixed;
  if (limited && least_bytes(layers) > room)
    refuse("--flash-budget {}: constants and the smallest code take about {} bytes", options.flash_budget,
           fixed + least_bytes(layers));
  if (options.unroll == Unroll::size) return {{false, 1}};
  if (full) return full_forms(layers, room);
  const auto chosen = fastest_within(layers, limited ? room : std::min(room, auto_code_bytes));
  CodeForms forms;
  for (std::size_t i = 0; i < layers.size(); ++i)
    forms.layers[layers[i].layer] = layers[i].choices[chosen[i]].form;
  return forms;
}

}  // namespace

std::vector<std::size_t> fastest_within(std::span<const LayerChoices> layers, std::int64_t budget) {
  constexpr double never = std::numeric_limits<double>::infinity();
  const std::size_t size =
      std::min(most_grains(layers), static_cast<std::size_t>(std::max<std::int64_t>(budget, 0) / grain)) + 1;
  std::vector<double> best(size, 0);  // least cycles of the layers so far, by grains spent at most
  std::vector<std::vector<std::size_t>> picks;
  for (const LayerChoices& layer : layers) {
    std::vector<double> next(size, never);
    picks.emplace_back(size, 0);
    for (std::size_t spent = 0; spent < size; ++spent)
      for (std::size_t c = 0; c < layer.choices.size(); ++c) {
        const std::size_t cost = grains(layer.choices[c].bytes);
        if (cost > spent || best[spent - cost] + layer.choices[c].cycles >= next[spent]) continue;
        next[spent] = best[spent - cost] + layer.choices[c].cycles;
        picks.back()[spent] = c;
      }
    best = std::move(next);
  }
  const bool none = best.back() == never;
  std::vector<std::size_t> chosen(layers.size());
  std::size_t left = size - 1;
  for (std::size_t i = layers.size(); i-- > 0;) {
    chosen[i] = none ? smallest(layers[i]) : picks[i][left];
    if (!none) left -= grains(layers[i].choices[chosen[i]].bytes);
  }
  return chosen;
}

CodeForms choose_code_forms(const Graph& graph, const CompileOptions& options) {
  const Target& target = *options.target;
  const bool small = options.unroll == Unroll::size,
             measured = options.unroll == Unroll::automatic && options.flash_budget == 0;
  const std::int64_t flash =
      options.flash_budget > 0 ? options.flash_budget : target.flash_bytes - around_network;
  const std::set<std::string> winograd = target.banks.empty() || small
                                             ? std::set<std::string>{}
                                             : winograd_layers(graph, target, flash - auto_code_bytes);
  CodeForms forms;
  if (options.forms)
    forms = *options.forms;
  else if (const auto tuned = options.use_tuning && measured ? read_tuning(options) : std::nullopt)
    forms = *tuned;
  else if (small && options.flash_budget == 0)
    forms = {{false, 1}};
  else if (target.banks.empty())
    forms = options.unroll == Unroll::full ? CodeForms{{true, all_steps}}
            : small                        ? CodeForms{{false, 1}}
                                           : CodeForms{};
  else
    forms = planned_forms(graph, options, winograd, flash);
  forms.winograd = winograd;
  return forms;
}

}  // namespace o2m

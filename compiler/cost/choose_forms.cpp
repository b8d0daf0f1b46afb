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
constexpr int unrolls[] = {8, 4, 2, 1};

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

/// The layers that Winograd's algorithm makes faster, those first that save most for a byte of flash, as far as
/// `budget` bytes hold all constants.
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
    const auto before =
        std::find_if(direct.calls.begin(), direct.calls.end(), [&](const Call& c) { return c.name == call.name; });
    if (before == direct.calls.end() || before->kernel == call.kernel) continue;
    const auto slower = layer_cost(direct, *before, target), faster = layer_cost(other, call, target);
    if (slower && faster && faster->cycles < slower->cycles)
      candidates.push_back({call.name, slower->cycles - faster->cycles, call.weight_bytes - before->weight_bytes});
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

/// The choices of every layer that has more than one and whose cost is known. `fixed`: bytes of all that is
/// not theirs.
std::vector<LayerChoices> choices_of(const Graph& graph, const Target& target, const std::set<std::string>& winograd,
                                     bool full, std::int64_t& fixed) {
  const Program blocked = lowered(graph, target, {{}, {}, winograd}), rolled = lowered(graph, target, {{false, 1}});
  std::vector<LayerChoices> layers;
  fixed += constant_bytes(blocked);
  for (const Call& call : blocked.calls) {
    LayerChoices layer{call.name, {}};
    const auto add = [&](const Program& program, const Call& written, const CodeForm& form) {
      if (const auto cost = layer_cost(program, written, target))
        layer.choices.push_back({form, cost->cycles, cost->code_bytes});
    };
    for (const int steps : unrolls)
      if (has_unroll(call)) add(blocked, unrolled(call, steps), {true, steps});
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

std::int64_t least_bytes(const std::vector<LayerChoices>& layers) {
  std::int64_t sum = 0;
  for (const LayerChoices& layer : layers)
    sum += std::min_element(layer.choices.begin(), layer.choices.end(),
                            [](const FormChoice& a, const FormChoice& b) { return a.bytes < b.bytes; })
               ->bytes;
  return sum;
}

}  // namespace

std::vector<std::size_t> fastest_within(std::span<const LayerChoices> layers, std::int64_t budget) {
  constexpr double never = std::numeric_limits<double>::infinity();
  const auto units = [](std::int64_t bytes) {
    return static_cast<std::size_t>((std::max<std::int64_t>(bytes, 0) + grain - 1) / grain);
  };
  std::size_t useful = 0;  // more than all layers can take is of no use
  for (const LayerChoices& layer : layers) {
    std::size_t most = 0;
    for (const FormChoice& c : layer.choices) most = std::max(most, units(c.bytes));
    useful += most;
  }
  const std::size_t size =
      std::min(useful, static_cast<std::size_t>(std::max<std::int64_t>(budget, 0) / grain)) + 1;
  std::vector<double> best(size, 0);  // least cycles of the layers so far, by units spent at most
  std::vector<std::vector<std::size_t>> picks;
  for (const LayerChoices& layer : layers) {
    std::vector<double> next(size, never);
    picks.emplace_back(size, 0);
    for (std::size_t spent = 0; spent < size; ++spent)
      for (std::size_t c = 0; c < layer.choices.size(); ++c) {
        const std::size_t cost = units(layer.choices[c].bytes);
        if (cost > spent || best[spent - cost] + layer.choices[c].cycles >= next[spent]) continue;
        next[spent] = best[spent - cost] + layer.choices[c].cycles;
        picks.back()[spent] = c;
      }
    best = std::move(next);
  }
  std::vector<std::size_t> chosen(layers.size());
  if (best.back() == never) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto& choices = layers[i].choices;
      chosen[i] = static_cast<std::size_t>(
          std::min_element(choices.begin(), choices.end(),
                           [](const FormChoice& a, const FormChoice& b) { return a.bytes < b.bytes; }) -
          choices.begin());
    }
    return chosen;
  }
  std::size_t left = size - 1;
  for (std::size_t i = layers.size(); i-- > 0;) {
    chosen[i] = picks[i][left];
    left -= units(layers[i].choices[chosen[i]].bytes);
  }
  return chosen;
}

CodeForms choose_forms(const Graph& graph, const CompileOptions& options) {
  if (options.unroll == Unroll::size && options.flash_budget == 0) return {{false, 1}};
  const Target& target = *options.target;
  const std::int64_t flash = options.flash_budget > 0 ? options.flash_budget : target.flash_bytes - around_network;
  const std::set<std::string> winograd =
      target.banks.empty() ? std::set<std::string>{} : winograd_layers(graph, target, flash - auto_code_bytes);
  const auto with_algorithms = [&](CodeForms forms) {
    forms.winograd = winograd;
    return forms;
  };
  if (options.forms) return with_algorithms(*options.forms);
  if (options.use_tuning && options.unroll == Unroll::automatic && options.flash_budget == 0)
    if (auto tuned = read_tuning(options)) return with_algorithms(*tuned);
  if (target.banks.empty())
    return options.unroll == Unroll::full   ? CodeForms{{true, all_steps}}
           : options.unroll == Unroll::size ? CodeForms{{false, 1}}
                                            : CodeForms{};
  std::int64_t fixed = 0;
  const std::vector<LayerChoices> layers =
      choices_of(graph, target, winograd, options.unroll == Unroll::full, fixed);
  const std::int64_t room = flash - fixed;
  if (options.flash_budget > 0 && least_bytes(layers) > room)
    refuse("--flash-budget {}: constants and the smallest code take about {} bytes", options.flash_budget,
           fixed + least_bytes(layers));
  if (options.unroll == Unroll::size) return {{false, 1}};
  if (options.unroll == Unroll::full) return with_algorithms(full_forms(layers, room));
  const std::vector<std::size_t> chosen =
      fastest_within(layers, options.flash_budget > 0 ? room : std::min(room, auto_code_bytes));
  CodeForms forms;
  forms.winograd = winograd;
  for (std::size_t i = 0; i < layers.size(); ++i)
    forms.layers[layers[i].layer] = layers[i].choices[chosen[i]].form;
  return forms;
}

}  // namespace o2m

// The memory map over time as SVG: steps to the right, arena offsets upwards.

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics.hpp"
#include "emit/fill.hpp"
#include "report/report.hpp"

namespace o2m {
namespace {

constexpr double left = 70, top = 12, plot = 360, names = 135, full_width = 1160;  // in SVG units

struct Scale {
  double step, byte;  ///< SVG units of a step and of a byte
  double x(double at) const { return left + at * step; }
  double y(std::int64_t offset) const { return top + plot - static_cast<double>(offset) * byte; }
};

std::string number(double value) { return fmt::format("{:.1f}", value); }

const char* kind_of(const Program& program, BufferId id) {
  const auto is_port = [id](const Port& p) { return p.buffer == id; };
  if (std::any_of(program.outputs.begin(), program.outputs.end(), is_port)) return "output";
  if (std::any_of(program.inputs.begin(), program.inputs.end(), is_port)) return "input";
  if (std::any_of(program.states.begin(), program.states.end(),
                  [&](const State& s) { return is_port(s.port); }))
    return "state";
  for (const Call& call : program.calls)
    if (std::find(call.scratch.begin(), call.scratch.end(), id) != call.scratch.end()) return "scratch";
  return "activation";
}

/// A power of 2 that leads to between 4 and 9 grid lines.
std::int64_t grid_distance(std::int64_t bytes) {
  std::int64_t distance = 1;
  while (bytes / distance > 8) distance *= 2;
  return distance;
}

/// The first `letters` characters at most.
std::string shortened(const std::string& text, std::size_t letters) {
  std::size_t at = 0;
  for (std::size_t n = 0; n < letters && at < text.size(); ++n)
    at += std::max<std::size_t>(text_sequence(text, at), 1);
  return at < text.size() ? text.substr(0, at) + "…" : text;
}

std::string grid(std::int64_t bytes, const Scale& scale, double right) {
  std::string out;
  for (std::int64_t at = 0; at <= bytes; at += grid_distance(bytes))
    out += fill("report/grid.svg.in", {{"left", number(left)},
                                       {"right", number(right)},
                                       {"label_x", number(left - 6)},
                                       {"y", number(scale.y(at))},
                                       {"bytes", std::to_string(at)}});
  return out;
}

std::string buffer(const Network& network, std::size_t i, const Scale& scale) {
  const Buffer& b = network.program.buffers[i];
  const auto [lower, upper] = network.plan.lifetimes[i];
  const std::int64_t offset = position(network.plan, i);
  const auto& pieces = network.plan.pieces;
  const std::string bank =
      pieces.empty() ? ""
                     : fmt::format(" of {}", pieces[static_cast<std::size_t>(network.plan.piece_of[i])].bank);
  const double width = (upper - lower) * scale.step, height = static_cast<double>(b.bytes) * scale.byte;
  const std::string kind = kind_of(network.program, static_cast<BufferId>(i)), name = printable(b.name);
  const auto letters = static_cast<std::size_t>(std::max(0.0, (width - 8) / 7));
  std::string label;
  if (height >= 15 && letters >= 3) {
    const std::string text = fmt::format("{} {}", b.bytes, name);
    label = fill("report/label.svg.in", {{"x", number(scale.x(lower) + 5)},
                                         {"y", number(scale.y(offset) - height / 2 + 4)},
                                         {"name", html_text(shortened(text, letters - 1))}});
  }
  return fill(
      "report/buffer.svg.in",
      {{"kind", kind},
       {"x", number(scale.x(lower))},
       {"y", number(scale.y(offset + b.bytes))},
       {"width", number(width)},
       {"height", number(std::max(height, 1.0))},
       {"label", label},
       {"title", html_text(fmt::format("{}: {} bytes at offset {}{}, {}, steps {} to {}", name, b.bytes,
                                       network.plan.offsets[i], bank, kind, lower, upper - 1))}});
}

std::string step_names(const Network& network, const PlanFacts& facts, const Scale& scale) {
  const std::size_t steps = facts.live_bytes.size(), every = std::max<std::size_t>(1, steps / 60);
  std::string out;
  for (std::size_t s = 0; s < steps; ++s) {
    const bool peak = static_cast<int>(s) == facts.peak_step;
    if (s % every != 0 && !peak) continue;
    const std::string name = s == 0           ? "inputs"
                             : s + 1 == steps ? "outputs"
                                              : network.program.calls[s - 1].name;
    out += fill("report/step.svg.in", {{"x", number(scale.x(static_cast<double>(s) + 0.6))},
                                       {"y", number(top + plot + 12)},
                                       {"peak", peak ? " class=\"at-peak\"" : ""},
                                       {"name", html_text(shortened(name, 17))}});
  }
  return out;
}

}  // namespace

std::string memory_map_svg(const Network& network, const PlanFacts& facts) {
  const auto steps = static_cast<double>(facts.live_bytes.size());
  const std::int64_t bytes = std::max<std::int64_t>(network.plan.arena_bytes, 1);
  const Scale scale{(full_width - left - 10) / steps, plot / static_cast<double>(bytes)};
  std::vector<std::size_t> order(network.program.buffers.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return network.program.buffers[a].bytes > network.program.buffers[b].bytes;
  });
  std::string buffers, live;
  for (const std::size_t i : order)
    if (network.program.buffers[i].bytes > 0 &&
        network.plan.lifetimes[i].first < network.plan.lifetimes[i].second)
      buffers += buffer(network, i, scale);
  for (std::size_t s = 0; s < facts.live_bytes.size(); ++s) {
    const std::string y = number(std::max(scale.y(facts.live_bytes[s]), 2.0));
    live += fmt::format("{}{} {}H{}", s == 0 ? "M" : "L", number(scale.x(static_cast<double>(s))), y,
                        number(scale.x(static_cast<double>(s) + 1)));
  }
  return fill("report/map.svg.in", {{"width", number(full_width)},
                                    {"height", number(top + plot + names)},
                                    {"peak_x", number(scale.x(facts.peak_step))},
                                    {"top", number(top)},
                                    {"plot", number(plot)},
                                    {"step", number(scale.step)},
                                    {"grid", grid(bytes, scale, full_width - 10)},
                                    {"buffers", buffers},
                                    {"live", live},
                                    {"steps", step_names(network, facts, scale)}});
}

}  // namespace o2m

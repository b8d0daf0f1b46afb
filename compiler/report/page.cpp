#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cost/cost.hpp"
#include "cost/work.hpp"
#include "diagnostics.hpp"
#include "emit/embedded.hpp"
#include "emit/fill.hpp"
#include "firmware/fit.hpp"
#include "report/choices.hpp"
#include "report/report.hpp"
#include "version.hpp"

namespace o2m {
namespace {

/// 1234567 -> "1,234,567"
std::string grouped(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

/// A column of the table: value by layer, drawn as a bar against the largest; shares are of the sum, or of
/// the largest.
struct Column {
  std::vector<std::int64_t> values;
  std::int64_t total() const {
    std::int64_t sum = 0;
    for (const std::int64_t v : values) sum += v;
    return sum;
  }
  std::size_t worst() const {
    return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
  }
  std::int64_t largest() const { return values.empty() ? 0 : values[worst()]; }
  int bar(std::size_t i) const { return largest() > 0 ? static_cast<int>(100 * values[i] / largest()) : 0; }
  int percent(std::size_t i) const {
    return total() > 0 ? static_cast<int>((200 * values[i] + total()) / (2 * total())) : 0;
  }
};

/// A row of the table: a layer, a stream, or a layer within a stream.
struct Entry {
  Call call;
  std::size_t step = 0;  ///< of the call that it is, or is part of
  int stage = 0;         ///< 1, 2, … in a stream
  std::optional<LayerCost> cost;
  bool is_stream() const { return !call.stages.empty(); }
  std::string number() const { return stage == 0 ? std::to_string(step) : fmt::format("{}.{}", step, stage); }
};

/// Layers of a stream stand behind it.
std::vector<Entry> entries_of(const Program& program, const Target& target) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < program.calls.size(); ++i) {
    const Call& call = program.calls[i];
    entries.push_back({call, i + 1, 0, layer_cost(program, call, target)});
    if (call.stages.empty()) continue;
    const WholeLayers whole = whole_layers(program, call);
    for (const Call& layer : whole.layers)
      entries.push_back({layer, i + 1, static_cast<int>(&layer - whole.layers.data()) + 1,
                         layer_cost(whole.program, layer, target)});
  }
  return entries;
}

struct Page {
  const Network& network;
  const CompileOptions& options;
  const Program& program = network.program;
  const Target& target = *options.target;
  PlanFacts facts = plan_facts(network);
  NetworkCost cost = network_cost(program, target);
  std::vector<Entry> entries = entries_of(program, target);
  Column macs = {}, weights = {}, live = {}, cycles = {},
         code = {};  ///< by entry; of a stream only what its layers share
  std::int64_t constants = constant_bytes(program);

  Page(const Network& the_network, const CompileOptions& the_options)
      : network(the_network), options(the_options) {
    for (const Entry& e : entries) {
      const bool counts = !e.is_stream();
      macs.values.push_back(counts ? e.call.macs : 0);
      weights.values.push_back(counts ? e.call.weight_bytes : 0);
      live.values.push_back(e.stage == 0 ? facts.live_bytes[e.step] : 0);
      cycles.values.push_back(counts && e.cost ? static_cast<std::int64_t>(e.cost->cycles) : 0);
      code.values.push_back(counts && e.cost ? e.cost->code_bytes : 0);
    }
  }

  static std::string card(const std::string& title, const std::string& value, const std::string& detail,
                          bool culprit = false) {
    return fill("report/card.html.in", {{"kind", culprit ? " culprit" : ""},
                                        {"title", html_text(title)},
                                        {"value", html_text(value)},
                                        {"detail", html_text(detail)}});
  }

  std::string milliseconds(double of_cycles) const {
    return fmt::format("{:.3g} ms at {} MHz", of_cycles * 1000 / target.chip.core_hz,
                       target.chip.core_hz / 1'000'000);
  }

  std::string cards() const {
    std::string out =
        card("RAM: arena", grouped(network.plan.arena_bytes) + " bytes",
             fmt::format("lower bound {}; {}", grouped(network.plan.lower_bound), facts.verdict));
    out += card("flash: constants", grouped(constants) + " bytes",
                cost.code_bytes ? fmt::format("and about {} bytes of layer code", grouped(cost.code_bytes))
                                : "weights and tables");
    if (cost.cycles > 0)
      out += card("expected time", grouped(static_cast<std::int64_t>(cost.cycles)) + " cycles",
                  milliseconds(cost.cycles));
    out += card("work", grouped(macs.total()) + " MACs", fmt::format("{} layers", program.calls.size()));
    if (program.calls.empty()) return out;
    out += card(
        "most RAM", facts.peak_name,
        fmt::format("{} bytes live in step {}",
                    grouped(facts.live_bytes[static_cast<std::size_t>(facts.peak_step)]), facts.peak_step),
        true);
    if (cycles.total() > 0)
      out += card("most time", entries[cycles.worst()].call.name,
                  fmt::format("{} % of the expected cycles", cycles.percent(cycles.worst())), true);
    if (weights.total() > 0)
      out += card("most weights", entries[weights.worst()].call.name,
                  fmt::format("{} bytes, {} % of the weights", grouped(weights.largest()),
                              weights.percent(weights.worst())),
                  true);
    return out;
  }

  std::string row(std::size_t i) const {
    const Call& call = entries[i].call;
    Fields fields{{"number", entries[i].number()},
                  {"kind", entries[i].stage > 0 ? " class=\"stage\""
                                                : fmt::format(" id=\"layer-{}\"", entries[i].step)},
                  {"name", html_text(call.name)},
                  {"kernel", html_text(call.kernel)},
                  {"origin", html_text(call.origin)},
                  {"shape", html_text(call.summary)},
                  {"algorithm", html_text(call.algorithm)},
                  {"requantization", html_text(call.requantization)},
                  {"code", code.values[i] ? grouped(code.values[i]) : ""}};
    const auto column = [&](const std::string& name, const Column& c, const std::string& note) {
      fields[name] = c.values[i] ? grouped(c.values[i]) + note : "";
      fields[name + "_share"] = std::to_string(c.bar(i));
      fields[name + "_worst"] = c.values[i] > 0 && i == c.worst() ? " worst" : "";
    };
    column("macs", macs, "");
    column("weights", weights, "");
    column("live", live, "");
    column("cycles", cycles, fmt::format(" ({} %)", cycles.percent(i)));
    return fill("report/row.html.in", fields);
  }

  /// Each way to use RAM: a bar for the bytes, one for the cycles, against the largest.
  std::string choices() const {
    std::string out;
    const std::vector<RamChoice> all = ram_choices(options);
    Column bytes, time;
    for (const RamChoice& c : all) {
      bytes.values.push_back(c.arena_bytes + c.stack_bytes);
      time.values.push_back(static_cast<std::int64_t>(c.cost.cycles));
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      const RamChoice& c = all[i];
      out += fill("report/choice.html.in",
                  {{"taken", c.taken ? " class=\"taken\"" : ""},
                   {"name", html_text(c.name)},
                   {"optimize", c.optimize.empty() ? "" : html_text("--optimize " + c.optimize)},
                   {"arena", grouped(c.arena_bytes)},
                   {"stack", grouped(c.stack_bytes)},
                   {"bytes", grouped(bytes.values[i])},
                   {"bytes_share", std::to_string(bytes.bar(i))},
                   {"cycles", c.cost.cycles <= 0          ? ""
                              : c.cost.unknown_layers > 0 ? "over " + grouped(time.values[i])
                                                          : grouped(time.values[i])},
                   {"cycles_share", std::to_string(time.bar(i))}});
    }
    return out;
  }

  static std::string bank(const std::string& name, std::int64_t used, std::int64_t size,
                          const std::string& parts) {
    const std::int64_t share = size > 0 ? 100 * used / size : 0;
    return fill(
        "report/bank.html.in",
        {{"over", used > size ? " over" : ""},
         {"name", name},
         {"share", std::to_string(share)},
         {"text", fmt::format("{} of {} bytes, {} %: {}", grouped(used), grouped(size), share, parts)}});
  }

  std::string banks() const {
    if (target.banks.empty()) return "";
    const Overhead o = overhead(network, target, 0);
    const Placement placement = place(target, network, options.place, o);
    std::string out, unused;
    for (const BankUse& use : bank_uses(network, target, placement, o)) {
      if (use.total() > 0)
        out += bank(std::string(use.bank->name), use.total(), use.bank->size, bank_parts(use));
      else
        unused += fmt::format("{}{} ({} bytes)", unused.empty() ? "unused: " : ", ", use.bank->name,
                              grouped(use.bank->size));
    }
    return out + (unused.empty() ? "" : fill("report/unused_banks.html.in", {{"text", unused}}));
  }
};

}  // namespace

std::string html_text(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string report_page(const Network& network, const CompileOptions& options) {
  const Page page(network, options);
  const PlanFacts& facts = page.facts;
  std::string rows;
  for (std::size_t i = 0; i < page.entries.size(); ++i) rows += page.row(i);
  return fill(
      "report/page.html.in",
      {{"version", version},
       {"model", html_text(page.program.model_name)},
       {"target", std::string(page.target.name)},
       {"description", html_text(std::string(page.target.description))},
       {"style", std::string(embedded_file("templates/report/style.css.in"))},
       {"cards", page.cards()},
       {"memory_map", memory_map_svg(network, facts)},
       {"choices", page.choices()},
       {"rows", rows},
       {"banks", page.banks()},
       {"peak_note", fmt::format("The peak, {} live bytes, is in step {} ({}).",
                                 grouped(facts.live_bytes[static_cast<std::size_t>(facts.peak_step)]),
                                 facts.peak_step, html_text(facts.peak_name))},
       {"banks_note",
        page.target.banks.empty()
            ? "The portable target has no memory banks: choose a chip with --target to see them."
            : "What a firmware made with --firmware takes of every memory bank, code estimated."},
       {"layers_note", page.cost.cycles > 0 ? "Bars are relative to the largest value of a column. Expected "
                                              "cycles come from a model fitted to the simulator."
                                            : "Bars are relative to the largest value of a column."}});
}

void write_report(const Network& network, const CompileOptions& options, const std::filesystem::path& path) {
  if (path.empty()) return;
  write_files(path.parent_path(), {{path.filename().string(), report_page(network, options)}});
}

}  // namespace o2m

#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace o2m::sim {
namespace {

double milliseconds(std::uint64_t cycles, const Target& target) {
  return static_cast<double>(cycles) * 1e3 / target.chip.core_hz;
}

double ratio(std::uint64_t a, std::uint64_t b) {
  return b ? static_cast<double>(a) / static_cast<double>(b) : 0;
}

/// "network::layers::conv1" of "network::layers::conv1(unsigned char const*, unsigned char*)"
std::string short_name(const std::string& symbol) {
  const std::string name = readable_name(symbol);
  return name.substr(0, name.find('('));
}

std::string classes(const Statistics& s, std::uint64_t calls) {
  std::string text;
  for (std::size_t i = 0; i < s.by_class.size(); ++i)
    if (s.by_class[i]) text += fmt::format(" {}={:.0f}", class_names[i], ratio(s.by_class[i], calls));
  return text;
}

nlohmann::json to_json(const Statistics& s, std::uint64_t calls) {
  nlohmann::json by_class;
  for (std::size_t i = 0; i < s.by_class.size(); ++i) by_class[class_names[i]] = ratio(s.by_class[i], calls);
  return {{"instructions", ratio(s.instructions, calls)},
          {"cycles", ratio(s.cycles, calls)},
          {"fetch_stall", ratio(s.fetch_stall, calls)},
          {"data_stall", ratio(s.data_stall, calls)},
          {"loads", ratio(s.loads, calls)},
          {"stores", ratio(s.stores, calls)},
          {"taken", ratio(s.taken, calls)},
          {"dual", ratio(s.dual, calls)},
          {"classes", by_class}};
}

}  // namespace

void print_summary(Engine& engine, const Target& target, const RunResult& r) {
  const Statistics& s = engine.statistics();
  fmt::print(stderr, "onnx2mcu-sim: {}: {}, status {} (pc 0x{:08x} <{}>)\n", target.name, r.reason, r.status,
             r.pc, engine.elf().place(r.pc));
  fmt::print(stderr,
             "  {} instructions, about {} cycles ({:.3f} ms at {} MHz), {:.2f} cycles each; waiting for code "
             "{}, for data {}; stack {} bytes\n",
             s.instructions, s.cycles, milliseconds(s.cycles, target), target.chip.core_hz / 1'000'000,
             ratio(s.cycles, s.instructions), s.fetch_stall, s.data_stall, r.stack_bytes);
  for (const Function& f : engine.functions()) {
    if (f.calls == 0) continue;
    fmt::print(stderr,
               "  {:<40} {:>5} calls, each {:>11.0f} instructions, {:>11.0f} cycles (first {}, most {}), {} "
               "bytes of stack\n",
               short_name(f.symbol), f.calls, ratio(f.total.instructions, f.calls),
               ratio(f.total.cycles, f.calls), f.first, f.most, f.stack);
    fmt::print(stderr, "     {}\n", classes(f.total, f.calls));
  }
}

void print_profile(Engine& engine) {
  struct Cost {
    std::uint64_t cycles = 0, instructions = 0;
  };
  std::map<std::string, Cost> costs;
  for (const Region& region : engine.memory().regions())
    for (const auto& in : region.decoded)
      if (in && in->executions) {
        const Symbol* f = engine.elf().function_at(in->pc);
        Cost& cost = costs[f ? short_name(f->name) : "?"];
        cost.cycles += in->cycles;
        cost.instructions += in->executions;
      }
  std::vector<std::pair<std::string, Cost>> list(costs.begin(), costs.end());
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.second.cycles > b.second.cycles; });
  for (const auto& [name, cost] : list)
    fmt::print(stderr, "  {:>12} cycles {:>5.1f} % {:>12} instructions  {}\n", cost.cycles,
               100 * ratio(cost.cycles, engine.statistics().cycles), cost.instructions, name);
}

void print_annotated(Engine& engine, const std::string& function) {
  for (const Symbol& s : engine.elf().functions()) {
    if (s.name != function && short_name(s.name) != function) continue;
    fmt::print(stderr, "{}:\n", short_name(s.name));
    for (std::uint32_t pc = s.address; pc < s.address + s.size;) {
      const Instruction* in = engine.decoder().at(pc);
      if (!in) break;
      fmt::print(stderr, "  {:08x} {:>10} times {:>6.2f} cycles  {}\n", pc, in->executions,
                 ratio(in->cycles, in->executions), engine.decoder().text(pc));
      pc += in->length;
    }
  }
}

void write_json(Engine& engine, const Target& target, const RunResult& r, std::FILE* out) {
  nlohmann::json functions = nlohmann::json::array();
  for (const Function& f : engine.functions()) {
    if (f.calls == 0) continue;
    nlohmann::json entry = to_json(f.total, f.calls);
    entry["name"] = short_name(f.symbol);
    entry["symbol"] = f.symbol;
    entry["calls"] = f.calls;
    entry["first"] = f.first;
    entry["least"] = f.least;
    entry["most"] = f.most;
    entry["stack"] = f.stack;
    functions.push_back(entry);
  }
  const nlohmann::json all{{"target", target.name},  {"reason", r.reason},
                           {"status", r.status},     {"core_hz", target.chip.core_hz},
                           {"stack", r.stack_bytes}, {"total", to_json(engine.statistics(), 1)},
                           {"functions", functions}};
  fmt::print(out, "{}\n", all.dump(1));
}

}  // namespace o2m::sim

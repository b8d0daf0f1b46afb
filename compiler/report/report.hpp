// One self-contained HTML page about a compiled network (--report): what takes RAM, when, and where; what
// takes time and flash, layer by layer. No script, no network access; the look is in templates/report/.
#pragma once

#include <string>

#include "compile.hpp"

namespace o2m {

/// What the page and `inspect` say about the plan.
struct PlanFacts {
  std::vector<std::int64_t>
      live_bytes;         ///< of every step: 0 the inputs, call i at i + 1, the last the outputs
  int peak_step = 0;      ///< the first with the most live bytes
  std::string peak_name;  ///< its layer, "inputs" or "outputs"
  std::string verdict;    ///< "proven minimal …" or how far from the lower bound
};
PlanFacts plan_facts(const Network& network);

/// Text in HTML, with what is special there escaped and what cannot be printed as printable() shows it.
std::string html_text(const std::string& text);

std::string memory_map_svg(const Network& network, const PlanFacts& facts);

/// Writes the page to `path`, complete or not at all. No path: does nothing.
void write_report(const Network& network, const CompileOptions& options, const std::filesystem::path& path);

std::string report_page(const Network& network, const CompileOptions& options);

}  // namespace o2m

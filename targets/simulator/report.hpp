// What a run cost: as text for a person, as JSON for programs.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "engine.hpp"

namespace o2m::sim {

void print_summary(Engine& engine, const Target& target, const RunResult& result);
/// Self cost of every function that ran, dearest first.
void print_profile(Engine& engine);
/// Disassembly of one function with executions and cycles of each instruction.
void print_annotated(Engine& engine, const std::string& function);
void write_json(Engine& engine, const Target& target, const RunResult& result, std::FILE* out);

}  // namespace o2m::sim

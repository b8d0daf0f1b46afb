// The whole compiler on one screen: model file -> Network (program and memory plan) -> generated files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics.hpp"
#include "ir/graph.hpp"
#include "plan/problem.hpp"
#include "program/code_form.hpp"
#include "program/program.hpp"
#include "target.hpp"

namespace o2m {

/// --optimize: what is made small, at whose expense.
enum class Optimize {
  balanced,  ///< layer by layer, unless the network would not fit the target
  ram,       ///< streams and small patches wherever they make the arena smaller
  time,      ///< layer by layer
};

struct CompileOptions {
  std::filesystem::path model;
  std::string name = "network";  ///< namespace and file name of the generated code
  const Target* target = find_target("portable");
  bool quantized_io = false;  ///< --io quantized
  bool nhwc_ports = false;    ///< --layout nhwc
  Unroll unroll = Unroll::automatic;
  std::int64_t flash_budget = 0;  ///< --flash-budget: bytes of code and constants; 0: what the chip has
  std::filesystem::path tuning;   ///< --tuning; empty: the file beside the model, if there is one
  bool use_tuning = true;
  std::optional<CodeForms> forms;  ///< instead of choosing them (tune)
  Optimize optimize = Optimize::balanced;
  std::vector<std::string> place;  ///< --place: memory banks of a firmware, "weights=qspi"
  std::map<std::string, Shape> input_shapes;
  std::vector<std::pair<std::string, std::string>>
      states;          ///< --state: names of an input and the output that feeds it
  bool share = true;   ///< buffers may share bytes as far as the kernels' order allows; false: to compare
  bool trace = false;  ///< generated code reports every layer's outputs (validate --layers)
  bool layer_ends = false;  ///< generated code marks the end of every layer (--firmware)
  std::string dump_after;   ///< --dump-ir=after:<pass>, one of dump_points; empty: none
};

inline constexpr std::string_view dump_points[] = {"import", "infer_shapes", "fold_qdq", "fuse", "layout"};

/// A piece of an arena that no single bank holds, or that --place divides.
struct ArenaPiece {
  std::string place, bank;  ///< of --place and of the target: "dtcm", "DTCM"
  std::int64_t bytes = 0;
};

/// Arena offsets, one per Program buffer, in bytes; those of parts too.
struct MemoryPlan {
  std::vector<std::int64_t> offsets;  ///< in the arena, or in the buffer's piece of it
  std::vector<std::pair<int, int>>
      lifetimes;  ///< half-open, in steps: call i is step i + 1; inputs begin at 0
  std::int64_t arena_bytes = 0;
  std::int64_t lower_bound = 0;
  bool proven_minimal = false;
  std::string order;  ///< what is known about the order of the layers, for inspect
  std::vector<ArenaPiece> pieces =
      {};  ///< the first is the Model, each other in a bank of its own; empty: one arena
  std::vector<int> piece_of = {};  ///< by buffer, an index into pieces
};

struct Network {
  Program program;
  MemoryPlan plan;
};

using GeneratedFiles = std::map<std::string, std::string>;  ///< path below the output folder -> text

/// Throws Refused (the model) or Refusal (a fault outside any node).
Network build_network(const CompileOptions& options, Diagnostics& diagnostics);
/// The same from an imported graph on.
Network build_network(Graph graph, const CompileOptions& options, Diagnostics& diagnostics);

/// Pure: the same Network gives the same bytes.
GeneratedFiles emit(const Network& network, const CompileOptions& options);

/// Writes all files or none: each to a temporary name beside its destination, then all are renamed.
void write_files(const std::filesystem::path& folder, const GeneratedFiles& files);

/// Graph -> Program (compiler/program/lower.cpp) and its memory plan (compiler/program/plan_memory.cpp).
Program lower(Graph& graph, const Target& target, const CodeForms& forms, Diagnostics& diagnostics);
/// Finds the pairs of --state among the graph's inputs and outputs; check_states: both of each have one type
/// and shape.
void find_states(Graph& graph, const std::vector<std::pair<std::string, std::string>>& names,
                 Diagnostics& diagnostics);
void check_states(const Graph& graph, Diagnostics& diagnostics);
/// Ends the program with what carries each state over to the next run: nothing where it can be computed in
/// place, or a copy.
void keep_states(Program& program);
/// Concat and Split in place where pieces are contiguous and the arena does not grow
/// (compiler/program/slices.cpp).
Program with_slices(const Program& program);
/// The calls in the order that needs the smallest arena (compiler/program/order.cpp); `verdict`: how sure
/// that is.
Program with_best_order(const Program& program, std::string& verdict);
/// Buffers that are part of another are in it with size 0.
PlanProblem plan_problem(const Program& program);
/// How far the buffers of a call may share bytes, between buffers with a place of their own.
std::vector<Overlap> place_overlaps(const Program& program, const Call& call);
/// `share`: false keeps buffers that live at the same time entirely apart.
MemoryPlan plan_memory(const Program& program, bool share = true);
/// At most this much stack below run(), by the call graph (compiler/program/stack_bound.cpp): run() and its
/// deepest layer.
struct StackBound {
  std::int64_t bytes = 0;        ///< a multiple of 8
  std::int64_t run_bytes = 0;    ///< of run() itself
  std::int64_t layer_bytes = 0;  ///< of the layer that takes most, all that it calls included
  std::string layer;             ///< its name; empty: there are no layers
};
StackBound stack_bound(const Program& program, const Target& target);
/// Bytes of the arena in use at every step, 0 the inputs, call i at i + 1, the last the outputs; memory that
/// buffers share counts once (compiler/program/live_bytes.cpp).
std::vector<std::int64_t> live_bytes(const Network& network);
/// Offset of a buffer as if the pieces of the arena lay one behind the other.
std::int64_t position(const MemoryPlan& plan, std::size_t buffer);

}  // namespace o2m

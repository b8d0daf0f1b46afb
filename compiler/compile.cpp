#include "compile.hpp"

#include <iostream>

#include "cost/choose_forms.hpp"
#include "firmware/fit.hpp"
#include "firmware/hot_weights.hpp"
#include "firmware/split_arena.hpp"
#include "import/import.hpp"
#include "import/read.hpp"
#include "ir/dump.hpp"
#include "passes/passes.hpp"
#include "stream/choose.hpp"

namespace o2m {
namespace {

/// The forms for time, or those that need the least RAM: no patches, no transformed tiles.
CodeForms forms_for(const CodeForms& fastest, bool least_ram) {
  CodeForms forms = fastest;
  forms.common.direct = least_ram;
  for (auto& [layer, form] : forms.layers) form.direct = least_ram;
  if (least_ram) forms.winograd.clear();
  return forms;
}

/// The graph as the model has it becomes the one that is lowered.
void run_passes(Graph& graph, const CompileOptions& options, Diagnostics& diagnostics) {
  const auto dump = [&](const char* pass) {
    if (options.dump_after == pass) std::cerr << dump_graph(graph);
  };
  dump("import");
  find_states(graph, options.states, diagnostics);
  infer_shapes(graph, diagnostics);
  check_states(graph, diagnostics);
  expand_einsum(graph);
  dump("infer_shapes");
  fold_qdq(graph, diagnostics);
  dump("fold_qdq");
  guard_float_products(graph);
  infer_shapes(graph, diagnostics, /*fold_dequantize=*/true);
  if (options.quantized_io) strip_io_quantization(graph);
  fuse(graph);
  dump("fuse");
  layout(graph, options.nhwc_ports);
  infer_shapes(graph, diagnostics, /*fold_dequantize=*/true);
  dump("layout");
}

/// Lowered and planned, for one arena.
Network planned(Graph& graph, const CompileOptions& options, const CodeForms& forms, bool least_ram,
                Diagnostics& diagnostics) {
  Network network{lower(graph, *options.target, forms_for(forms, least_ram), diagnostics), {}};
  network.program.model_name = options.model.filename().string();
  std::string order;
  if (options.share && !options.trace) {
    network.program = with_slices(network.program);
    network.program = with_best_order(network.program, order);
  }
  if (least_ram) network.program = with_smallest_arena(network.program);
  keep_states(network.program);
  network.plan = plan_memory(network.program, options.share);
  network.plan.order = order;
  return network;
}

/// Planned for one bank, or, where none has room, for several or with streams, as the options allow.
Network network_in_banks(Graph& graph, const CompileOptions& options, Diagnostics& diagnostics) {
  run_passes(graph, options, diagnostics);
  const CodeForms forms = choose_code_forms(graph, options);
  Network network =
      planned(graph, options, forms, options.optimize == Optimize::ram && !options.trace, diagnostics);
  const auto one_bank = [&](const Network& n) { return arena_fits(n, *options.target, options.place); };
  const auto in_pieces = [&](Network n) {
    auto plan = split_arena(n, *options.target, options.place);
    if (plan) n.plan = std::move(*plan);
    return plan ? std::optional(std::move(n)) : std::nullopt;
  };
  const bool asked = asks_for_pieces(options.place);
  if (!asked && one_bank(network)) return network;
  if (auto pieces = in_pieces(network); pieces && (asked || options.optimize != Optimize::balanced))
    return std::move(*pieces);
  if (options.optimize != Optimize::balanced || options.trace) return network;
  Network streamed = planned(graph, options, forms, true, diagnostics);
  if (one_bank(streamed)) {
    streamed.program =
        with_larger_patches(streamed.program, arena_room(streamed, *options.target, options.place));
    streamed.plan = plan_memory(streamed.program, options.share);
    return streamed;
  }
  for (const Network* n : {&network, &streamed})
    if (auto pieces = in_pieces(*n)) return std::move(*pieces);
  return streamed;
}

}  // namespace

Network build_network(const CompileOptions& options, Diagnostics& diagnostics) {
  const onnx::ModelProto model = read_model(options.model);
  return build_network(import_model(model, {options.model.parent_path(), options.input_shapes}, diagnostics),
                       options, diagnostics);
}

Network build_network(Graph graph, const CompileOptions& options, Diagnostics& diagnostics) {
  Network network = network_in_banks(graph, options, diagnostics);
  if (options.optimize == Optimize::time) choose_hot_weights(network, *options.target, options.place);
  return network;
}

}  // namespace o2m

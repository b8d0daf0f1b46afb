#include "compile.hpp"

#include <iostream>

#include "cost/choose_forms.hpp"
#include "import/import.hpp"
#include "import/read.hpp"
#include "ir/dump.hpp"
#include "passes/passes.hpp"

namespace o2m {
Network build_network(const CompileOptions& options, Diagnostics& diagnostics) {
  const onnx::ModelProto model = read_model(options.model);
  return build_network(import_model(model, {options.model.parent_path(), options.input_shapes}, diagnostics), options, diagnostics);
}

Network build_network(Graph graph, const CompileOptions& options, Diagnostics& diagnostics) {
  const auto dump = [&](const char* pass, const Graph& now) {
    if (options.dump_after == pass) std::cerr << dump_graph(now);
  };
  dump("import", graph);
  infer_shapes(graph, diagnostics);
  dump("infer_shapes", graph);
  fold_qdq(graph, diagnostics);
  dump("fold_qdq", graph);
  guard_float_products(graph);
  infer_shapes(graph, diagnostics, /*fold_dequantize=*/true);
  if (options.quantized_io) strip_io_quantization(graph);
  fuse(graph, diagnostics);
  dump("fuse", graph);
  layout(graph, options.nhwc_ports);
  infer_shapes(graph, diagnostics, /*fold_dequantize=*/true);
  dump("layout", graph);

  Network network;
  network.program = lower(graph, *options.target, choose_forms(graph, options), diagnostics);
  network.program.model_name = options.model.filename().string();
  network.plan = plan_memory(network.program);
  return network;
}

}  // namespace o2m

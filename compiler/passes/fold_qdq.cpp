// Brings a QDQ graph to the operators ONNX Runtime 1.30 runs on x86-64 with default options: its two levels
// of graph transformers, each repeated until it changes nothing, at most ten times as there.

#include "passes/passes.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

using Step = bool (*)(Graph&);

constexpr Step first_level[] = {
    remove_identities,
    merge_relu_into_clip,
    move_transpose_into_gemm,
    fold_into_conv,
    merge_pad,
    fold_into_matmul,
    remove_double_pairs,
    merge_common_nodes,
    fold_constant_units,
    merge_matmul_add,
    propagate_pairs,
    quantize_weights_and_bias,
    give_each_reader_its_dq,
    remove_requantization_to_same,
};

constexpr Step second_level[] = {
    remove_clamps_before_q, move_transpose_into_gemm, remove_requantization_to_same,
    convert_s8_to_u8,       select_quantized,         remove_requantization_to_same,
};

template <std::size_t N>
void repeat(Graph& graph, const Step (&steps)[N]) {
  constexpr int most_rounds = 10;
  for (int round = 0; round < most_rounds; ++round) {
    bool changed = false;
    for (const Step step : steps) changed = step(graph) || changed;
    if (!changed) return;
  }
}

}  // namespace

void fold_qdq(Graph& graph, Diagnostics& diagnostics) {
  refuse_computed_groups(graph, diagnostics);
  record_port_quantization(graph);
  give_each_reader_its_dq(graph);
  repeat(graph, first_level);
  repeat(graph, second_level);
  remove_dead(graph);
  warn_about_differences(graph, diagnostics);
}

}  // namespace o2m

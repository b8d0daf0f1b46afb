// DepthToSpace 1-13 (modes DCR and CRD) and SpaceToDepth 1-13: blocks of pixels become channels and back.

#include "ops/strided_copy.hpp"

namespace o2m {
namespace {

std::int64_t block_of(const Node& node, const Shape& in) {
  if (in.size() != 4) refuse("x has {} dimensions, expected 4", in.size());
  const std::int64_t block = node.attr("blocksize", 0);
  if (block < 1 || block > std::int64_t{1} << 15) refuse("blocksize is {}, expected 1 to 32768", block);
  return block;
}

/// y[n][c][h * b + i][w * b + j] = x[n][k][h][w], k = (i * b + j) * C + c (DCR) or (c * b + i) * b + j (CRD).
StridedCopy depth_to_space(const Node& node, const Shape& in) {
  const std::int64_t b = block_of(node, in), channels = in[1] / (b * b), plane = in[2] * in[3];
  const bool crd = node.attr_string("mode", "DCR") == "CRD";
  const std::int64_t c_step = crd ? b * b : 1, i_step = crd ? b : b * channels, j_step = crd ? 1 : channels;
  StridedCopy copy;
  copy.loop(in[0], in[1] * plane);
  copy.loop(channels, c_step * plane);
  copy.loop(in[2], in[3]);
  copy.loop(b, i_step * plane);
  copy.loop(in[3], 1);
  copy.loop(b, j_step * plane);
  return copy;
}

void infer_depth_to_space(InferContext& c) {
  const Shape& in = c.shape(0);
  const std::int64_t b = block_of(c.node, in);
  const std::string mode = c.node.attr_string("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    refuse("mode \"{}\" is not supported, only DCR and CRD", printable(mode));
  if (in[1] % (b * b) != 0) refuse("{} channels do not divide into blocks of {} x {}", in[1], b, b);
  c.set(0, c.type(0), {in[0], in[1] / (b * b), in[2] * b, in[3] * b});
}

void lower_depth_to_space(LowerContext& c) { lower_strided_copy(c, depth_to_space(c.node, c.in_shape(0))); }

std::vector<Tensor> eval_depth_to_space(const Graph& graph, const Node& node, EvalInputs in) {
  return {eval_strided_copy(*in[0], graph.shape(node.outputs[0]), depth_to_space(node, in[0]->shape))};
}

/// y[n][(i * b + j) * C + c][h][w] = x[n][c][h * b + i][w * b + j].
StridedCopy space_to_depth(const Node& node, const Shape& in) {
  const std::int64_t b = block_of(node, in), plane = in[2] * in[3];
  StridedCopy copy;
  copy.loop(in[0], in[1] * plane);
  copy.loop(b, in[3]);
  copy.loop(b, 1);
  copy.loop(in[1], plane);
  copy.loop(in[2] / b, b * in[3]);
  copy.loop(in[3] / b, b);
  return copy;
}

void infer_space_to_depth(InferContext& c) {
  const Shape& in = c.shape(0);
  const std::int64_t b = block_of(c.node, in);
  if (in[2] % b != 0 || in[3] % b != 0)
    refuse("{} x {} pixels do not divide into blocks of {} x {}", in[2], in[3], b, b);
  c.set(0, c.type(0), {in[0], in[1] * b * b, in[2] / b, in[3] / b});
}

void lower_space_to_depth(LowerContext& c) { lower_strided_copy(c, space_to_depth(c.node, c.in_shape(0))); }

std::vector<Tensor> eval_space_to_depth(const Graph& graph, const Node& node, EvalInputs in) {
  return {eval_strided_copy(*in[0], graph.shape(node.outputs[0]), space_to_depth(node, in[0]->shape))};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_DepthToSpace){"", "DepthToSpace", infer_depth_to_space, lower_depth_to_space,
                                    eval_depth_to_space};
ONNX2MCU_DEFINE_OP(op_SpaceToDepth){"", "SpaceToDepth", infer_space_to_depth, lower_space_to_depth,
                                    eval_space_to_depth};

}  // namespace o2m

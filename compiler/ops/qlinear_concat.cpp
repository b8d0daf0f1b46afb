// com.microsoft QLinearConcat 1: Y_scale, Y_zero_point, then X, X_scale, X_zero_point of every input. An
// input with Y's scale and zero point is copied, another goes through a table (qlinear_concat.cc).

#include "ops/table.hpp"

namespace o2m {
namespace {

std::size_t axis_of(const Node& node, std::size_t rank) {
  if (!node.has_attr("axis")) refuse("the attribute axis is missing");
  return normalize_axis(node.attr("axis", 0), rank);
}

void infer(InferContext& c) {
  if (c.input_count() < 5 || c.input_count() % 3 != 2)
    refuse("{} inputs, expected 2 and 3 for each tensor", c.input_count());
  const DType type = c.type(1);
  if (!is_8bit(type)) refuse("Y_zero_point is {}, only int8 and uint8 are supported", to_string(type));
  Shape out = c.shape(2);
  const std::size_t axis = axis_of(c.node, out.size());
  out[axis] = 0;
  for (std::size_t i = 2; i < c.input_count(); i += 3) {
    const Shape& in = c.shape(i);
    Shape expected = out;
    if (in.size() == out.size()) expected[axis] = in[axis];
    if (in != expected)
      refuse("input {} has shape {}, which does not fit {} along axis {}", i, to_string(in),
             to_string(c.shape(2)), axis);
    if (c.type(i) != type)
      refuse("input {} is {}, expected {} as Y_zero_point", i, to_string(c.type(i)), to_string(type));
    out[axis] += in[axis];
  }
  c.set(0, type, std::move(out));
}

void lower(LowerContext& c) {
  const Shape& out = c.out_shape(0);
  const DType type = c.out(0).type;
  const std::size_t axis = axis_of(c.node, out.size());
  const Quantization y = read_quantization(c, 0, "Y_scale", "Y_zero_point");
  Call call = c.call("qlinear_concat", "qlinear_concat.hpp");
  std::vector<std::int64_t> run, start, table_of;
  std::vector<std::byte> tables;
  std::int64_t total = 0;
  for (std::size_t i = 2; i < c.node.inputs.size(); i += 3) {
    const Shape& in = c.in_shape(i);
    const Quantization x = read_quantization(c, i + 1, "X_scale", "X_zero_point");
    run.push_back(element_count({in.begin() + static_cast<std::ptrdiff_t>(axis), in.end()}));
    start.push_back(total);
    total += run.back();
    call.reads.push_back(c.operand(i));
    const bool same = x.scale == y.scale && x.zero_point == y.zero_point;
    table_of.push_back(same ? -1 : static_cast<std::int64_t>(tables.size() / 256));
    if (same) continue;
    const ByteTable table = make_table(type, x, y, [](float v) { return v; });
    const auto* first = reinterpret_cast<const std::byte*>(table.data());
    tables.insert(tables.end(), first, first + table.size());
  }
  call.writes = {c.output(0)};
  call.params = {
      param("outer", element_count({out.begin(), out.begin() + static_cast<std::ptrdiff_t>(axis)})),
      param("total", total), param_ints("run", run), param_ints("start", start),
      param_ints("table_of", table_of)};
  if (!tables.empty())
    call.params.push_back(param_array(c.program, "tables", c.array("tables", type, tables)));
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_QLinearConcat){"com.microsoft", "QLinearConcat", infer, lower};

}  // namespace o2m

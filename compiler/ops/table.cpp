#include "ops/table.hpp"

#include "onnx2mcu/float_qlinear.hpp"
#include "ops/quantization.hpp"

namespace o2m {

std::int32_t value_of_byte(DType type, std::size_t i) {
  return type == DType::int8 ? static_cast<std::int8_t>(static_cast<std::uint8_t>(i))
                             : static_cast<std::int32_t>(i);
}

ByteTable make_table(DType type, Quantization x, Quantization y, const std::function<float(float)>& f) {
  ByteTable table{};
  const auto y_min = static_cast<std::int32_t>(min_of(type)), y_max = static_cast<std::int32_t>(max_of(type));
  for (std::size_t i = 0; i < table.size(); ++i) {
    const float value = f(onnx2mcu::dequantize_element(value_of_byte(type, i), x.scale, x.zero_point));
    table[i] =
        static_cast<std::uint8_t>(onnx2mcu::quantize_element(value, y.scale, y.zero_point, y_min, y_max));
  }
  return table;
}

void lower_lookup(LowerContext& c, std::size_t i, const ByteTable& table) {
  Call call = c.call("lookup", "lookup.hpp");
  call.reads = {c.operand(i)};
  call.writes = {c.output(0)};
  call.in_place = {{0, 0}};
  const auto* first = reinterpret_cast<const std::byte*>(table.data());
  const std::vector<std::byte> bytes(first, first + table.size());
  call.params = {param("size", element_count(c.in_shape(i))),
                 param_array(c.program, "table", c.array("table", c.out(0).type, bytes))};
  call.algorithm = "table of all 256 values";
  c.add(std::move(call));
}

Quantization read_quantization(const LowerContext& c, std::size_t scale, const char* scale_name,
                               const char* zero_point_name) {
  const bool has_zero_point = c.node.has_input(scale + 1);
  return {read_scale(c.required_constant(scale, scale_name), scale_name),
          has_zero_point ? read_zero_point(&c.required_constant(scale + 1, zero_point_name), zero_point_name)
                         : 0};
}

}  // namespace o2m

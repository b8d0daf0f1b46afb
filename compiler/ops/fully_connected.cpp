#include "ops/fully_connected.hpp"

namespace o2m {

void lower_fully_connected(LowerContext& c, const FullyConnected& f, Operand x) {
  const Accumulators acc = accumulators_of(f.weights, f.bias, c.in(0).type, f.x_zero_point);
  const bool to_float = c.out(0).type == DType::float32;
  Call call = c.call(to_float ? "fully_connected_float" : "fully_connected", "fully_connected.hpp");
  call.reads = {x};
  call.writes = {c.output(0)};
  call.params = {param("rows", f.rows), param("in", f.in), param("out", f.out)};
  call.params.push_back(param_array(c.program, "weights", weight_array(c, f.weights)));
  call.params.push_back(param_array(c.program, "bias", c.array("bias", DType::int32, acc.bias)));
  if (to_float) call.params.push_back(param_array(c.program, "scale", c.array("scale", DType::float32, f.scales)));
  else add_requantization(c, call, f.scales, f.y_zero_point, c.out(0).type, acc.ranges);
  call.macs = f.rows * f.in * f.out;
  call.weight_bytes = static_cast<std::int64_t>(f.weights.values.size()) * size_of(f.weights.type);
  c.add(std::move(call));
}

}  // namespace o2m

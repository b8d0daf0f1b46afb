// onnx2mcu Lookup, made by the pass `fuse`: y = table[byte of x]; x is int8 or uint8, the table a constant of
// 256 elements of y's type, so that the table is any function of one 8-bit value.

#include "ops/table.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  const Tensor& table = c.required_constant(1, "table");
  if (!is_8bit(c.type(0)) || !is_8bit(table.type) || table.count() != 256)
    refuse("x is {} and the table {}{}, expected 8-bit types and 256 elements", to_string(c.type(0)),
           to_string(table.type), to_string(table.shape));
  c.set(0, table.type, c.shape(0));
}

void lower(LowerContext& c) {
  ByteTable table;
  std::memcpy(table.data(), c.required_constant(1, "table").bytes.data(), table.size());
  lower_lookup(c, 0, table);
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_own_Lookup){"onnx2mcu", "Lookup", infer, lower};

}  // namespace o2m

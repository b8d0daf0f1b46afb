#include "ops/op.hpp"

#include <algorithm>
#include <array>

namespace o2m {

#define ONNX2MCU_OP(symbol, file) extern const Op symbol;
#include "ops/ops.def"
#undef ONNX2MCU_OP

namespace {

constexpr std::array registry = {
#define ONNX2MCU_OP(symbol, file) &symbol,
#include "ops/ops.def"
#undef ONNX2MCU_OP
};

constexpr std::int64_t max_tensor_elements = std::int64_t{1} << 31;

}  // namespace

const Op* find_op(std::string_view domain, std::string_view type) {
  const auto it = std::find_if(registry.begin(), registry.end(),
                               [&](const Op* op) { return op->type == type && op->domain == domain; });
  return it == registry.end() ? nullptr : *it;
}

const Op& op_of(const Node& node) {
  const Op* op = find_op(node.domain, node.op_type);
  if (!op) throw std::logic_error("operator " + node.domain + "." + node.op_type + " is not in ops.def");
  return *op;
}

std::span<const Op* const> all_ops() { return registry; }

ValueId InferContext::at(std::size_t i) const {
  if (!has(i)) refuse("input {} is missing", i);
  return node.inputs[i];
}

const Tensor& InferContext::required_constant(std::size_t i, const char* what) const {
  const Tensor* t = constant(i);
  if (!t) refuse("{} (input {}) must be a constant, it is computed at run time", what, i);
  return *t;
}

void InferContext::set(std::size_t o, DType type, Shape shape) {
  if (o >= node.outputs.size() || node.outputs[o] == ValueId::none) return;
  const std::int64_t count = element_count(shape);
  if (count < 0 || count > max_tensor_elements)
    refuse("output {} would have shape {}, which is not a tensor of at most 2^31 elements", o,
           to_string(shape));
  Value& value = graph[node.outputs[o]];
  value.type = type;
  value.shape = std::move(shape);
}

Shape broadcast(const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Shape out(rank, 1);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t da = i < rank - a.size() ? 1 : a[i - (rank - a.size())];
    const std::int64_t db = i < rank - b.size() ? 1 : b[i - (rank - b.size())];
    if (da != db && da != 1 && db != 1)
      refuse("shapes {} and {} do not broadcast", to_string(a), to_string(b));
    out[i] = da == 1 ? db : da;
  }
  return out;
}

std::size_t normalize_axis(std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r) refuse("axis {} is outside [-{}, {}]", axis, r, r - 1);
  return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

}  // namespace o2m

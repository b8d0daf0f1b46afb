// ReverseSequence 10: of each batch entry the first sequence_lens[entry] time steps in reverse; the lengths
// are constant.

#include "ops/lower.hpp"

namespace o2m {
namespace {

struct Axes {
  std::int64_t batch, time;
};

Axes axes_of(const Node& node, const Shape& x) {
  const Axes a{node.attr("batch_axis", 1), node.attr("time_axis", 0)};
  const bool apart = (a.batch == 0 && a.time == 1) || (a.batch == 1 && a.time == 0);
  if (x.size() < 2 || !apart)
    refuse("batch_axis {} and time_axis {} of x {}: one must be 0, the other 1", a.batch, a.time,
           to_string(x));
  return a;
}

void infer(InferContext& c) {
  const Shape& x = c.shape(0);
  const Axes a = axes_of(c.node, x);
  const Tensor& lengths = c.required_constant(1, "sequence_lens");
  const std::int64_t batch = x[static_cast<std::size_t>(a.batch)], time = x[static_cast<std::size_t>(a.time)];
  if (lengths.count() != batch)
    refuse("sequence_lens has shape {}, expected [{}]", to_string(lengths.shape), batch);
  for (const std::int64_t length : lengths.integers())
    if (length < 0 || length > time) refuse("a length of {} is not within 0 and {}", length, time);
  c.set(0, c.type(0), x);
}

/// A gather of rows whose indices are known.
void lower(LowerContext& c) {
  const Shape& x = c.in_shape(0);
  const Axes a = axes_of(c.node, x);
  const std::vector<std::int64_t> lengths = c.required_constant(1, "sequence_lens").integers();
  std::vector<std::int32_t> from;
  for (std::int64_t i = 0; i < x[0]; ++i)
    for (std::int64_t j = 0; j < x[1]; ++j) {
      const std::int64_t time = a.time == 0 ? i : j, batch = a.batch == 0 ? i : j,
                         length = lengths[static_cast<std::size_t>(batch)];
      const std::int64_t source = time < length ? length - 1 - time : time;
      from.push_back(static_cast<std::int32_t>(a.time == 0 ? source * x[1] + batch : batch * x[1] + source));
    }
  Call call = c.call("gather", "gather.hpp");
  call.reads = {c.operand(0), c.array("from", DType::int32, from)};
  call.writes = {c.output(0)};
  call.params = {param_bool("constant_indices", true), param("outer", 1), param("axis", x[0] * x[1]),
                 param("count", x[0] * x[1]), param("inner", element_count(x, 2, x.size()))};
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ReverseSequence){"", "ReverseSequence", infer, lower};

}  // namespace o2m

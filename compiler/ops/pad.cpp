// Pad 2-25: elements added around x (constant, reflect, edge, wrap), or with negative pads removed first.
// pads and value are attributes before opset 11, then inputs; opset 18 adds axes, opset 19 mode wrap.

#include <algorithm>

#include "ops/int_list.hpp"
#include "ops/strided_copy.hpp"

namespace o2m {
namespace {

/// One axis: `kept` elements of x from `first` on, with so many added before and after.
struct AxisPads {
  std::int64_t first, kept, before, after;
};

AxisPads axis_pads(std::int64_t size, std::int64_t before, std::int64_t after) {
  constexpr std::int64_t limit = std::int64_t{1} << 31;
  if (std::min(before, after) < -limit || std::max(before, after) > limit)
    refuse("pads of {} and {} are too large", before, after);
  const std::int64_t out = size + before + after;
  if (out < 0) refuse("pads of {} and {} remove more than the {} elements of the axis", before, after, size);
  const std::int64_t cut_before = std::min(size, std::max<std::int64_t>(-before, 0));
  const std::int64_t kept = std::max<std::int64_t>(size - cut_before - std::max<std::int64_t>(-after, 0), 0);
  const std::int64_t added_before = std::min(std::max<std::int64_t>(before, 0), out);
  return {cut_before, kept, added_before, out - kept - added_before};
}

std::vector<AxisPads> pads_of(const Graph& graph, const Node& node, const Shape& in) {
  const auto pads = required_int_list(graph, node, "pads", 1, 11);
  std::vector<std::size_t> axes(in.size());
  for (std::size_t d = 0; d < axes.size(); ++d) axes[d] = d;
  if (const auto given = int_list_input(graph, node, "axes", 3)) {
    if (graph.opset() < 18) refuse("axes (input 3) need opset 18, the model uses opset {}", graph.opset());
    axes = normalize_axes(*given, in.size());
  }
  if (pads.size() != 2 * axes.size())
    refuse("pads has {} entries, expected {}", pads.size(), 2 * axes.size());
  std::vector<AxisPads> out;
  for (const std::int64_t size : in) out.push_back({0, size, 0, 0});
  for (std::size_t i = 0; i < axes.size(); ++i)
    out[axes[i]] = axis_pads(in[axes[i]], pads[i], pads[i + axes.size()]);
  return out;
}

/// Neighbouring elements of x along one axis: `size` of them from `start` on, `step` apart.
struct Piece {
  std::int64_t start, step, size;
};

std::vector<Piece> wrapped(const AxisPads& p) {
  constexpr std::int64_t most_laps = 64;
  if (p.before > p.kept)  // ONNX Runtime leaves elements before the first lap unset
    refuse("mode wrap with {} elements before an axis of {} is not supported, at most {}", p.before, p.kept,
           p.kept);
  if (p.kept == 1) return {{p.first, 0, p.before + 1 + p.after}};
  if (p.after / p.kept > most_laps)
    refuse("mode wrap around an axis of {} for {} elements is not supported", p.kept, p.after);
  std::vector<Piece> out{{p.first + p.kept - p.before, 1, p.before}, {p.first, 1, p.kept}};
  for (std::int64_t left = p.after; left > 0; left -= p.kept)
    out.push_back({p.first, 1, std::min(left, p.kept)});
  return out;
}

/// What the axis of y shows, in order.
std::vector<Piece> pieces_of(const std::string& mode, const AxisPads& p) {
  if (p.kept == 0) refuse("mode {} with no element left of an axis is not supported", mode);
  const std::int64_t last = p.first + p.kept - 1;
  std::vector<Piece> out;
  if (mode == "edge") {
    out = {{p.first, 0, p.before}, {p.first, 1, p.kept}, {last, 0, p.after}};
  } else if (mode == "reflect") {
    if (std::max(p.before, p.after) > p.kept - 1)
      refuse("mode reflect cannot add {} and {} elements to an axis of {}, only {}", p.before, p.after,
             p.kept, p.kept - 1);
    out = {{p.first + p.before, -1, p.before}, {p.first, 1, p.kept}, {last - 1, -1, p.after}};
  } else {
    out = wrapped(p);
  }
  std::erase_if(out, [](const Piece& piece) { return piece.size == 0; });
  return out;
}

std::string mode_of(const Node& node) {
  const std::string mode = node.attr_string("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap")
    refuse("mode \"{}\" is not supported, only constant, reflect, edge and wrap", printable(mode));
  return mode;
}

void infer(InferContext& c) {
  Shape out;
  const std::string mode = mode_of(c.node);
  for (const AxisPads& p : pads_of(c.graph, c.node, c.shape(0))) {
    if (mode != "constant") pieces_of(mode, p);
    out.push_back(p.before + p.kept + p.after);
  }
  if (c.graph.opset() >= 11 && c.has(2)) {
    if (c.type(2) != c.type(0))
      refuse("constant_value is {}, x is {}", to_string(c.type(2)), to_string(c.type(0)));
    if (element_count(c.shape(2)) != 1)
      refuse("constant_value has shape {}, expected a scalar", to_string(c.shape(2)));
  }
  c.set(0, c.type(0), std::move(out));
}

/// The padding value where it is known: input 2, the attribute of early opsets, or zero.
Tensor value_of(const Graph& graph, const Node& node, DType type) {
  if (graph.opset() >= 11 && node.has_input(2)) return *graph.constant(node.inputs[2]);
  Tensor value = make_tensor(type, {});
  const float given = graph.opset() < 11 ? node.attr_float("value", 0) : 0.0F;
  if (type == DType::float32)
    value.as<float>()[0] = given;
  else if (type == DType::float64)
    value.as<double>()[0] = static_cast<double>(given);
  else if (given != 0)
    refuse("attribute \"value\" with elements of type {} is not supported", to_string(type));
  return value;
}

struct PadLoops {
  std::vector<std::int64_t> size, step, before, after;  ///< before, after: elements of y
  std::int64_t first = 0;
};

/// Loops over x, those inside a loop without padding merged with it.
PadLoops constant_loops(const std::vector<AxisPads>& pads, const Shape& in) {
  const auto steps = row_major_steps(in);
  PadLoops l;
  std::int64_t volume = 1;  // of y, inside this loop
  const auto put = [](std::vector<std::int64_t>& list, std::int64_t v) { list.insert(list.begin(), v); };
  for (std::size_t d = in.size(); d-- > 0;) {
    const AxisPads& p = pads[d];
    l.first += p.kept ? p.first * steps[d] : 0;
    const bool inner_plain =
        !l.size.empty() && l.before[0] == 0 && l.after[0] == 0 && steps[d] == l.step[0] * l.size[0];
    if (inner_plain) {
      l.size[0] *= p.kept;
      l.before[0] = p.before * volume;
      l.after[0] = p.after * volume;
    } else if (p.kept != 1 || p.before + p.after != 0 || (d == 0 && l.size.empty())) {
      put(l.size, p.kept);
      put(l.step, steps[d]);
      put(l.before, p.before * volume);
      put(l.after, p.after * volume);
    }
    volume *= p.before + p.kept + p.after;
  }
  return l;
}

void lower_constant(LowerContext& c, const std::vector<AxisPads>& pads) {
  const PadLoops l = constant_loops(pads, c.in_shape(0));
  Call call = c.call("pad_constant", "pad.hpp");
  call.reads = {c.operand(0)};
  if (c.graph.opset() >= 11 && c.node.has_input(2))
    call.reads.push_back(c.operand(2));
  else
    call.reads.push_back(c.array("value", c.in(0).type, value_of(c.graph, c.node, c.in(0).type).bytes));
  call.writes = {c.output(0)};
  call.params = {param("loops", static_cast<std::int64_t>(l.size.size())),
                 param("first", l.first),
                 param_ints("size", l.size),
                 param_ints("step", l.step),
                 param_ints("before", l.before),
                 param_ints("after", l.after)};
  c.add(std::move(call));
}

bool is_plain(const std::vector<Piece>& pieces) {
  return pieces.size() == 1 && pieces[0].step == 1 && pieces[0].start == 0;
}

void lower_mirror(LowerContext& c, const std::string& mode, const std::vector<AxisPads>& pads) {
  const Shape& in = c.in_shape(0);
  const auto steps = row_major_steps(in);
  std::vector<std::vector<Piece>> loops;  // in elements of x, innermost last
  for (std::size_t d = in.size(); d-- > 0;) {
    auto pieces = pieces_of(mode, pads[d]);
    const bool plain = is_plain(pieces) && pieces[0].size == in[d];
    for (Piece& p : pieces) p = {p.start * steps[d], p.step * steps[d], p.size};
    if (plain && in[d] == 1) continue;
    const bool merges = plain && !loops.empty() && loops[0].size() == 1 && loops[0][0].start == 0 &&
                        steps[d] == loops[0][0].step * loops[0][0].size;
    if (merges)
      loops[0][0].size *= in[d];
    else
      loops.insert(loops.begin(), std::move(pieces));
  }
  std::vector<std::int64_t> runs{0}, start, step, size;
  for (const auto& pieces : loops) {
    for (const Piece& p : pieces) {
      start.push_back(p.start);
      step.push_back(p.step);
      size.push_back(p.size);
    }
    runs.push_back(static_cast<std::int64_t>(start.size()));
  }
  Call call = c.call("pad_mirror", "pad.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.params = {param("loops", static_cast<std::int64_t>(loops.size())), param_ints("runs", runs),
                 param_ints("start", start), param_ints("step", step), param_ints("size", size)};
  c.add(std::move(call));
}

void lower(LowerContext& c) {
  const auto pads = pads_of(c.graph, c.node, c.in_shape(0));
  if (c.in_shape(0) == c.out_shape(0) &&
      std::all_of(pads.begin(), pads.end(), [](const AxisPads& p) { return p.before == 0 && p.after == 0; }))
    return c.alias(0, 0);
  const std::string mode = mode_of(c.node);
  if (mode == "constant")
    lower_constant(c, pads);
  else
    lower_mirror(c, mode, pads);
}

/// For each place along an axis of y its distance in x, or -1 for padding.
std::vector<std::int64_t> sources_of(const std::string& mode, const AxisPads& p, std::int64_t step) {
  std::vector<std::int64_t> out;
  const auto add = [&](const Piece& piece) {
    for (std::int64_t i = 0; i < piece.size; ++i) out.push_back((piece.start + i * piece.step) * step);
  };
  if (mode != "constant") {
    for (const Piece& piece : pieces_of(mode, p)) add(piece);
    return out;
  }
  out.assign(static_cast<std::size_t>(p.before), -1);
  add({p.first, 1, p.kept});
  out.insert(out.end(), static_cast<std::size_t>(p.after), -1);
  return out;
}

std::vector<Tensor> eval(const Graph& graph, const Node& node, EvalInputs in) {
  const Tensor& x = *in[0];
  Tensor y = make_tensor(x.type, graph.shape(node.outputs[0]));
  const Tensor value =
      in.size() > 2 && in[2] ? *in[2] : value_of(graph, node, x.type);  // of calibration: not constant
  const auto pads = pads_of(graph, node, x.shape);
  const auto steps = row_major_steps(x.shape);
  std::vector<std::vector<std::int64_t>> sources;
  for (std::size_t d = 0; d < pads.size(); ++d)
    sources.push_back(sources_of(mode_of(node), pads[d], steps[d]));
  const auto item = static_cast<std::size_t>(size_of(x.type));
  std::vector<std::size_t> at(pads.size(), 0);
  for (std::size_t to = 0; to < y.bytes.size(); to += item) {
    std::int64_t from = 0;
    bool inside = true;
    for (std::size_t d = 0; d < at.size(); ++d) {
      inside = inside && sources[d][at[d]] >= 0;
      from += sources[d][at[d]];
    }
    std::memcpy(y.bytes.data() + to,
                inside ? x.bytes.data() + static_cast<std::size_t>(from) * item : value.bytes.data(), item);
    for (std::size_t d = at.size(); d-- > 0;) {
      if (++at[d] < sources[d].size()) break;
      at[d] = 0;
    }
  }
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Pad){"", "Pad", infer, lower, eval};

}  // namespace o2m

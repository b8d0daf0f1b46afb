#include "ops/quantization.hpp"

#include <algorithm>
#include <cmath>

#include "requantize/layer.hpp"
#include "requantize/upper_word.hpp"

namespace o2m {

std::vector<float> read_scales(const Tensor& scale, std::int64_t channels, const char* what) {
  if (scale.type != DType::float32 && scale.type != DType::float16)
    refuse("{} is {}, only float32 and float16 are supported", what, to_string(scale.type));
  if (scale.count() != 1 && scale.count() != channels)
    refuse("{} has shape {}, expected one element or {}", what, to_string(scale.shape), channels);
  std::vector<float> values;
  for (std::int64_t i = 0; i < scale.count(); ++i) values.push_back(static_cast<float>(scale.real(i)));
  for (const float s : values)
    if (!(s > 0) || !std::isfinite(s)) refuse("{} holds {}, a scale must be positive and finite", what, s);
  return values;
}

std::vector<std::int32_t> read_zero_points(const Tensor* zero_point, std::int64_t channels,
                                           const char* what) {
  if (!zero_point) return {0};
  if (!is_integer(zero_point->type))
    refuse("{} is {}, expected an integer type", what, to_string(zero_point->type));
  if (zero_point->count() != 1 && zero_point->count() != channels)
    refuse("{} has shape {}, expected one element or {}", what, to_string(zero_point->shape), channels);
  std::vector<std::int32_t> out;
  for (const std::int64_t v : zero_point->integers()) out.push_back(static_cast<std::int32_t>(v));
  return out;
}

float read_scale(const Tensor& scale, const char* what) { return read_scales(scale, 1, what)[0]; }

std::vector<std::int32_t> read_zero_points(const LowerContext& c, std::size_t i, std::int64_t channels,
                                           const char* what) {
  return read_zero_points(c.node.has_input(i) ? &c.required_constant(i, what) : nullptr, channels, what);
}

std::int32_t read_zero_point(const Tensor* zero_point, const char* what) {
  return read_zero_points(zero_point, 1, what)[0];
}

std::int32_t read_zero_point(const LowerContext& c, std::size_t i, const char* what) {
  return read_zero_points(c, i, 1, what)[0];
}

void check_parameter_shapes(const InferContext& c) {
  if (!c.has(2)) return;
  const Shape &scale = c.shape(1), &zero_point = c.shape(2);
  if (scale != zero_point && (element_count(scale) != 1 || element_count(zero_point) != 1))
    refuse("scale {} and zero point {} differ in shape", to_string(scale), to_string(zero_point));
}

ConstantId weight_array(LowerContext& c, const QuantizedWeights& w) {
  if (w.type == DType::int16)
    return c.array("weights", DType::int16, std::vector<std::int16_t>(w.values.begin(), w.values.end()));
  return c.array("weights", DType::int8, std::vector<std::int8_t>(w.values.begin(), w.values.end()));
}

Accumulators accumulators_of(const QuantizedWeights& w, const std::vector<std::int32_t>& bias, DType x_type,
                             std::int32_t x_zero_point) {
  Accumulators out;
  const std::int64_t x_lo = min_of(x_type) - x_zero_point, x_hi = max_of(x_type) - x_zero_point;
  const std::int64_t x_abs = std::max(std::abs(min_of(x_type)), std::abs(max_of(x_type)));
  for (std::int64_t c = 0; c < w.channels; ++c) {
    const std::int64_t b = bias.empty() ? 0 : bias[static_cast<std::size_t>(c)];
    std::int64_t lo = b, hi = b, sum = 0, magnitude = 0;
    for (std::int64_t t = 0; t < w.taps; ++t) {
      const std::int64_t v = w.at(c, t);
      lo += v * (v > 0 ? x_lo : x_hi);
      hi += v * (v > 0 ? x_hi : x_lo);
      sum += v;
      magnitude += std::abs(v);
    }
    const std::int64_t start = b - x_zero_point * sum;
    const std::int64_t most =
        std::abs(start) + magnitude * std::max(x_abs, std::abs(std::int64_t{x_zero_point}));
    if (most > std::numeric_limits<std::int32_t>::max())
      refuse("the accumulator of channel {} may leave int32 (up to {} in magnitude)", c, most);
    out.ranges.push_back({lo, hi});
    out.bias.push_back(static_cast<std::int32_t>(start));
  }
  return out;
}

std::vector<std::int32_t> weight_sums(const QuantizedWeights& w) {
  std::vector<std::int32_t> sums;
  for (std::int64_t c = 0; c < w.channels; ++c) {
    std::int64_t sum = 0, magnitude = 0;
    for (std::int64_t t = 0; t < w.taps; ++t) {
      sum += w.at(c, t);
      magnitude += std::abs(w.at(c, t));
    }
    if (2 * 255 * magnitude > std::numeric_limits<std::int32_t>::max())
      refuse("the accumulator of channel {} may leave int32", c);
    sums.push_back(static_cast<std::int32_t>(sum));
  }
  return sums;
}

Operand zero_point_operand(LowerContext& c, std::size_t i, DType type) {
  return c.node.has_input(i) ? c.operand(i) : c.array("zero_point", type, std::vector<std::byte>(1));
}

namespace {

/// Whether the kernel asks for the forms below.
bool takes_upper_words(const Call& call) {
  return call.kernel == "packed_conv2d" || call.kernel == "winograd_conv2d" ||
         call.kernel == "packed_fully_connected";
}

/// The params upper_shift (0: no channel has such a form), and for each four channels whether all have.
void add_upper_words(LowerContext& c, Call& call, std::span<const ChannelRule> channels) {
  UpperWordForms forms = find_upper_word_forms(channels);
  const auto count = std::count_if(forms.multipliers.begin(), forms.multipliers.end(),
                                   [](std::int32_t m) { return m != 0; });
  // Winograd's kernel changes its way by the channel: the code of both must earn its place in the cache.
  if (call.kernel == "winograd_conv2d" && 4 * static_cast<std::size_t>(count) < 3 * channels.size())
    forms = {};
  // Eight outputs of a product are scaled together in float: as fast where weights come from flash, with 4
  // bytes an output instead of 9.
  if (call.kernel == "packed_fully_connected") forms = {};
  const auto has = [&](std::size_t channel) {
    return channel >= channels.size() || forms.multipliers[channel] != 0;
  };
  std::vector<std::uint8_t> fours;
  for (std::size_t i = 0; forms.shift > 0 && i < channels.size(); i += 4)
    fours.push_back(has(i) && has(i + 1) && has(i + 2) && has(i + 3));
  const bool all = std::find(fours.begin(), fours.end(), 0) == fours.end();
  call.params.push_back(param("upper_shift", forms.shift));
  call.params.push_back(param_bool("upper_all", forms.shift > 0 && all));
  if (forms.shift == 0) return;
  call.params.push_back(param_array(c.program, "upper_multiplier",
                                    c.array("upper_multiplier", DType::int32, forms.multipliers)));
  call.params.push_back(
      param_array(c.program, "upper_addend", c.array("upper_addend", DType::int32, forms.addends)));
  call.params.push_back(param_array(c.program, "upper_fours", c.array("upper_fours", DType::uint8, fours)));
  call.requantization += fmt::format("; {} from the upper word of a product", count);
}

}  // namespace

void add_requantization(LowerContext& c, Call& call, const std::vector<float>& scales,
                        std::int32_t y_zero_point, DType y_type,
                        const std::vector<AccumulatorRange>& ranges) {
  const auto qmin = static_cast<std::int32_t>(min_of(y_type)),
             qmax = static_cast<std::int32_t>(max_of(y_type));
  std::vector<ChannelRule> channels;
  for (std::size_t i = 0; i < ranges.size(); ++i)
    channels.push_back({{scales[scales.size() == 1 ? 0 : i], y_zero_point, qmin, qmax}, ranges[i]});
  const LayerForms forms = choose_forms(channels, AffineLimits{});
  call.requantization = forms.description;
  call.params.push_back(param("y_zero_point", y_zero_point));
  call.params.push_back(param("y_min", qmin));
  call.params.push_back(param("y_max", qmax));

  if (takes_upper_words(call)) add_upper_words(c, call, channels);

  std::vector<std::int32_t> multipliers;
  std::vector<std::int64_t> addends;
  std::vector<std::int8_t> shifts;  // 0 marks a channel without an exact affine form
  for (const ChannelForm& form : forms.channels) {
    const AffineForm affine = form.kind == RequantizeKind::affine ? form.affine : AffineForm{};
    multipliers.push_back(affine.multiplier);
    addends.push_back(affine.addend);
    shifts.push_back(static_cast<std::int8_t>(affine.shift));
  }
  const bool all_affine = forms.exact_float_count == 0, one_shift = forms.common_shift.has_value();
  const bool exact_float = !all_affine && c.target.has_fpu;  // cheaper there than deciding per channel
  if (!all_affine)
    call.params.push_back(param_array(c.program, "scale", c.array("scale", DType::float32, scales)));
  bool in_range = c.target.has_dsp;  // products so small that rounding before limiting cannot overflow
  for (const ChannelRule& channel : channels)
    in_range &=
        static_cast<double>(std::max(-channel.range.lo, channel.range.hi)) * channel.rule.scale < 0x1p30;
  call.params.push_back(
      {"onnx2mcu::Requantize", "form",
       exact_float   ? in_range ? "onnx2mcu::Requantize::exact_in_range" : "onnx2mcu::Requantize::exact"
       : !all_affine ? "onnx2mcu::Requantize::mixed"
       : one_shift   ? "onnx2mcu::Requantize::affine"
                     : "onnx2mcu::Requantize::affine_shifts"});
  if (exact_float) return;
  call.params.push_back(
      param_array(c.program, "multiplier", c.array("multiplier", DType::int32, multipliers)));
  call.params.push_back(param_array(c.program, "addend", c.array("addend", DType::int64, addends)));
  if (all_affine && one_shift)
    call.params.push_back(param("shift", shifts.front()));
  else
    call.params.push_back(param_array(c.program, "shift", c.array("shift", DType::int8, shifts)));
}

}  // namespace o2m

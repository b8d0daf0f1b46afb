#include "kernels/requantize_sum.hpp"

#include <algorithm>
#include <cmath>

#include "requantize/affine.hpp"

namespace o2m {
namespace {

/// y = clamp(upper word of (start + (sum << scale_bits)) * multiplier, shifted right).
struct UpperForm {
  std::int32_t multiplier = 0;
  std::int64_t start = 0;
  int shift = 0;  ///< of sum * multiplier
  std::vector<std::pair<std::int64_t, int>> exceptions =
      {};  ///< sums where that differs from the output, and by how much
};

/// A channel's requantization as a function of the sum without bias.
struct ChannelSums {
  AccumulatorRange range;
  MonotoneFunction output;
  std::int32_t qmin, qmax;
  int scale_bits;

  bool proves(const UpperForm& form) const {
    for (const std::int64_t end : {range.lo, range.hi})
      if (std::abs((end << scale_bits) + form.start) > INT32_MAX) return false;
    // Whole numbers are added to what the shift cuts off here, and floors may be nested.
    const AffineForm affine{form.multiplier, form.start * form.multiplier >> scale_bits, form.shift};
    return form.multiplier > 0 && std::abs(form.start) <= INT32_MAX &&
           proves_equal(affine, output, range, qmin, qmax);
  }
  /// The addend of an affine form as a start of the sum, rounded one way or the other.
  std::optional<UpperForm> find(int min_shift, int max_shift) const {
    const auto affine =
        find_affine(output, range, qmin, qmax, {.min_shift = min_shift, .max_shift = max_shift});
    if (!affine || affine->multiplier == 0) return std::nullopt;
    const auto exact = std::ldexp(static_cast<double>(affine->addend), scale_bits) / affine->multiplier;
    for (const double start : {std::floor(exact), std::ceil(exact)}) {
      const UpperForm form{affine->multiplier, static_cast<std::int64_t>(start), affine->shift};
      if (std::abs(start) <= INT32_MAX && proves(form)) return form;
    }
    return std::nullopt;
  }
  std::int32_t value(const UpperForm& form, std::int64_t sum) const {
    const std::int64_t upper =
        ((sum << scale_bits) + form.start) * form.multiplier >> (form.shift + scale_bits);
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(upper, qmin, qmax));
  }
  /// The straight line itself where at most two sums differ from it: all are tried, around half a step of the
  /// sum.
  std::optional<UpperForm> find_nearly(double scale, double first, int shift) const {
    constexpr std::int64_t most_sums = 4'000'000;
    const auto multiplier = static_cast<std::int64_t>(std::llround(std::ldexp(scale, shift)));
    if (range.hi - range.lo > most_sums || multiplier < 1 || multiplier > INT32_MAX) return std::nullopt;
    for (const double shifted : {0.0, -0.25, 0.25, -0.5, 0.5}) {
      UpperForm form{static_cast<std::int32_t>(multiplier),
                     std::llround(std::ldexp(first + shifted, scale_bits)), shift};
      for (std::int64_t sum = range.lo; sum <= range.hi && form.exceptions.size() < 3; ++sum)
        if (const int step = output(sum) - value(form, sum); step != 0)
          form.exceptions.emplace_back(sum, step);
      bool fits = form.exceptions.size() < 3;
      for (const std::int64_t end : {range.lo, range.hi})
        fits &= std::abs((end << scale_bits) + form.start) <= INT32_MAX;
      if (fits) return form;
    }
    return std::nullopt;
  }
};

/// One shift for all: the smallest of the channels' largest. Channels without a form are requantized in
/// float.
std::vector<std::optional<UpperForm>> common_forms(const std::vector<ChannelSums>& channels, int& shift) {
  std::vector<std::optional<UpperForm>> forms;
  shift = AffineLimits{}.max_shift;
  for (const ChannelSums& channel : channels) {
    forms.push_back(channel.find(AffineLimits{}.min_shift, AffineLimits{}.max_shift));
    if (forms.back()) shift = std::min(shift, forms.back()->shift);
  }
  for (std::size_t i = 0; i < channels.size(); ++i)
    if (forms[i] && forms[i]->shift != shift) forms[i] = channels[i].find(shift, shift);
  return forms;
}

bool needs_care(const std::optional<UpperForm>& form) { return !form || !form->exceptions.empty(); }

/// For cores without floating point: the channels that need a second look.
void add_careful(LowerContext& c, Call& call, const std::vector<std::optional<UpperForm>>& forms,
                 int scale_bits) {
  std::vector<std::int8_t> steps;
  std::vector<std::int32_t> sums;
  for (const auto& form : forms) {
    for (std::size_t i = 0; i < 2; ++i) {
      const bool given = form && i < form->exceptions.size();
      sums.push_back(
          given ? static_cast<std::int32_t>((form->exceptions[i].first << scale_bits) + form->start) : 0);
      steps.push_back(static_cast<std::int8_t>(given ? form->exceptions[i].second : 0));
    }
  }
  const bool some = std::any_of(forms.begin(), forms.end(), needs_care);
  call.params.push_back(param_bool("has_careful", some));
  if (!some) return;
  call.params.push_back(param_bool("has_exact", std::any_of(forms.begin(), forms.end(), [](const auto& form) {
                                     return !form.has_value();
                                   })));
  call.params.push_back(param_array(c.program, "careful_sum", c.array("careful_sum", DType::int32, sums)));
  call.params.push_back(param_array(c.program, "careful_step", c.array("careful_step", DType::int8, steps)));
}

}  // namespace

int sum_scale_bits(const QuantizedWeights& w, const Accumulators& acc) {
  for (int bits = 8; bits > 6; --bits) {
    const std::int64_t most_sum = std::int64_t{1} << (31 - bits),
                       most_weight = std::int64_t{1} << (15 - bits);
    bool fits = std::all_of(w.values.begin(), w.values.end(),
                            [&](std::int64_t v) { return v >= -most_weight && v < most_weight; });
    for (std::size_t c = 0; c < acc.ranges.size(); ++c)
      for (const std::int64_t end : {acc.ranges[c].lo, acc.ranges[c].hi})
        fits &= std::abs(end) < most_sum && std::abs(end - acc.bias[c]) < most_sum;
    if (fits) return bits;
  }
  return 0;
}

void add_sum_requantization(LowerContext& c, Call& call, const std::vector<float>& scales,
                            std::int32_t y_zero_point, DType y_type, const Accumulators& acc) {
  const auto qmin = static_cast<std::int32_t>(min_of(y_type)),
             qmax = static_cast<std::int32_t>(max_of(y_type));
  const int scale_bits = static_cast<int>(int_param(call, "scale_bits"));
  std::vector<ChannelSums> channels;
  for (std::size_t i = 0; i < acc.ranges.size(); ++i) {
    const RequantizeRule rule{scales[scales.size() == 1 ? 0 : i], y_zero_point, qmin, qmax};
    const std::int64_t bias = acc.bias[i];
    channels.push_back({{acc.ranges[i].lo - bias, acc.ranges[i].hi - bias},
                        [rule, bias](std::int64_t sum) { return reference(rule, sum + bias); },
                        qmin,
                        qmax,
                        scale_bits});
  }
  int shift = 0;
  auto forms = common_forms(channels, shift);
  const std::size_t proven = static_cast<std::size_t>(
      std::count_if(forms.begin(), forms.end(), [](const auto& form) { return form.has_value(); }));
  if (!c.target.has_fpu)
    for (std::size_t i = 0; i < forms.size(); ++i) {
      const float scale = scales[scales.size() == 1 ? 0 : i];
      if (!forms[i])
        forms[i] = channels[i].find_nearly(scale, acc.bias[i] + (y_zero_point + 0.5) / scale, shift);
    }
  std::vector<std::int32_t> multipliers, starts;
  std::vector<float> scaled;
  for (std::size_t i = 0; i < forms.size(); ++i) {
    multipliers.push_back(!forms[i]              ? 0
                          : needs_care(forms[i]) ? -forms[i]->multiplier
                                                 : forms[i]->multiplier);
    starts.push_back(
        static_cast<std::int32_t>(forms[i] ? forms[i]->start : std::int64_t{acc.bias[i]} << scale_bits));
    scaled.push_back(std::ldexp(scales[scales.size() == 1 ? 0 : i], c.target.has_fpu ? -scale_bits : 0));
  }
  const std::size_t upper = static_cast<std::size_t>(
      std::count_if(forms.begin(), forms.end(), [](const auto& form) { return form.has_value(); }));
  call.params.push_back(param("y_zero_point", y_zero_point));
  call.params.push_back(param("y_min", qmin));
  call.params.push_back(param("y_max", qmax));
  call.params.push_back(param_array(c.program, "start", c.array("start", DType::int32, starts)));
  call.params.push_back({"onnx2mcu::Requantize", "form",
                         fmt::format("onnx2mcu::Requantize::{}", upper == forms.size() ? "affine"
                                                                 : upper == 0          ? "exact_in_range"
                                                                                       : "mixed")});
  if (!c.target.has_fpu) add_careful(c, call, forms, scale_bits);
  if (upper > 0 || !c.target.has_fpu) {
    call.params.push_back(
        param_array(c.program, "multiplier", c.array("multiplier", DType::int32, multipliers)));
    call.params.push_back(param("shift", shift - (32 - scale_bits)));
  }
  if (upper < forms.size())
    call.params.push_back(param_array(c.program, "scale", c.array("scale", DType::float32, scaled)));
  call.requantization = fmt::format(
      "upper word of the scaled sum's product, {} of {} channels proven equal on their reachable range",
      proven, forms.size());
  if (upper > proven) call.requantization += fmt::format(", {} but for one or two sums", upper - proven);
  if (upper < forms.size()) call.requantization += fmt::format(", {} exact float", forms.size() - upper);
}

}  // namespace o2m

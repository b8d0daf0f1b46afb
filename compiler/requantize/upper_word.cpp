// In terms of acc: floor((floor(acc * M / 2^24) + C) / 2^n) = floor((acc * M + C * 2^24) / 2^(24 + n)), an
// affine form whose addend is a multiple of 2^24.
#include "requantize/upper_word.hpp"

#include <algorithm>

namespace o2m {
namespace {

constexpr int fraction = 24;  // bits of acc * multiplier that the upper word of 256 * acc * multiplier lacks

constexpr AffineLimits limits{
    .min_shift = fraction + 1, .addend_granularity_bits = fraction, .addend_bits = fraction + 32};

/// Whether 256 * acc, and the upper word with the addend, fit int32 for every reachable accumulator.
bool fits(const AffineForm& form, AccumulatorRange range) {
  constexpr std::int64_t limit = std::int64_t{1} << 23;
  return range.lo >= -limit && range.hi < limit &&
         ((range.lo * form.multiplier + form.addend) >> fraction) >= INT32_MIN &&
         ((range.hi * form.multiplier + form.addend) >> fraction) <= INT32_MAX;
}

}  // namespace

UpperWordForms find_upper_word_forms(std::span<const ChannelRule> channels) {
  LayerForms forms = choose_forms(channels, limits);
  if (forms.affine_count == 0) return {};
  int shift = INT32_MAX;
  for (const ChannelForm& form : forms.channels)
    if (form.kind == RequantizeKind::affine) shift = std::min(shift, form.affine.shift);
  if (!forms.common_shift) {  // those that cannot follow the least go without
    AffineLimits one = limits;
    one.min_shift = one.max_shift = shift;
    forms = choose_forms(channels, one);
  }
  UpperWordForms out{shift - fraction, {}, {}};
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const AffineForm& form = forms.channels[i].affine;
    const bool has = forms.channels[i].kind == RequantizeKind::affine && form.multiplier > 0 &&
                     fits(form, channels[i].range);
    out.multipliers.push_back(has ? form.multiplier : 0);
    out.addends.push_back(has ? static_cast<std::int32_t>(form.addend >> fraction) : 0);
  }
  if (std::all_of(out.multipliers.begin(), out.multipliers.end(), [](std::int32_t m) { return m == 0; }))
    return {};
  return out;
}

}  // namespace o2m

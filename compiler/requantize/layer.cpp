// A form at shift S is also one at S + 1 (double both numbers) as long as the multiplier still fits. So the
// only shift that can serve every channel is the smallest of the channels' largest shifts.
#include "requantize/layer.hpp"

#include <algorithm>

namespace o2m {
namespace {

struct Candidate {
  Staircase stairs;
  std::optional<AffineForm> form;
};

bool is_int32(AccumulatorRange range) {
  return range.lo <= range.hi && range.lo >= INT32_MIN && range.hi <= INT32_MAX;
}

std::optional<AffineForm> proven(const ChannelRule& channel, std::optional<AffineForm> form) {
  const RequantizeRule& rule = channel.rule;
  const auto same = [&rule](std::int64_t acc) { return reference(rule, acc); };
  if (form && !proves_equal(*form, same, channel.range, rule.qmin, rule.qmax)) return std::nullopt;
  return form;
}

Candidate examine(const ChannelRule& channel, const AffineLimits& limits) {
  const RequantizeRule& rule = channel.rule;
  if (!is_int32(channel.range) || !is_monotone(rule, channel.range)) return {};
  const auto same = [&rule](std::int64_t acc) { return reference(rule, acc); };
  Candidate result{find_staircase(same, channel.range, rule.qmin, rule.qmax), std::nullopt};
  result.form = proven(channel, find_affine(result.stairs, limits));
  return result;
}

/// Moves every affine channel to one shift; false, with nothing changed, if one of them cannot follow.
bool unify(std::span<const ChannelRule> channels, std::vector<Candidate>& candidates, AffineLimits limits) {
  int shift = INT32_MAX;
  for (const Candidate& c : candidates) {
    if (c.form) shift = std::min(shift, c.form->shift);
  }
  limits.min_shift = limits.max_shift = shift;
  std::vector<AffineForm> moved(candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (!candidates[i].form) continue;
    std::optional<AffineForm> form = candidates[i].form;
    if (form->shift != shift) form = proven(channels[i], find_affine(candidates[i].stairs, limits));
    if (!form) return false;
    moved[i] = *form;
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].form) candidates[i].form = moved[i];
  }
  return true;
}

std::string describe(const LayerForms& forms) {
  const std::string total = std::to_string(forms.channels.size());
  if (forms.affine_count == 0) return "exact float, none of " + total + " channels has an affine form";
  int least = INT32_MAX;
  int greatest = 0;
  for (const ChannelForm& c : forms.channels) {
    if (c.kind != RequantizeKind::affine) continue;
    least = std::min(least, c.affine.shift);
    greatest = std::max(greatest, c.affine.shift);
  }
  const std::string shifts = forms.common_shift
                                 ? "common shift " + std::to_string(*forms.common_shift)
                                 : "shifts " + std::to_string(least) + " to " + std::to_string(greatest);
  std::string text = "affine, " + shifts + ", " + std::to_string(forms.affine_count) + " of " + total +
                     " channels proven equal on their reachable range";
  if (forms.exact_float_count > 0) text += ", " + std::to_string(forms.exact_float_count) + " exact float";
  return text;
}

}  // namespace

LayerForms choose_forms(std::span<const ChannelRule> channels, const AffineLimits& limits) {
  std::vector<Candidate> candidates;
  candidates.reserve(channels.size());
  for (const ChannelRule& channel : channels) candidates.push_back(examine(channel, limits));
  const bool common = unify(channels, candidates, limits);

  LayerForms result;
  for (const Candidate& c : candidates) {
    if (c.form) {
      ++result.affine_count;
      result.channels.push_back({RequantizeKind::affine, *c.form});
      if (common) result.common_shift = c.form->shift;
    } else {
      ++result.exact_float_count;
      result.channels.push_back({});
    }
  }
  result.description = describe(result);
  return result;
}

}  // namespace o2m

// Requantization in two instructions, for kernels that have 256 * acc at hand:
// y = clamp((hi32(256 * acc * multiplier) + addend) >> shift), SMMLA and SSAT on Cortex-M4 and M7.
#pragma once

#include <span>

#include "requantize/layer.hpp"

namespace o2m {

struct UpperWordForms {
  int shift = 0;                          ///< one for all channels that have the form; 0: no channel has
  std::vector<std::int32_t> multipliers;  ///< 0: the channel does not have the form
  std::vector<std::int32_t> addends;
};

/// The channels with a form proven equal on their reachable range, of which 256 times must fit int32.
UpperWordForms find_upper_word_forms(std::span<const ChannelRule> channels);

}  // namespace o2m

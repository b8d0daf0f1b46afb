// Chooses the requantizer of a whole layer: one shift for all channels where that is provably exact (a kernel
// can then encode it in the instruction), else a shift per channel, and the exact float form for channels
// without any.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "requantize/affine.hpp"

namespace o2m {

struct ChannelRule {
  RequantizeRule rule;
  AccumulatorRange range;  // every int32 accumulator that can reach the requantizer
};

enum class RequantizeKind {
  affine,       // proven equal to the rule on the range
  exact_float,  // the rule itself: float on an FPU, its integer emulation elsewhere
};

struct ChannelForm {
  RequantizeKind kind = RequantizeKind::exact_float;
  AffineForm affine;  // meaningful for RequantizeKind::affine
};

struct LayerForms {
  std::vector<ChannelForm> channels;
  std::optional<int> common_shift;  // of every affine channel
  int affine_count = 0;
  int exact_float_count = 0;
  std::string description;  // one line for the report
};

LayerForms choose_forms(std::span<const ChannelRule> channels, const AffineLimits& limits);

}  // namespace o2m

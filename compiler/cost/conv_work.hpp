// The work of convolutions, by kernel.
#pragma once

#include "cost/constants.hpp"

namespace o2m {

void add_conv(Work& work, const Constants& c);
void add_direct_conv(Work& work, const Constants& c);
void add_winograd(Work& work, const Constants& c);
void add_depthwise(Work& work, const Constants& c);
void add_blocked_conv(Work& work, const Constants& c);
void add_blocked_depthwise(Work& work, const Constants& c);
void add_plain_conv(Work& work, const Constants& c, const std::string& kernel, double products);

}  // namespace o2m

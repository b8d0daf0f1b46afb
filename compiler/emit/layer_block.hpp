// The text of one layer: a struct of its constants and the function that calls its kernel; of a stream, all
// its layers and how they are connected.
#pragma once

#include <string>

#include "compile.hpp"

namespace o2m {

std::string layer_block(const Network& network, const Call& call, const Target& target);

}  // namespace o2m

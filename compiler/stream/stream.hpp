// Chains of calls become streams: one call that runs its layers row by row, with rings of rows in the place
// of whole tensors between them.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "program/program.hpp"

namespace o2m {

/// The calls [first, last) as one stream. New scratch buffers are appended to the program, buffers between
/// the layers become rings. Nothing if one of them only knows whole tensors, if they do not hang together, or
/// if rows that are needed elsewhere would be missing. `small`: patches as small as they can be.
std::optional<Call> make_stream(Program& program, std::size_t first, std::size_t last, bool small);

/// The program with each of the ranges [first, last) of calls, in ascending order, as one stream.
Program with_streams(const Program& program, const std::vector<std::pair<std::size_t, std::size_t>>& ranges,
                     bool small);

}  // namespace o2m

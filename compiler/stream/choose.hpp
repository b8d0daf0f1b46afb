// --optimize ram: which chains of layers become streams, and how large their patches may be.
#pragma once

#include "program/program.hpp"

namespace o2m {

/// The program with the streams that make its arena smallest. Every way of cutting the sequence of layers
/// into streams and single layers is considered; each piece is judged by the exact planner.
Program with_smallest_arena(const Program& program);

/// The same with patches as large as an arena of `arena` bytes allows, one after the other: larger ones are
/// filled less often.
Program with_larger_patches(const Program& program, std::int64_t arena);

}  // namespace o2m

// An arena in pieces, one for each memory bank: where no single bank holds it, or --place arena=dtcm+axi asks
// for it. The buffers that are used most lie in the fastest bank.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compile.hpp"

namespace o2m {

/// Whether `words` name several banks for the arena.
bool asks_for_pieces(const std::vector<std::string>& words);

/// The program's buffers in the banks that `words` name for the arena, or in all that may hold one. Inputs,
/// outputs, states, and what streams work in are together in the first piece, the Model. Nothing if they do
/// not fit, or if one bank is enough and `words` do not ask for more.
std::optional<MemoryPlan> split_arena(const Network& network, const Target& target,
                                      const std::vector<std::string>& words);

}  // namespace o2m

// Which memory bank holds weights, arena and hot code of a firmware: as told by --place, else chosen here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compile.hpp"

namespace o2m {

/// One choice of --place: a name, the bank of the target it stands for, and the linker section that leads there.
struct Place {
  std::string_view name;     ///< "flash", "ram", "itcm", "dtcm", "axi", "d2", "d3", "qspi"
  std::string_view bank;     ///< Bank::name
  std::string_view section;  ///< empty: where the compiler puts it anyway
  bool copied = false;       ///< its initial contents are kept in FLASH as well
};

struct Placement {
  Place weights, arena, code;
};

/// `words` are "weights=qspi", "arena=axi", "code=itcm". Throws Refusal for a name the target does not know.
/// What no word decides: weights in flash, or in external flash if they do not fit; the arena in the first bank with
/// room, fastest first; code in flash. `fixed_flash` and `fixed_ram`: what else flash and RAM have to hold.
Placement place(const Target& target, const Network& network, const std::vector<std::string>& words, std::int64_t fixed_flash,
                std::int64_t fixed_ram);

/// The bank of `target` with that name; throws std::logic_error if there is none.
const Bank& bank_named(const Target& target, std::string_view name);

}  // namespace o2m

// Which memory bank holds weights, arena, hot code and self-test samples of a firmware: as told by --place,
// else chosen here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compile.hpp"

namespace o2m {

/// One choice of --place: a name, the bank of the target it stands for, and the linker section that leads
/// there.
struct Place {
  std::string_view name;     ///< "flash", "ram", "itcm", "dtcm", "axi", "d2", "d3", "qspi"
  std::string_view bank;     ///< Bank::name
  std::string_view section;  ///< empty: where the compiler puts it anyway
  std::string_view from;     ///< Bank::name it is copied from at start, or empty
};

struct Placement {
  Place weights, arena, code, vectors;
  Place hot_weights = {};           ///< of the arrays that are hot, if there are any
  std::vector<Place> further = {};  ///< of the arena's pieces behind the first
  bool external_flash() const {
    return weights.bank == "QSPI" || weights.from == "QSPI" || hot_weights.from == "QSPI" ||
           vectors.bank == "QSPI";
  }
};

/// What has to be placed beside the network, in bytes.
struct Overhead {
  std::int64_t layers = 0;  ///< machine code of the layers
  std::int64_t flash = 0;   ///< code and tables of targets/: start-up and the service behind the UART
  std::int64_t ram = 0;     ///< its variables
  std::int64_t stack = 0;
  std::int64_t vectors = 0;  ///< samples built in
};

/// `words` are "weights=qspi", "arena=axi", "code=itcm", "vectors=qspi". Throws Refusal for a name the target
/// does not know. What no word decides: everything in flash and the arena in the first RAM with room, fastest
/// first. Where there is external flash, what does not fit moves there, first the samples, then the weights,
/// which are copied to RAM at start if they fit there; hot code runs from ITCM. Weights that the program
/// wants in RAM (firmware/hot_weights.hpp) are copied to DTCM, and to AXI if there is room beside the arena.
Placement place(const Target& target, const Network& network, const std::vector<std::string>& words,
                const Overhead& overhead);

/// Where the arena may be: the banks that `words` name ("arena=dtcm+axi"), or all there are, fastest first.
std::vector<Place> arena_places(const Target& target, const std::vector<std::string>& words);

/// Bytes of an arena's bank that a firmware has other uses for.
std::int64_t taken_beside(const Target& target, const Network& network, const Placement& placement,
                          const Overhead& overhead, const Place& arena);

/// The bank of `target` with that name; throws std::logic_error if there is none.
const Bank& bank_named(const Target& target, std::string_view name);

}  // namespace o2m

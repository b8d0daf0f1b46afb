// --firmware: a CMake project around the generated network that depends on nothing outside its folder:
// main.cpp, the chip's files from targets/, samples for its self-test.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compile.hpp"
#include "samples/samples.hpp"

namespace o2m {

struct FirmwareOptions {
  Samples inputs, expected;      ///< built into the firmware; count 0: none
  std::optional<Tensor> labels;  ///< their classes
};

/// Checks that the network fits options.target, with the firmware around it, and adds its files to `files`.
/// `note` says where everything is, bank by bank. Throws Refused if it does not fit.
void add_firmware(const Network& network, const CompileOptions& options, const FirmwareOptions& firmware,
                  Diagnostics& diagnostics, GeneratedFiles& files, std::string& note);

/// The JSON text by which the firmware identifies itself (docs/protocol.md).
std::string identity(const Network& network, const CompileOptions& options, std::int64_t vectors);

}  // namespace o2m

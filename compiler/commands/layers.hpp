// validate --layers: which layer is the first whose tensor differs from a recorded one.
#pragma once

#include <filesystem>

#include "host/host_run.hpp"

namespace o2m {

/// `folder` holds index.json, a list of {"name", "file"} with .npy files of N samples each (N, …). Layers
/// whose tensor is not in the list are passed over and counted. Prints one line; true if no difference was
/// found.
bool compare_layers(const Program& program, const HostResult& result, const std::filesystem::path& folder,
                    std::int64_t samples);

}  // namespace o2m

// What `quantize` tells about its result.
#pragma once

#include <string>

#include "quantize/quantize.hpp"

namespace o2m {

/// One line: layers quantized, choices made, signal-to-noise ratio.
void print_summary(const std::string& file, std::size_t bytes, std::size_t samples,
                   const QuantizationResult& result);

/// One line per layer. `labels` of the samples, or none.
void print_report(const QuantizationResult& result, const std::vector<Sample>& samples,
                  const std::vector<std::int64_t>& labels, const NewProgress& progress);

}  // namespace o2m

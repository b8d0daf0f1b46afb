// The options of `quantize` as words of the command line, and what they mean.
#pragma once

#include <string>

#include "options.hpp"

namespace CLI {
class App;
}

namespace o2m {

struct QuantizeWords {
  std::string method = "auto", activations = "uint8", weights = "int8", equalize = "auto",
              correct_bias = "auto", io = "float";
  bool per_tensor = false;
};

void add_quantize_options(CLI::App& app, QuantizeArguments& q, QuantizeWords& words);

/// Throws CLI::ValidationError.
void finish_quantize_options(QuantizeArguments& q, const QuantizeWords& words);

}  // namespace o2m

// The text of the generated Model class: accessors of the ports, the run() entries, and the list of layer
// calls.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "program/program.hpp"

namespace o2m {

struct CompileOptions;
struct Network;

struct ModelClass {
  std::int64_t arena_bytes = 0;    ///< a multiple of alignment, at least 1
  std::int64_t own_bytes = 0;      ///< of them in the Model itself
  std::string banks, bank_macros;  ///< the pieces of the arena in other banks
  std::int64_t alignment = 1;
  std::vector<Port>
      quantized_inputs;  ///< one per input; empty where not every float input begins with a QuantizeLinear
  std::string accessors;
  std::string execute_parameters;
  std::string steps;
};

ModelClass model_class(const Network& network, const CompileOptions& options);

}  // namespace o2m

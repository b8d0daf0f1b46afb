// Compiles generated code with the host's C++ compiler and runs samples through it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compile.hpp"
#include "samples/samples.hpp"

namespace o2m {

struct HostOptions {
  std::string compiler;       ///< default: $CXX, else c++
  std::string flags = "-O2";  ///< added to -std=c++17
};

/// One output of one layer, all samples: bytes of sample i begin at i * bytes_per_sample.
struct TracedTensor {
  int call;
  int output;
  std::string tensor;  ///< ONNX name
  DType type;
  Shape shape;
  std::vector<std::byte> data;
};

struct HostResult {
  std::vector<Tensor> outputs;      ///< (N, *port shape), in port order
  std::vector<TracedTensor> trace;  ///< only with options.trace
};

/// `progress(done, total)` is called now and then. Throws Refusal when the compiler fails or is missing.
HostResult run_on_host(const Network& network, const CompileOptions& options, const Samples& samples,
                       const HostOptions& host,
                       const std::function<void(std::int64_t, std::int64_t)>& progress);

}  // namespace o2m

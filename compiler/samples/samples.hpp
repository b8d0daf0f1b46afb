// Samples for a network: one array per input with the sample axis first, checked against what the network declares.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ir/tensor.hpp"
#include "program/program.hpp"

namespace o2m {

/// `NAME=FILE` or just `FILE`; names are matched against the ports, an unnamed one is allowed when there is one port.
struct NamedFile {
  std::string name;
  std::filesystem::path path;
};
NamedFile parse_named_file(const std::string& argument, const std::vector<std::string>& known_names);

/// One array per port. data.shape is (N, …); bytes are N samples one after the other.
struct Samples {
  std::int64_t count = 0;
  std::vector<Tensor> arrays;
};

/// Reads the .npy of every port, in port order. Accepts (N, *shape) and, when the port's batch is 1, (N, *shape[1:]).
/// Refuses a missing or unknown name, another dtype, another shape, and different numbers of samples.
Samples read_samples(const std::vector<Port>& ports, const std::vector<NamedFile>& files, const char* what);

/// Bytes of one sample of a port.
std::int64_t sample_bytes(const Port& port);

}  // namespace o2m

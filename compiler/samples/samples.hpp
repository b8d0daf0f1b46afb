// Samples for a network: one array per input with the sample axis first, checked against what the network
// declares.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ir/tensor.hpp"
#include "program/program.hpp"

namespace o2m {

/// `NAME=FILE` or just `FILE`; names are matched against the ports, an unnamed one is allowed when there is
/// one port.
struct NamedFile {
  std::string name;
  std::filesystem::path path;
};
NamedFile parse_named_file(const std::string& argument, const std::vector<std::string>& known_names);

/// One array per port. data.shape is (N, …); bytes are N samples one after the other.
struct Samples {
  std::int64_t count = 0;
  std::vector<Tensor> arrays;
  std::vector<bool> from_bytes = {};  ///< per array: its elements were bytes (images)
};

/// How a byte of an image becomes an element: (byte * scale - mean) / std. One mean and std, or one per
/// channel.
struct PixelMap {
  std::vector<float> mean, std;
  float scale = 1;
  bool given() const { return scale != 1 || !mean.empty() || !std.empty(); }
  float operator()(float byte, std::size_t channel) const;
};

/// Reads the file of every port, in port order: .npy, MNIST's IDX (gzip or not), a PGM or PNG image, or a
/// folder of them. .npy: (N, *shape) or, when the port's batch is 1, (N, *shape[1:]), of the port's type.
/// Bytes (images, and .npy of uint8 where `pixels` is given) go through `pixels` to a float port, and on to
/// the quantized value for an 8-bit port of known scale; without `pixels` an 8-bit port takes the byte itself
/// (int8: less 128). Refuses a missing or unknown name, another dtype, another shape, different numbers of
/// samples, and `pixels` where no file has any use for them. `at_most`: no more samples than that, spread
/// evenly over all; 0 = all.
Samples read_samples(const std::vector<Port>& ports, const std::vector<NamedFile>& files, const char* what,
                     const PixelMap& pixels = {}, std::int64_t at_most = 0);

/// Samples [first, first + count) of all arrays; count 0: to the end. Refuses a first that is not there.
Samples part(const Samples& all, std::int64_t first, std::int64_t count);

/// One array from a file of any of these formats, as it is there.
Tensor read_array(const std::filesystem::path& path);

/// Bytes of one sample of a port.
std::int64_t sample_bytes(const Port& port);

}  // namespace o2m

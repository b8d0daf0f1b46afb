// ONNX backend test data: folders test_data_set_N with input_K.pb and output_K.pb (serialized TensorProto).
#pragma once

#include <filesystem>
#include <vector>

#include "ir/tensor.hpp"

namespace o2m {

struct TestDataSet {
  std::filesystem::path folder;
  std::vector<Tensor> inputs, outputs;  ///< in the order of the graph's inputs and outputs
};

/// `folder` holds test_data_set_N folders (read in order of N) or is one itself. Throws Refusal.
std::vector<TestDataSet> read_test_data(const std::filesystem::path& folder);

}  // namespace o2m

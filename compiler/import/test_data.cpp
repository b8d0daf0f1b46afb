#include "import/test_data.hpp"

#include <algorithm>
#include <fstream>

#include "diagnostics.hpp"
#include "import/tensor_proto.hpp"

namespace o2m {
namespace {

namespace fs = std::filesystem;

std::vector<Tensor> read_tensors(const fs::path& folder, const char* stem) {
  std::vector<Tensor> tensors;
  for (int k = 0;; ++k) {
    const fs::path path = folder / fmt::format("{}_{}.pb", stem, k);
    if (!fs::exists(path)) return tensors;
    std::ifstream in(path, std::ios::binary);
    onnx::TensorProto proto;
    if (!proto.ParseFromIstream(&in)) refuse("{} is no serialized TensorProto", path.string());
    try {
      tensors.push_back(import_tensor(proto, folder));
    } catch (const Refusal& refusal) {
      refuse("{}: {}", path.string(), refusal.what());
    }
  }
}

}  // namespace

std::vector<TestDataSet> read_test_data(const fs::path& folder) {
  std::vector<fs::path> folders;
  if (fs::exists(folder / "output_0.pb")) folders.push_back(folder);
  for (int n = 0; fs::is_directory(folder / fmt::format("test_data_set_{}", n)); ++n)
    folders.push_back(folder / fmt::format("test_data_set_{}", n));
  if (folders.empty()) refuse("{} holds neither test_data_set_0 nor output_0.pb", folder.string());
  std::vector<TestDataSet> sets;
  for (const fs::path& f : folders) sets.push_back({f, read_tensors(f, "input"), read_tensors(f, "output")});
  return sets;
}

}  // namespace o2m

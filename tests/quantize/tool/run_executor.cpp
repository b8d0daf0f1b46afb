// run_executor MODEL.onnx X.npy Y.npy: what the float executor computes for the first output of a network of
// one input, over every sample; for comparison with ONNX Runtime (float_models.py).
#include <cstring>
#include <iostream>

#include "diagnostics.hpp"
#include "import/import.hpp"
#include "import/read.hpp"
#include "passes/passes.hpp"
#include "quantize/executor.hpp"
#include "samples/npy.hpp"
#include "samples/samples.hpp"

using namespace o2m;

namespace {

Tensor run(const Graph& graph, const Tensor& x) {
  const Shape& shape = graph.shape(graph.inputs.at(0));
  const Executor executor(graph);
  const auto size = static_cast<std::size_t>(element_count(shape)) * sizeof(float);
  Tensor y{DType::float32, {static_cast<std::int64_t>(x.bytes.size() / size)}, {}};
  for (std::size_t at = 0; at < x.bytes.size(); at += size) {
    Tensor sample = make_tensor(DType::float32, shape);
    std::memcpy(sample.bytes.data(), x.bytes.data() + at, size);
    const Tensor one = executor.run({std::move(sample)}).at(0);
    if (at == 0) y.shape.insert(y.shape.end(), one.shape.begin(), one.shape.end());
    y.bytes.insert(y.bytes.end(), one.bytes.begin(), one.bytes.end());
  }
  return y;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 4) return 2;
    const std::filesystem::path model = argv[1];
    Diagnostics diagnostics;
    Graph graph = import_model(read_model(model), {model.parent_path(), {}}, diagnostics);
    infer_shapes(graph, diagnostics);
    write_npy(argv[3], run(graph, read_array(argv[2])));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

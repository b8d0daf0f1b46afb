// The float executor against the expected outputs of ONNX's own float node tests, and export against import.
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include <doctest/doctest.h>

#include "import/export.hpp"
#include "import/import.hpp"
#include "import/read.hpp"
#include "import/test_data.hpp"
#include "ir/dump.hpp"
#include "ops/op.hpp"
#include "passes/passes.hpp"
#include "quantize/executor.hpp"

using namespace o2m;
namespace fs = std::filesystem;

namespace {

fs::path source() {
  const char* folder = std::getenv("ONNX2MCU_SOURCE");
  return folder ? folder : "..";
}

Graph read_graph(const fs::path& file) {
  Diagnostics diagnostics;
  Graph graph = import_model(read_model(file), {file.parent_path(), {}}, diagnostics);
  infer_shapes(graph, diagnostics);
  return graph;
}

bool is_float_network(const Graph& graph) {
  for (const auto* ids : {&graph.inputs, &graph.outputs})
    for (const ValueId id : *ids)
      if (graph[id].type != DType::float32) return false;
  return !graph.inputs.empty();
}

/// Largest difference, relative to 1 + |expected|; a NaN differs from what is none.
double difference(const Tensor& y, const Tensor& expected) {
  if (y.type != expected.type || y.count() != expected.count()) return INFINITY;
  double largest = 0;
  for (std::int64_t i = 0; i < y.count(); ++i) {
    const double a = y.real(i), b = expected.real(i);
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    const double d = std::abs(a - b) / (1 + std::abs(b));
    largest = std::isnan(d) ? INFINITY : std::max(largest, d);
  }
  return largest;
}

}  // namespace

TEST_CASE("ONNX's float node tests") {
  const fs::path folder = source() / ".." / "shared" / "onnx-node";
  if (!fs::is_directory(folder)) {
    MESSAGE("skipped: " << folder.string() << " is not there");
    return;
  }
  int run = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    try {
      const Graph graph = read_graph(entry.path() / "model.onnx");
      if (!is_float_network(graph)) continue;
      const Executor executor(graph);
      for (const TestDataSet& set : read_test_data(entry.path())) {
        const auto outputs = executor.run(set.inputs);
        for (std::size_t i = 0; i < outputs.size(); ++i)
          CHECK_MESSAGE(difference(outputs[i], set.outputs[i]) < 1e-4, entry.path().filename().string());
      }
      ++run;
    } catch (const Refused&) {  // not supported: tests/conformance looks after that
    } catch (const Refusal&) {
    }
  }
  MESSAGE(run << " node tests run");
  CHECK(run > 150);
}

TEST_CASE("what is exported is imported as it was") {
  int models = 0;
  for (const auto& entry : fs::recursive_directory_iterator(source() / "examples")) {
    if (entry.path().extension() != ".onnx") continue;
    ++models;
    const Graph graph = read_graph(entry.path());
    const std::string bytes = export_model(graph);
    CHECK(bytes == export_model(graph));
    onnx::ModelProto proto;
    REQUIRE(proto.ParseFromString(bytes));
    Diagnostics diagnostics;
    Graph again = import_model(proto, {}, diagnostics);
    infer_shapes(again, diagnostics);
    CHECK(dump_graph(again) == dump_graph(graph));
    CHECK(export_model(again) == bytes);
  }
  CHECK(models >= 6);
}

TEST_CASE("an exception of the smallest sample comes through") {
  for (int round = 0; round < 20; ++round) {
    try {
      for_each_sample(100, [](std::int64_t i) {
        if (i == 7) refuse("sample {}", i);
      });
      FAIL("nothing was thrown");
    } catch (const Refusal& refusal) {
      CHECK(std::string(refusal.what()) == "sample 7");
    }
  }
}

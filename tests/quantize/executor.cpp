// The float executor against the expected outputs of ONNX's own float node tests, and export against import.
#include "quantize/executor.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "import/export.hpp"
#include "import/import.hpp"
#include "import/read.hpp"
#include "import/test_data.hpp"
#include "ir/dump.hpp"
#include "ops/op.hpp"
#include "passes/passes.hpp"

using namespace o2m;
namespace fs = std::filesystem;

namespace {

fs::path source() {
  const char* folder = std::getenv("ONNX2MCU_SOURCE");
  return folder ? folder : "..";
}

Graph imported(const fs::path& file) {
  Diagnostics diagnostics;
  return import_model(read_model(file), {file.parent_path(), {}}, diagnostics);
}

Graph inferred(Graph graph) {
  Diagnostics diagnostics;
  infer_shapes(graph, diagnostics);
  return graph;
}

/// A node test's shapes and axes are inputs of the model; a network would have them as constants.
void integers_become_constants(Graph& graph, TestDataSet& set) {
  for (std::size_t i = graph.inputs.size(); i-- > 0;) {
    if (i >= set.inputs.size() || set.inputs[i].type != DType::int64) continue;
    graph[graph.inputs[i]].constant = std::make_shared<const Tensor>(set.inputs[i]);
    graph.inputs.erase(graph.inputs.begin() + static_cast<std::ptrdiff_t>(i));
    set.inputs.erase(set.inputs.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  const fs::directory_iterator begin(folder);
  std::vector<fs::path> folders(fs::begin(begin), fs::end(begin));
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += " " + name;
  return text;
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

// A test of ctest's own: exit status 77 is "skipped" there.
TEST_CASE("ONNX's float node tests" * doctest::test_suite("shared") * doctest::skip()) {
  const fs::path folder = source() / ".." / "shared" / "onnx-node";
  if (!fs::is_directory(folder)) {
    std::cout << "skipped: there is no ../shared/onnx-node beside the checkout\n" << std::flush;
    std::_Exit(77);
  }
  std::vector<std::string> run, refused;
  for (const fs::path& test : folders_in(folder)) {
    const std::string name = test.filename().string();
    try {
      for (TestDataSet& set : read_test_data(test)) {
        Graph graph = imported(test / "model.onnx");
        integers_become_constants(graph, set);
        graph = inferred(std::move(graph));
        if (!is_float_network(graph)) continue;
        const auto outputs = Executor(graph).run(set.inputs);
        for (std::size_t i = 0; i < outputs.size(); ++i)
          CHECK_MESSAGE(difference(outputs[i], set.outputs[i]) < 1e-4, name);
        run.push_back(name);
      }
    } catch (const Refused&) {  // not supported: tests/conformance looks after that
      refused.push_back(name);
    } catch (const Refusal&) {
      refused.push_back(name);
    }
  }
  MESSAGE(run.size() << " data sets of node tests run:" << listed(run));
  MESSAGE(refused.size() << " refused by import, shape inference or the executor:" << listed(refused));
  CHECK(run.size() > 250);
}

TEST_CASE("what is exported is imported as it was") {
  int models = 0;
  for (const auto& entry : fs::recursive_directory_iterator(source() / "examples")) {
    if (entry.path().extension() != ".onnx") continue;
    ++models;
    const Graph graph = inferred(imported(entry.path()));
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

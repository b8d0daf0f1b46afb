#include "import/topological_order.hpp"

#include <string>
#include <unordered_map>

namespace o2m {
namespace {

/// Names that a node reads, itself or in its subgraphs.
std::vector<std::string> all_inputs(const onnx::NodeProto& proto) {
  std::vector<std::string> names(proto.input().begin(), proto.input().end());
  for (const auto& attribute : proto.attribute()) {
    for (const auto& inner : attribute.g().node())
      for (std::string& name : all_inputs(inner)) names.push_back(std::move(name));
    for (const auto& output : attribute.g().output()) names.push_back(output.name());
  }
  return names;
}

}  // namespace

std::vector<int> topological_order(const onnx::GraphProto& graph) {
  std::unordered_map<std::string, int> makers;
  for (int at = 0; at < graph.node_size(); ++at)
    for (const auto& output : graph.node(at).output()) makers.emplace(output, at);
  std::vector<int> order, waiting;
  std::vector<bool> seen(static_cast<std::size_t>(graph.node_size()), false), done = seen;
  for (int first = 0; first < graph.node_size(); ++first) {
    waiting.push_back(first);
    while (!waiting.empty()) {
      const int at = waiting.back();
      const auto n = static_cast<std::size_t>(at);
      if (!seen[n]) {
        seen[n] = true;
        for (const std::string& input : all_inputs(graph.node(at))) {
          const auto maker = makers.find(input);
          if (maker != makers.end() && !seen[static_cast<std::size_t>(maker->second)])
            waiting.push_back(maker->second);
        }
        continue;
      }
      waiting.pop_back();
      if (!done[n]) order.push_back(at);
      done[n] = true;
    }
  }
  return order;
}

}  // namespace o2m

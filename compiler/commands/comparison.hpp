// What validate and device validate have in common: sample files by name, comparisons as text and JSON, predictions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "host/compare.hpp"
#include "samples/samples.hpp"

namespace o2m {

std::vector<NamedFile> named_files(const std::vector<std::string>& arguments, const std::vector<Port>& ports);

/// "output "logits": 100 elements, 100 identical" and what differs.
void print(const Port& port, const Comparison& comparison);
nlohmann::json to_json(const Port& port, const Comparison& comparison);

/// Samples whose largest output (the first of equals) is the label.
std::int64_t correct_predictions(const Tensor& output, const Tensor& labels);

/// Compares and prints (or collects as JSON) what a network computed. `outputs` and `expected` are in port order, the
/// latter possibly empty. False if something differs.
bool report_results(const std::vector<Port>& ports, const std::vector<Tensor>& outputs, const Samples& expected, const Tolerance& tolerance,
                    const std::optional<Tensor>& labels, bool json, nlohmann::json& summary);

}  // namespace o2m

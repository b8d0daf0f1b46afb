// What the commands that run a network have in common: sample files by name, comparisons as text and JSON,
// predictions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/compare.hpp"
#include "samples/samples.hpp"

namespace o2m {

std::vector<NamedFile> named_files(const std::vector<std::string>& arguments, const std::vector<Port>& ports);

/// A line: kind, name, type, shape, layout, quantization.
void print_port(const char* kind, const Port& port);

/// Writes the files that --output names. `outputs` are in port order.
/// @throws Refusal if a file names no output
void write_outputs(const std::vector<NamedFile>& files, const std::vector<Port>& ports,
                   const std::vector<Tensor>& outputs);

/// Index of the port that the file is for: by its name, or the only port if it has none.
std::size_t output_of(const NamedFile& file, const std::vector<Port>& ports);

/// "output "logits": 100 elements, 100 identical" and what differs.
void print(const Port& port, const Comparison& comparison);
nlohmann::json to_json(const Port& port, const Comparison& comparison);

/// Index of the largest (the first of equals) of the `classes` values from element `first`.
std::int64_t predicted_class(const Tensor& output, std::int64_t first, std::int64_t classes);

/// Samples whose largest output (the first of equals) is the label.
std::int64_t correct_predictions(const Tensor& output, const Tensor& labels);

/// Compares and prints (or collects as JSON) what a network computed. `outputs` and `expected` are in port
/// order, the latter possibly empty. False if something differs.
bool report_results(const std::vector<Port>& ports, const std::vector<Tensor>& outputs,
                    const Samples& expected, const Tolerance& tolerance, const std::optional<Tensor>& labels,
                    bool json, nlohmann::json& summary);

}  // namespace o2m

#include "tune/tuning_file.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "firmware/sha256.hpp"
#include "version.hpp"

namespace o2m {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) refuse("cannot read {}", path.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

CodeForms forms_of(const nlohmann::json& json) {
  CodeForms forms;
  for (const auto& [layer, choice] : json.at("layers").items()) {
    const int unroll = choice.at("unroll").get<int>();
    if (unroll != all_steps && unroll != 8 && unroll != 4 && unroll != 2 && unroll != 1)
      throw std::runtime_error("unroll");
    forms.layers[layer] = {choice.at("blocked").get<bool>(), unroll};
  }
  return forms;
}

}  // namespace

fs::path default_tuning_file(const CompileOptions& options) {
  fs::path path = options.model;
  return path.replace_extension("." + std::string(options.target->name) + ".tuning.json");
}

std::string tuning_text(const CompileOptions& options, const Tuning& tuning) {
  nlohmann::ordered_json json{{"onnx2mcu", version},
                              {"target", options.target->name},
                              {"model_sha256", sha256(text_of(options.model))}};
  json["layers"] = nlohmann::ordered_json::object();
  for (const auto& [layer, tuned] : tuning)
    json["layers"][layer] = {
        {"blocked", tuned.form.blocked}, {"unroll", tuned.form.unroll}, {"cycles", tuned.cycles}};
  return json.dump(2) + "\n";
}

std::optional<CodeForms> read_tuning(const CompileOptions& options) {
  const bool asked = !options.tuning.empty();
  const fs::path path = asked ? options.tuning : default_tuning_file(options);
  if (!asked && !fs::exists(path)) return std::nullopt;
  const std::string text = text_of(path);
  try {
    const auto json = nlohmann::json::parse(text);
    const bool same = json.at("target") == options.target->name &&
                      json.at("model_sha256") == sha256(text_of(options.model));
    if (same) return forms_of(json);
  } catch (const std::exception&) {
    refuse("{} is no file that `onnx2mcu tune` wrote", path.string());
  }
  if (asked) refuse("{} was made for another model or target", path.string());
  return std::nullopt;
}

}  // namespace o2m

#include <cstdlib>

#include "cost/work.hpp"

namespace o2m {
namespace {

/// "{4, 16}" with the first number times `factor`; a single number likewise.
std::string scaled(const std::string& value, std::int64_t factor) {
  const std::size_t digits = value.starts_with("{") ? 1 : 0;
  const std::size_t end = std::min(value.find_first_not_of("0123456789", digits), value.size());
  return value.substr(0, digits) + std::to_string(std::atoll(value.c_str() + digits) * factor) +
         value.substr(end);
}

/// The stage's layer as it would be if it made its whole output at once.
Call whole_layer(const Stage& stage) {
  Call layer = stage.layer;
  if (stage.kind != StageKind::row) layer.kernel.erase(layer.kernel.rfind('_'));  // "_stage", "_part"
  for (Param& p : layer.params)
    if (stage.kind == StageKind::row && (p.name == "size" || p.name == "size[]"))
      p.value = scaled(p.value, stage.out_h);
  return layer;
}

}  // namespace

WholeLayers whole_layers(const Program& program, const Call& stream) {
  WholeLayers whole;
  whole.program.buffers = program.buffers;
  whole.program.constants = program.constants;
  for (const StreamValue& value : stream.values)
    whole.program[value.buffer].shape = {value.height, value.pitch};
  for (const Stage& stage : stream.stages) {
    whole.layers.push_back(whole_layer(stage));
    whole.rows += stage.kind == StageKind::fold ? stage.out_h * stage.k_h : stage.out_h;
  }
  return whole;
}

}  // namespace o2m

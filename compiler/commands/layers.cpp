#include "commands/layers.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "diagnostics.hpp"
#include "host/compare.hpp"
#include "samples/npy.hpp"

namespace o2m {
namespace {

struct Reference {
  std::string name;
  Tensor data;  ///< (N, …)
};

std::vector<Reference> read_references(const std::filesystem::path& folder) {
  std::ifstream in(folder / "index.json");
  if (!in) refuse("--layers: cannot read {}", (folder / "index.json").string());
  std::vector<Reference> references;
  try {
    for (const auto& entry : nlohmann::json::parse(in))
      references.push_back(
          {entry.at("name").get<std::string>(), read_npy(folder / entry.at("file").get<std::string>())});
  } catch (const nlohmann::json::exception& error) {
    refuse("--layers: index.json: {}", error.what());
  }
  return references;
}

/// Dimensions that matter, without the sample axis.
Shape significant(const Shape& shape, std::size_t skip) {
  Shape out;
  for (std::size_t i = skip; i < shape.size(); ++i)
    if (shape[i] != 1) out.push_back(shape[i]);
  return out;
}

/// The reference as our layer stores it: as it is, or its channels moved last ([c, …] -> […, c]). Null:
/// another tensor.
std::optional<Tensor> as_stored(const Tensor& reference, const TracedTensor& ours) {
  const Shape theirs = significant(reference.shape, 1), stored = significant(ours.shape, 0);
  if (reference.type != ours.type) return std::nullopt;
  if (theirs == stored) return reference;
  Shape rotated = theirs;
  if (rotated.size() < 2) return std::nullopt;
  std::rotate(rotated.begin(), rotated.begin() + 1, rotated.end());
  if (rotated != stored) return std::nullopt;
  Tensor out = make_tensor(reference.type, reference.shape);
  const std::int64_t c = theirs[0], area = element_count(theirs) / c, n = out.count() / (c * area);
  const auto item = static_cast<std::size_t>(size_of(out.type));
  for (std::int64_t i = 0; i < n * c * area; ++i) {
    const std::int64_t sample = i / (c * area), channel = i / area % c, place = i % area;
    std::memcpy(out.bytes.data() + static_cast<std::size_t>((sample * area + place) * c + channel) * item,
                reference.bytes.data() + static_cast<std::size_t>(i) * item, item);
  }
  return out;
}

/// By name, else the next recorded tensor after `from` of the same type and dimensions (optimizers rename
/// tensors).
int find(const std::vector<Reference>& references, const TracedTensor& ours, int from) {
  for (std::size_t i = 0; i < references.size(); ++i)
    if (references[i].name == ours.tensor && as_stored(references[i].data, ours)) return static_cast<int>(i);
  for (std::size_t i = static_cast<std::size_t>(from); i < references.size(); ++i)
    if (as_stored(references[i].data, ours)) return static_cast<int>(i);
  return -1;
}

}  // namespace

bool compare_layers(const Program& program, const HostResult& result, const std::filesystem::path& folder,
                    std::int64_t samples) {
  const std::vector<Reference> references = read_references(folder);
  int next = 0, compared = 0, passed_over = 0;
  for (const TracedTensor& ours : result.trace) {
    const int r = find(references, ours, next);
    if (r < 0) {
      ++passed_over;
      continue;
    }
    next = r + 1;
    ++compared;
    Shape shape{samples};
    shape.insert(shape.end(), ours.shape.begin(), ours.shape.end());
    const Comparison c = compare({ours.type, shape, ours.data},
                                 *as_stored(references[static_cast<std::size_t>(r)].data, ours), {});
    if (!c.first_difference) continue;
    const std::int64_t size = element_count(ours.shape);
    fmt::print(
        "layers: first difference in \"{}\", {}: {} of {} elements differ, first in sample {} at element "
        "{}\n",
        printable(ours.tensor), program.calls[static_cast<std::size_t>(ours.call)].origin,
        c.elements - c.identical, c.elements, *c.first_difference / size, *c.first_difference % size);
    return false;
  }
  fmt::print("layers: {} tensors identical, {} without a recorded counterpart\n", compared, passed_over);
  return true;
}

}  // namespace o2m

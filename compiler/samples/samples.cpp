#include "samples/samples.hpp"

#include <algorithm>

#include <fmt/ranges.h>

#include "diagnostics.hpp"
#include "samples/npy.hpp"

namespace o2m {
namespace {

std::string known(const std::vector<Port>& ports, const char* what) {
  if (ports.empty()) return fmt::format("no {}", what);
  std::vector<std::string> names;
  for (const Port& p : ports) names.push_back("\"" + printable(p.name) + "\"");
  return fmt::format("{}s named {}", what, fmt::join(names, ", "));
}

/// Number of samples in `array` for `port`, or -1 if the shape does not fit.
std::int64_t samples_in(const Tensor& array, const Port& port) {
  const Shape& have = array.shape;
  if (have.empty()) return -1;
  const auto matches = [&](std::size_t skip) {
    return std::equal(have.begin() + 1, have.end(), port.shape.begin() + static_cast<std::ptrdiff_t>(skip), port.shape.end());
  };
  if (matches(0)) return have[0];
  if (!port.shape.empty() && port.shape[0] == 1 && matches(1)) return have[0];
  return -1;
}

}  // namespace

NamedFile parse_named_file(const std::string& argument, const std::vector<std::string>& known_names) {
  for (const std::string& name : known_names)  // a name may itself hold '='
    if (argument.size() > name.size() && argument.compare(0, name.size(), name) == 0 && argument[name.size()] == '=')
      return {name, argument.substr(name.size() + 1)};
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos || std::filesystem::exists(argument)) return {"", argument};
  return {argument.substr(0, equals), argument.substr(equals + 1)};
}

Samples read_samples(const std::vector<Port>& ports, const std::vector<NamedFile>& files, const char* what) {
  Samples samples;
  if (ports.empty()) samples.count = 1;  // a network of constants still has an output
  if (ports.size() == 1 && files.empty()) refuse("no {} file is given", what);
  for (const NamedFile& file : files) {
    const bool named = std::any_of(ports.begin(), ports.end(), [&](const Port& p) { return p.name == file.name; });
    if (file.name.empty() ? ports.size() != 1 : !named)
      refuse("{} \"{}\": the network has {}", what, file.name.empty() ? file.path.string() : printable(file.name), known(ports, what));
    if (std::count_if(files.begin(), files.end(), [&](const NamedFile& f) { return f.name == file.name; }) > 1)
      refuse("{} \"{}\" is given more than one file", what, file.name.empty() ? printable(ports[0].name) : printable(file.name));
  }
  for (const Port& port : ports) {
    const auto it = std::find_if(files.begin(), files.end(), [&](const NamedFile& f) { return f.name == port.name || f.name.empty(); });
    if (it == files.end()) refuse("no file is given for {} \"{}\"", what, printable(port.name));
    Tensor array = read_npy(it->path);
    if (array.type != port.type)
      refuse("{} holds {}, {} \"{}\" is {}", it->path.string(), to_string(array.type), what, printable(port.name), to_string(port.type));
    const std::int64_t count = samples_in(array, port);
    if (count < 0)
      refuse("{} has shape {}, {} \"{}\" needs (N, …) with samples of shape {}", it->path.string(), to_string(array.shape), what,
             printable(port.name), to_string(port.shape));
    if (count == 0) refuse("{} holds no samples", it->path.string());
    if (!samples.arrays.empty() && count != samples.count)
      refuse("{} holds {} samples, the files before it {}", it->path.string(), count, samples.count);
    samples.count = count;
    samples.arrays.push_back(std::move(array));
  }
  return samples;
}

std::int64_t sample_bytes(const Port& port) { return element_count(port.shape) * size_of(port.type); }

}  // namespace o2m

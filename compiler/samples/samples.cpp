#include "samples/samples.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "diagnostics.hpp"
#include "samples/images.hpp"
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
    return std::equal(have.begin() + 1, have.end(), port.shape.begin() + static_cast<std::ptrdiff_t>(skip),
                      port.shape.end());
  };
  if (matches(0)) return have[0];
  if (!port.shape.empty() && port.shape[0] == 1 && matches(1)) return have[0];
  return -1;
}

struct Array {
  Tensor values;
  bool image = false;  ///< of bytes that are pixels: IDX or images, not .npy
};

Array read_any(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path) || is_image(path)) return {read_images(path), true};
  const std::string bytes = read_file(path);
  try {
    if (auto idx = parse_idx(bytes)) return {std::move(*idx), true};
    return {parse_npy(bytes), false};
  } catch (const Refusal& refusal) {
    refuse("{}: {}", path.string(), refusal.what());
  }
}

/// [N, …] of images as (N, *port shape): dimensions of 1 do not count, and a grey image fits any shape of its
/// size. Three-channel images are turned to NHWC where the port is. False if the shape does not fit.
bool fit_image(Tensor& a, const Port& port) {
  const auto squeezed = [](Shape shape) {
    std::erase(shape, 1);
    return shape;
  };
  const std::int64_t n = a.shape[0], size = n == 0 ? 0 : a.count() / n;
  const bool color = a.shape.size() == 4 && a.shape[1] == 3;
  if (size != element_count(port.shape)) return false;
  if (color && port.layout == "NHWC") {
    const Tensor planar = a;
    const auto area = static_cast<std::size_t>(size / 3);
    for (std::size_t i = 0; i < a.bytes.size(); ++i) {
      const std::size_t image = i / (3 * area), at = i % (3 * area);
      a.bytes[i] = planar.bytes[image * 3 * area + at % 3 * area + at / 3];
    }
  } else if (color && squeezed(port.shape) != squeezed({a.shape.begin() + 1, a.shape.end()})) {
    return false;
  }
  a.shape = port.shape;
  a.shape.insert(a.shape.begin(), n);
  return true;
}

/// Channel of each element of one sample: dimension 1, or the last of an NHWC port.
std::size_t channel_at(const Port& port, std::size_t i) {
  if (port.shape.size() < 3) return 0;
  if (port.layout == "NHWC") return i % static_cast<std::size_t>(port.shape.back());
  const auto area = static_cast<std::size_t>(element_count({port.shape.begin() + 2, port.shape.end()}));
  return i / area % static_cast<std::size_t>(port.shape[1]);
}

/// Bytes to elements of the port's type.
Tensor mapped(const Tensor& bytes, const Port& port, const PixelMap& pixels, bool image) {
  if (port.type != DType::float32 && !is_8bit(port.type))
    refuse("bytes do not fit {} \"{}\"", to_string(port.type), printable(port.name));
  if (is_8bit(port.type) && pixels.given() && !port.quantization)
    refuse("--mean, --std and --scale are given, but the scale of \"{}\" is not known", printable(port.name));
  Tensor t = make_tensor(port.type, bytes.shape);
  const auto size = static_cast<std::size_t>(element_count(port.shape));
  for (std::size_t i = 0; i < bytes.as<std::uint8_t>().size(); ++i) {
    const std::uint8_t byte = bytes.as<std::uint8_t>()[i];
    const float v = pixels(byte, channel_at(port, i % size));
    if (port.type == DType::float32) {
      t.as<float>()[i] = v;
    } else if (pixels.given()) {
      const auto [scale, zero_point] = *port.quantization;
      const auto q = std::nearbyint(v / scale) + static_cast<float>(zero_point);
      t.bytes[i] = static_cast<std::byte>(static_cast<int>(
          std::clamp(q, static_cast<float>(min_of(port.type)), static_cast<float>(max_of(port.type)))));
    } else {
      t.bytes[i] = static_cast<std::byte>(image && port.type == DType::int8 ? byte - 128 : byte);
    }
  }
  return t;
}

/// `count` samples spread evenly.
Tensor spread(const Tensor& all, std::int64_t count) {
  Tensor some{all.type, all.shape, {}};
  some.shape[0] = count;
  const auto bytes = static_cast<std::ptrdiff_t>(all.bytes.size()) / all.shape[0];
  for (std::int64_t i = 0; i < count; ++i) {
    const auto first = all.bytes.begin() + i * all.shape[0] / count * bytes;
    some.bytes.insert(some.bytes.end(), first, first + bytes);
  }
  return some;
}

struct PortSamples {
  Tensor array;              ///< of the port's type
  std::int64_t in_file = 0;  ///< samples in the file
  bool from_bytes = false;
};

PortSamples samples_for(const Port& port, const std::filesystem::path& path, const char* what,
                        const PixelMap& pixels, std::int64_t at_most) {
  Array array = read_any(path);
  const bool bytes =
      array.values.type == DType::uint8 && (array.image || (pixels.given() && port.type != DType::uint8));
  if (!bytes && array.values.type != port.type)
    refuse("{} holds {}, {} \"{}\" is {}", path.string(), to_string(array.values.type), what,
           printable(port.name), to_string(port.type));
  if ((array.image && !fit_image(array.values, port)) || samples_in(array.values, port) < 0)
    refuse("{} has shape {}, {} \"{}\" needs (N, …) with samples of shape {}", path.string(),
           to_string(array.values.shape), what, printable(port.name), to_string(port.shape));
  const std::int64_t in_file = array.values.shape[0];
  if (in_file == 0) refuse("{} holds no samples", path.string());
  if (at_most > 0 && at_most < in_file) array.values = spread(array.values, at_most);
  return {bytes ? mapped(array.values, port, pixels, array.image) : std::move(array.values), in_file, bytes};
}

}  // namespace

float PixelMap::operator()(float byte, std::size_t channel) const {
  const auto pick = [&](const std::vector<float>& v, float fallback) {
    return v.empty() ? fallback : v[v.size() == 1 ? 0 : channel];
  };
  return (byte * scale - pick(mean, 0)) / pick(std, 1);
}

Tensor read_array(const std::filesystem::path& path) { return read_any(path).values; }

NamedFile parse_named_file(const std::string& argument, const std::vector<std::string>& known_names) {
  for (const std::string& name : known_names)  // a name may itself hold '='
    if (argument.size() > name.size() && argument.compare(0, name.size(), name) == 0 &&
        argument[name.size()] == '=')
      return {name, argument.substr(name.size() + 1)};
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos || std::filesystem::exists(argument)) return {"", argument};
  return {argument.substr(0, equals), argument.substr(equals + 1)};
}

Samples read_samples(const std::vector<Port>& ports, const std::vector<NamedFile>& files, const char* what,
                     const PixelMap& pixels, std::int64_t at_most) {
  Samples samples;
  std::int64_t in_file = 0;
  if (ports.empty()) samples.count = 1;  // a network of constants still has an output
  if (ports.size() == 1 && files.empty()) refuse("no {} file is given", what);
  for (const NamedFile& file : files) {
    const bool named =
        std::any_of(ports.begin(), ports.end(), [&](const Port& p) { return p.name == file.name; });
    if (file.name.empty() ? ports.size() != 1 : !named)
      refuse("{} \"{}\": the network has {}", what,
             file.name.empty() ? file.path.string() : printable(file.name), known(ports, what));
    if (std::count_if(files.begin(), files.end(), [&](const NamedFile& f) { return f.name == file.name; }) >
        1)
      refuse("{} \"{}\" is given more than one file", what,
             file.name.empty() ? printable(ports[0].name) : printable(file.name));
  }
  for (const Port& port : ports) {
    const std::size_t channels =
        port.shape.size() < 3
            ? 1
            : static_cast<std::size_t>(port.layout == "NHWC" ? port.shape.back() : port.shape[1]);
    for (const auto* values : {&pixels.mean, &pixels.std})
      if (values->size() > 1 && values->size() != channels)
        refuse("--mean and --std have {} values, {} \"{}\" has {} channels", values->size(), what,
               printable(port.name), channels);
    const auto it = std::find_if(files.begin(), files.end(),
                                 [&](const NamedFile& f) { return f.name == port.name || f.name.empty(); });
    if (it == files.end()) refuse("no file is given for {} \"{}\"", what, printable(port.name));
    PortSamples found = samples_for(port, it->path, what, pixels, at_most);
    if (!samples.arrays.empty() && found.in_file != in_file)
      refuse("{} holds {} samples, the files before it {}", it->path.string(), found.in_file, in_file);
    in_file = found.in_file;
    samples.count = found.array.shape[0];
    samples.arrays.push_back(std::move(found.array));
    samples.from_bytes.push_back(found.from_bytes);
  }
  if (pixels.given() &&
      std::none_of(samples.from_bytes.begin(), samples.from_bytes.end(), [](bool b) { return b; }))
    refuse("--mean, --std and --scale are for bytes, but no {} file holds pixels", what);
  return samples;
}

Samples part(const Samples& all, std::int64_t first, std::int64_t count) {
  if (first < 0 || first >= all.count) refuse("--first {}: there are {} samples", first, all.count);
  const std::int64_t n = count > 0 ? std::min(count, all.count - first) : all.count - first;
  Samples out{n, {}, all.from_bytes};
  for (const Tensor& t : all.arrays) {
    Shape shape = t.shape;
    shape[0] = n;
    const auto size = static_cast<std::ptrdiff_t>(t.bytes.size()) / all.count;
    out.arrays.push_back(
        {t.type, shape, {t.bytes.begin() + first * size, t.bytes.begin() + (first + n) * size}});
  }
  return out;
}

std::int64_t sample_bytes(const Port& port) { return element_count(port.shape) * size_of(port.type); }

}  // namespace o2m

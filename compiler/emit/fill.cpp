#include "emit/fill.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "emit/embedded.hpp"

namespace o2m {

std::string_view embedded_file(std::string_view path) {
  const auto files = embedded_files();
  const auto it =
      std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& f) { return f.path == path; });
  if (it == files.end()) throw std::logic_error("no embedded file " + std::string(path));
  return it->text;
}

std::string fill(std::string_view file, const Fields& fields) {
  const std::string_view text = embedded_file("templates/" + std::string(file));
  std::string out;
  std::set<std::string_view> used;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find('@', at);
    out += text.substr(at, open - at);
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find('@', open + 1);
    const std::string_view name = text.substr(open + 1, close - open - 1);
    const auto field = fields.find(name);
    if (field == fields.end()) throw std::logic_error(std::string(file) + ": no field " + std::string(name));
    out += field->second;
    used.insert(field->first);
    at = close + 1;
  }
  for (const auto& [name, value] : fields)
    if (!used.count(name)) throw std::logic_error(std::string(file) + ": field " + name + " is not used");
  return out;
}

}  // namespace o2m

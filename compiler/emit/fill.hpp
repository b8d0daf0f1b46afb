// Template files with @name@ placeholders. An unknown or an unused name is a fault of the compiler and
// throws.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace o2m {

using Fields = std::map<std::string, std::string, std::less<>>;

/// Replaces every @name@ of the embedded file templates/`file` by fields[name].
std::string fill(std::string_view file, const Fields& fields);

}  // namespace o2m

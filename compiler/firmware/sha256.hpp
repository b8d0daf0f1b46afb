// SHA-256 (FIPS 180-4): the hash by which a firmware says which model it holds; the same as sha256sum prints.
#pragma once

#include <string>
#include <string_view>

namespace o2m {

/// 64 hexadecimal digits.
std::string sha256(std::string_view bytes);

}  // namespace o2m

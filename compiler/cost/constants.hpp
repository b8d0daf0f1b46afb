// The constants of a layer struct, as the counting of work reads them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "cost/work.hpp"

namespace o2m {

/// The constants of a layer struct.
struct Constants {
  const Call& call;

  const Param* find(std::string_view name) const {
    const auto it =
        std::find_if(call.params.begin(), call.params.end(), [&](const Param& p) { return p.name == name; });
    return it == call.params.end() ? nullptr : &*it;
  }
  std::int64_t operator()(std::string_view name, std::int64_t otherwise = 1) const {
    const Param* p = find(name);
    return !p ? otherwise : p->value == "true" ? 1 : p->value == "false" ? 0 : std::atoll(p->value.c_str());
  }
  /// "affine" of onnx2mcu::Requantize::affine; "guarded" where the kernel has but one form.
  std::string form() const {
    const Param* p = find("form");
    return p ? p->value.substr(p->value.rfind(':') + 1) : find("guard") ? "guarded" : "plain";
  }
  /// Terms computed again in float, an output.
  double again(double terms) const {
    return find("guard") ? terms * std::min(1.0, std::ldexp(2.0 * static_cast<double>((*this)("guard")),
                                                            -static_cast<int>((*this)("fraction"))))
                         : 0;
  }
};

inline double real(std::int64_t value) { return static_cast<double>(value); }

}  // namespace o2m

// What a layer has to do, in the quantities that its cost is a sum of: steps of inner loops, blocks, outputs,
// cells gathered. Independent of the chip; bench/cost.py fits what each quantity costs there.
#pragma once

#include <map>
#include <string>

#include "program/program.hpp"

namespace o2m {

struct Work {
  std::string key;                        ///< kernel and variant: layers with the same quantities
  std::map<std::string, double> amounts;  ///< what cycles depend on
  std::map<std::string, double> parts;    ///< what the bytes of code depend on
};

Work work_of(const Program& program, const Call& call);

}  // namespace o2m

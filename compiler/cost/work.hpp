// What a layer has to do, in the quantities that its cost is a sum of: steps of inner loops, blocks, outputs,
// cells gathered. Independent of the chip; bench/cost.py fits what each quantity costs there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "program/program.hpp"

namespace o2m {

struct Work {
  std::string key;                        ///< kernel and variant: layers with the same quantities
  std::map<std::string, double> amounts;  ///< what cycles depend on
  std::map<std::string, double> parts;    ///< what the bytes of code depend on
};

/// Of a call that is no stream.
Work work_of(const Program& program, const Call& call);

/// The layers of a stream, each as if it ran alone over whole tensors: the same work, in other pieces.
struct WholeLayers {
  Program program;  ///< buffers and constants, the buffers in the shapes that these layers know
  std::vector<Call> layers;
  std::int64_t rows = 0;  ///< calls of them all
};
WholeLayers whole_layers(const Program& program, const Call& stream);

}  // namespace o2m

// Which kernels can work row by row, and what of a call changes then. Kernels not named in row_form.cpp only
// know whole tensors.
#pragma once

#include <optional>

#include "program/program.hpp"

namespace o2m {

/// How a stage sees one of its operands or its output: `height` rows, `pitch` elements apart.
struct RowShape {
  std::int64_t height = 0, pitch = 0;
};

struct RowForm {
  Stage stage;                   ///< all but reads and pulls; layer.scratch is empty: see scratch_type
  std::vector<RowShape> inputs;  ///< of the buffers that the layer reads, in order
  RowShape output;
  bool needs_given_input = false;  ///< reads planes, not rows: only from a whole image
  DType scratch_type = DType::undefined;
  std::int64_t scratch_elements = 0;
};

/// The call as a stage, or nothing. `height`: rows of its inputs where the kernel does not care (0: as their
/// shape says). `small`: with the smallest patch, for kernels that have patches.
std::optional<RowForm> row_form(const Program& program, const Call& call, std::int64_t height = 0,
                                bool small = false);

/// Whether the kernel makes y[i] from x[i] alone, for i = 0, 1, ….
bool is_elementwise(const Call& call);

}  // namespace o2m

#include "passes/passes.hpp"
namespace o2m {
void fuse(Graph&, Diagnostics&) {}
}

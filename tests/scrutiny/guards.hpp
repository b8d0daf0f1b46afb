// Watches a network's arena: red zones before and behind it, and garbage in every byte that no live buffer
// covers, new at the end of each layer. A layer that reads a dead byte computes nonsense, which the
// comparison of the outputs sees; one that writes a dead byte or a red zone is counted. Included before the
// network's header, in place of layer_ends.hpp.
#ifndef ONNX2MCU_TEST_GUARDS_HPP
#define ONNX2MCU_TEST_GUARDS_HPP

#include <cstddef>
#include <cstdint>

namespace guards {

/// A buffer of the plan, as `inspect --json` lists it: alive in steps [lower, upper); layer i is step i + 1.
struct Live {
  std::size_t offset, bytes;
  int lower, upper;
};
extern const Live live[];
extern const std::size_t live_count;

inline constexpr std::size_t zone = 64;

template <class Model>
struct Guarded {
  alignas(16) unsigned char before[zone];
  Model model;
  unsigned char after[zone];
};

inline unsigned char* arena;
inline std::size_t arena_bytes;
inline std::uint32_t faults;

inline unsigned char garbage(std::size_t i, int step) {
  return static_cast<unsigned char>(i * 37 + static_cast<unsigned>(step) * 101 + 0x5A);
}

/// Is byte i part of a buffer that has begun by step `begun` and is alive in step `step`?
inline bool alive(std::size_t i, int begun, int step) {
  for (std::size_t b = 0; b < live_count; ++b)
    if (live[b].lower <= begun && step < live[b].upper && i >= live[b].offset &&
        i - live[b].offset < live[b].bytes)
      return true;
  return false;
}

/// Garbage for step `step`, in whatever no buffer keeps from the steps before.
inline void fill(int step) {
  for (std::size_t i = 0; i < arena_bytes; ++i)
    if (!alive(i, step - 1, step)) arena[i] = garbage(i, step);
}

inline void layer_end(int layer) {
  for (std::size_t i = 0; i < arena_bytes; ++i)
    if (!alive(i, layer + 1, layer + 1) && arena[i] != garbage(i, layer + 1)) ++faults;
  fill(layer + 2);
}

template <class Model>
void begin(Guarded<Model>& g) {
  arena = reinterpret_cast<unsigned char*>(&g.model);
  arena_bytes = sizeof g.model;
  faults = 0;
  for (std::size_t i = 0; i < zone; ++i) g.before[i] = g.after[i] = garbage(i, -1);
  fill(1);
}

/// Bytes written that must not be.
template <class Model>
std::uint32_t finish(const Guarded<Model>& g) {
  for (std::size_t i = 0; i < zone; ++i)
    faults += (g.before[i] != garbage(i, -1)) + (g.after[i] != garbage(i, -1));
  return faults;
}

}  // namespace guards

#define ONNX2MCU_LAYER_END(layer) guards::layer_end(layer)

#endif

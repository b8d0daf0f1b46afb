// What every generated file and every kernel uses: attributes, the View type, and small integer helpers.
// C++17, freestanding: no heap, no exceptions, no RTTI, no iostream, no static constructors.
#ifndef ONNX2MCU_CORE_HPP
#define ONNX2MCU_CORE_HPP

#include <cstddef>
#include <cstdint>

/// Kernels are templates that dissolve into the layer function that calls them.
#if defined(__GNUC__)
#define ONNX2MCU_INLINE inline __attribute__((always_inline))
#else
#define ONNX2MCU_INLINE inline
#endif

/// A lambda that dissolves before the compiler decides which accumulators live in registers.
#if defined(__GNUC__)
#define ONNX2MCU_INLINE_LAMBDA __attribute__((always_inline))
#else
#define ONNX2MCU_INLINE_LAMBDA
#endif

/// What is rarely executed.
#if defined(__GNUC__)
#define ONNX2MCU_OUT_OF_LINE __attribute__((noinline))
#else
#define ONNX2MCU_OUT_OF_LINE
#endif

/// Every layer function carries this; a firmware may define it first to move the layers into another section,
/// e.g. -D'ONNX2MCU_LAYER=__attribute__((noinline, section(".itcm")))'.
#ifndef ONNX2MCU_LAYER
#if defined(__GNUC__)
#define ONNX2MCU_LAYER __attribute__((noinline))
#else
#define ONNX2MCU_LAYER
#endif
#endif

/// Every weight array carries this; a firmware may define it first to place the weights, e.g. in external
/// flash.
#ifndef ONNX2MCU_WEIGHTS
#define ONNX2MCU_WEIGHTS
#endif

/// Instead, weights for which --optimize time wants the memory closest to the core.
#ifndef ONNX2MCU_HOT_WEIGHTS
#define ONNX2MCU_HOT_WEIGHTS ONNX2MCU_WEIGHTS
#endif

/// Stands behind every layer of a firmware's network; a firmware may define it first to measure, e.g. to note
/// the time.
#ifndef ONNX2MCU_LAYER_END
#define ONNX2MCU_LAYER_END(layer) static_cast<void>(0)
#endif

namespace onnx2mcu {

/// A fixed number of elements somewhere in memory: network inputs and outputs.
template <class T, std::size_t N>
class View {
 public:
  using value_type = T;
  constexpr explicit View(T* first) noexcept : first_(first) {}
  constexpr T* data() const noexcept { return first_; }
  static constexpr std::size_t size() noexcept { return N; }
  constexpr T& operator[](std::size_t i) const noexcept { return first_[i]; }
  constexpr T* begin() const noexcept { return first_; }
  constexpr T* end() const noexcept { return first_ + N; }

 private:
  T* first_;
};

/// The view of a network's Input<I>, QuantizedInput<I>, Output<I> or State<I>.
template <class Port>
using PortView = View<typename Port::value_type, Port::size>;

/// Zero in every element.
template <class T, std::size_t N>
void clear(View<T, N> view) noexcept {
  for (T& element : view) element = T{};
}

constexpr std::int32_t clamp(std::int32_t v, std::int32_t lo, std::int32_t hi) {
  return v < lo ? lo : v > hi ? hi : v;
}

/// Number of elements of a constant array member.
template <class T, std::size_t N>
constexpr std::size_t array_size(const T (&)[N]) {
  return N;
}

}  // namespace onnx2mcu

#endif

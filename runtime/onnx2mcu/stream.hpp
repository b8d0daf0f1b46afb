// Streams: a chain of layers that hands on rows instead of whole images. A row is computed when a later layer
// needs it, once, and stays in a ring of as many rows as the chain ever needs at the same time (the compiler
// counts them by running through the chain). Everything here is known to the C++ compiler; what is left at
// run time is the nest of loops.
#ifndef ONNX2MCU_STREAM_HPP
#define ONNX2MCU_STREAM_HPP

#include <type_traits>

#include "core.hpp"

namespace onnx2mcu {

/// A list of types, and its element i.
template <class... T>
struct Types {
  static constexpr int count = static_cast<int>(sizeof...(T));
};
template <int i, class List>
struct TypeAt;
template <int i, class First, class... Rest>
struct TypeAt<i, Types<First, Rest...>> : TypeAt<i - 1, Types<Rest...>> {};
template <class First, class... Rest>
struct TypeAt<0, Types<First, Rest...>> {
  using type = First;
};

/// A value of a stream: `height` rows, `pitch` elements apart, of which `kept` are in memory: row r at r %
/// kept. `place`: bytes from the start of the arena; -1 - i: the stream's argument i.
template <class T, int rows, int pitch_, int kept_, int place_>
struct Rows {
  using Element = T;
  static constexpr int height = rows, pitch = pitch_, kept = kept_, place = place_;
};

/// Working memory of one layer at a place in the arena.
template <class T, int place_>
struct Scratch {
  using Element = T;
  static constexpr int place = place_;
};
struct NoScratch {};

/// Where a running stream S stands. Its values are numbered: first those it is given, then one for each
/// stage.
template <class S>
struct Progress {
  unsigned char* arena;
  unsigned char* const* arguments;
  int done[S::Stages::count];  ///< rows made so far

  template <int value>
  ONNX2MCU_INLINE auto* row(int r) const noexcept {
    using Value = typename TypeAt<value, typename S::Values>::type;
    unsigned char* const base = Value::place < 0 ? arguments[Value::place < 0 ? -1 - Value::place : 0]
                                                 : arena + (Value::place < 0 ? 0 : Value::place);
    return reinterpret_cast<typename Value::Element*>(base) +
           (Value::kept == Value::height ? r : r % Value::kept) * Value::pitch;
  }
};

/// Calls layer(arguments…, [scratch]).
template <auto layer, class Memory, class... Arguments>
ONNX2MCU_INLINE void call_layer([[maybe_unused]] unsigned char* arena, Arguments&&... arguments) noexcept {
  if constexpr (std::is_same_v<Memory, NoScratch>)
    layer(arguments...);
  else
    layer(arguments..., reinterpret_cast<typename Memory::Element*>(arena + Memory::place));
}

/// Makes rows of value `value` until there are `rows`.
template <class S, int value>
ONNX2MCU_INLINE void pull([[maybe_unused]] Progress<S>& progress, [[maybe_unused]] int rows) noexcept {
  constexpr int stage = value - (S::Values::count - S::Stages::count);
  if constexpr (stage >= 0) {
    while (progress.done[stage] < rows) {
      TypeAt<stage, typename S::Stages>::type::template make<S, value>(progress, progress.done[stage]);
      ++progress.done[stage];
    }
  }
}

/// The values that a stage asks for before it runs, in this order. Of several readers of a value one asks:
/// the one that needs its rows first.
template <int... values>
struct Pulls {
  template <class S>
  static ONNX2MCU_INLINE void up_to([[maybe_unused]] Progress<S>& progress,
                                    [[maybe_unused]] int rows) noexcept {
    (pull<S, values>(progress, rows), ...);
  }
};

/// Row oy from the k_h rows under a window: layer(rows, y, oy). L: the layer's geometry; x: the value that it
/// reads.
template <class L, auto layer, class Memory, class Asks, int x>
struct WindowStage {
  template <class S, int value>
  static ONNX2MCU_INLINE void make(Progress<S>& progress, int oy) noexcept {
    const int first = oy * L::stride_h - L::pad_top, end = first + (L::k_h - 1) * L::dil_h + 1;
    Asks::up_to(progress, end < L::in_h ? end : L::in_h);
    const typename TypeAt<x, typename S::Values>::type::Element* rows[L::k_h];
    for (int ky = 0; ky < L::k_h; ++ky) {
      const int iy = first + ky * L::dil_h;
      rows[ky] = iy < 0 || iy >= L::in_h ? nullptr : progress.template row<x>(iy);
    }
    call_layer<layer, Memory>(progress.arena, rows, progress.template row<value>(oy), oy);
  }
};

/// Row oy from row oy of each value in `x`: layer(rows…, y).
template <auto layer, class Asks, int... x>
struct RowStage {
  template <class S, int value>
  static ONNX2MCU_INLINE void make(Progress<S>& progress, int oy) noexcept {
    Asks::up_to(progress, oy + 1);
    layer(progress.template row<x>(oy)..., progress.template row<value>(oy));
  }
};

/// Row oy from the k_h rows under a window, one after the other: layer(row, y, part), part = 0, 1, … .
template <auto layer, class Memory, class Asks, int x, int k_h, int stride, int pad>
struct FoldStage {
  template <class S, int value>
  static ONNX2MCU_INLINE void make(Progress<S>& progress, int oy) noexcept {
    constexpr int height = TypeAt<x, typename S::Values>::type::height;
    const int first = oy * stride - pad, end = first + k_h < height ? first + k_h : height;
    int part = 0;
    for (int iy = first < 0 ? 0 : first; iy < end; ++iy) {
      Asks::up_to(progress, iy + 1);
      call_layer<layer, Memory>(progress.arena, progress.template row<x>(iy),
                                progress.template row<value>(oy), part++);
    }
  }
};

/// Runs the stream: all rows of its last value.
template <class S, class... Argument>
ONNX2MCU_INLINE void stream(unsigned char* arena, Argument*... argument) noexcept {
  unsigned char* const arguments[] = {
      // The rows of inputs are only read. NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
      const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(argument))...};
  Progress<S> progress{arena, arguments, {}};
  pull<S, S::Values::count - 1>(progress, TypeAt<S::Values::count - 1, typename S::Values>::type::height);
}

}  // namespace onnx2mcu

#endif

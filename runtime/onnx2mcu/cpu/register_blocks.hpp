// What surrounds the inner loops of the Cortex-M4 and M7, which are the same blocks of accumulators in registers: a struct
// ONNX2MCU_CORE_BLOCKS over ONNX2MCU_CORE_BASE. cortex_m4.hpp and cortex_m7.hpp each define these two, and the
// instructions of their loops, and include this; so it has no include guard, and takes the definitions back.

struct ONNX2MCU_CORE_BLOCKS : ONNX2MCU_CORE_BASE {
  static constexpr bool has_blocks = true;

  /// The columns of Winograd's tiles: `steps` (even) words of two inputs a place, of 2 rows x 4 tiles each.
  /// x: [16][steps][4], w: [16][steps][2], moved behind; sums: [row][tile][2][column].
  template <int steps, int unroll>
  static ONNX2MCU_INLINE void mac_columns(const std::uint32_t* inputs, const std::int32_t*& weights, std::int32_t* sums) noexcept {
    constexpr int block = unroll >= 8 && steps % 8 == 0 ? 8 : unroll >= 4 && steps % 4 == 0 ? 4 : 2;
    std::int32_t a[8] = {};
    ONNX2MCU_DSP_4X2_REGISTERS;
    const InFpu<std::int32_t*> first(sums);
    if constexpr (steps == block && block == 8) ONNX2MCU_DSP_COLUMNS("", ONNX2MCU_CORE_2X4_8, "");
    else if constexpr (steps == block && block == 4) ONNX2MCU_DSP_COLUMNS("", ONNX2MCU_CORE_2X4_4, "");
    else if constexpr (steps == 16 && unroll >= steps) ONNX2MCU_DSP_COLUMNS("", ONNX2MCU_CORE_2X4_8 ONNX2MCU_CORE_2X4_8, "");
    else if constexpr (steps == 32 && unroll >= steps) ONNX2MCU_DSP_COLUMNS("", ONNX2MCU_CORE_2X4_8 ONNX2MCU_CORE_2X4_8 ONNX2MCU_CORE_2X4_8 ONNX2MCU_CORE_2X4_8, "");
    else if constexpr (block == 8) ONNX2MCU_DSP_COLUMNS(ONNX2MCU_DSP_COLUMNS_BEFORE, ONNX2MCU_CORE_2X4_8, ONNX2MCU_DSP_COLUMNS_LOOP);
    else if constexpr (block == 4) ONNX2MCU_DSP_COLUMNS(ONNX2MCU_DSP_COLUMNS_BEFORE, ONNX2MCU_CORE_2X4_4, ONNX2MCU_DSP_COLUMNS_LOOP);
    else ONNX2MCU_DSP_COLUMNS(ONNX2MCU_DSP_COLUMNS_BEFORE, ONNX2MCU_CORE_2X4_2, ONNX2MCU_DSP_COLUMNS_LOOP);
    weights = w;
  }

  /// `steps` steps (two inputs each) of 4 rows x 2 pixels; the second pixel lies `second` bytes behind the first.
  /// unroll: steps in one piece, a power of 2 up to 8; `steps` or more: all of them, without a loop.
  template <int steps, int second, int unroll>
  static ONNX2MCU_INLINE void mac_4x2(std::int32_t (&a)[8], const std::int16_t* x, const std::int32_t*& w) noexcept {
    constexpr int block = unroll < 8 ? unroll : 8, blocks = steps / block;
    if constexpr (blocks > 1 && unroll < steps) mac_4x2_part<block, second, blocks>(a, x, w);
    else repeat_4x2<blocks, block, second>(a, x, w);
    mac_4x2_rest<steps % block, block / 2, second>(a, x, w);
  }

  template <int times, int n, int second>
  static ONNX2MCU_INLINE void repeat_4x2(std::int32_t (&a)[8], const std::int16_t*& x, const std::int32_t*& w) noexcept {
    if constexpr (times > 0) {
      mac_4x2_part<n, second>(a, x, w);
      repeat_4x2<times - 1, n, second>(a, x, w);
    }
  }

  /// The last `rest` steps in parts of n, n / 2, …
  template <int rest, int n, int second>
  static ONNX2MCU_INLINE void mac_4x2_rest(std::int32_t (&a)[8], const std::int16_t*& x, const std::int32_t*& w) noexcept {
    if constexpr (rest > 0) {
      if constexpr ((rest & n) != 0) mac_4x2_part<n, second>(a, x, w);
      mac_4x2_rest<rest & (n - 1), n / 2, second>(a, x, w);
    }
  }

  /// n steps (8, 4, 2 or 1), `blocks` times. At most 4095 bytes of weights go by in one loop.
  template <int n, int second, int blocks = 1>
  static ONNX2MCU_INLINE void mac_4x2_part(std::int32_t (&a)[8], const std::int16_t*& inputs, const std::int32_t*& weights) noexcept {
    constexpr int most = 4095 / (8 * n), bytes = 8 * n * (blocks < most ? blocks : most);
    ONNX2MCU_DSP_4X2_REGISTERS;
    if constexpr (blocks == 1 && n == 8) asm volatile(ONNX2MCU_CORE_BODY_8 : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second) : "memory");
    else if constexpr (blocks == 1 && n == 4) asm volatile(ONNX2MCU_CORE_BODY_4 : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second) : "memory");
    else if constexpr (blocks == 1 && n == 2) asm volatile(ONNX2MCU_CORE_BODY_2 : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second) : "memory");
    else if constexpr (blocks == 1) asm volatile(ONNX2MCU_CORE_BODY_1 : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second) : "memory");
    else if constexpr (n == 8) asm volatile(ONNX2MCU_DSP_END(ONNX2MCU_CORE_BODY_8) : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second), [bytes] "i"(bytes) : "memory", "cc", "s15");
    else if constexpr (n == 4) asm volatile(ONNX2MCU_DSP_END(ONNX2MCU_CORE_BODY_4) : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second), [bytes] "i"(bytes) : "memory", "cc", "s15");
    else if constexpr (n == 2) asm volatile(ONNX2MCU_DSP_END(ONNX2MCU_CORE_BODY_2) : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second), [bytes] "i"(bytes) : "memory", "cc", "s15");
    else asm volatile(ONNX2MCU_DSP_END(ONNX2MCU_CORE_BODY_1) : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second), [bytes] "i"(bytes) : "memory", "cc", "s15");
    ONNX2MCU_DSP_4X2_RESULTS;
    if constexpr (blocks > most) mac_4x2_part<n, second, blocks - most>(a, inputs, weights);
  }

  /// Whether a pair's weights stay in the FPU.
  template <int steps, int unroll>
  static constexpr bool holds_weights() noexcept {
    return steps > 4 && steps <= ONNX2MCU_CORE_PAIR_HOLDS && steps <= unroll;
  }

  /// How the steps of a pair of pixels are written: all n of them, or n at a time and `rest` more.
  template <int steps, int unroll>
  struct PairSteps {
    static constexpr int block = unroll < 8 ? unroll : 8, most = unroll < 8 ? unroll : unroll < 32 && ONNX2MCU_CORE_PAIR_MOST > 15 ? 15 : ONNX2MCU_CORE_PAIR_MOST;
    static constexpr bool straight = steps > 1 && steps <= most, held = straight && holds_weights<steps, unroll>();
    static constexpr int n = straight ? steps : steps < block ? steps : block, rest = straight ? 0 : steps % n;
  };

  /// Whether the geometry G of pairs has offsets that the instructions can hold.
  template <class G>
  static constexpr bool takes_pairs() noexcept {
    constexpr int most = 4095, ahead = G::ahead, back = 4 * G::steps - G::ahead;
    return G::second + 4 * 32 <= most && ahead <= most && back <= most && G::out + 4 <= most && G::along <= most && 8 * G::steps <= most;
  }

  /// Four rows of the pairs of pixels whose windows begin at x, up to end: y = hi32(256 * sum * multiplier) + addend,
  /// shifted and limited to a byte.
  template <class G, int shift, bool y_signed>
  static ONNX2MCU_INLINE void upper_pairs(const std::int16_t* inputs, const std::int16_t* end, const std::int32_t* weights, void* outputs,
                                          const std::int32_t* start, const std::int32_t* multiplier, const std::int32_t* addend) noexcept {
    using P = PairSteps<G::steps, G::unroll>;
    constexpr int left = 8;
    ONNX2MCU_DSP_PAIR_REGISTERS;
    register std::int32_t b1 asm("r5") = 0;
    if constexpr (P::held && y_signed) asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_CORE_PAIR_HELD_LOAD, "", ONNX2MCU_CORE_PAIR_HELD, ONNX2MCU_CORE_PAIR_UPPER("ssat"), "") ONNX2MCU_DSP_PAIR_HELD);
    else if constexpr (P::held) asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_CORE_PAIR_HELD_LOAD, "", ONNX2MCU_CORE_PAIR_HELD, ONNX2MCU_CORE_PAIR_UPPER("usat"), "") ONNX2MCU_DSP_PAIR_HELD);
    else if constexpr (P::straight && y_signed) asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_DSP_PAIR_STARTS, "", ONNX2MCU_CORE_PAIR_STRAIGHT, ONNX2MCU_CORE_PAIR_UPPER("ssat"), ""));
    else if constexpr (P::straight) asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_DSP_PAIR_STARTS, "", ONNX2MCU_CORE_PAIR_STRAIGHT, ONNX2MCU_CORE_PAIR_UPPER("usat"), ""));
    else if constexpr (y_signed) asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_DSP_PAIR_STARTS, "", ONNX2MCU_CORE_PAIR_LOOP, ONNX2MCU_CORE_PAIR_UPPER("ssat"), ""));
    else asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_DSP_PAIR_STARTS, "", ONNX2MCU_CORE_PAIR_LOOP, ONNX2MCU_CORE_PAIR_UPPER("usat"), ""));
  }

  /// The same with y = round(sum * scale) + zero_point in float, which the compiler proved to stay in range.
  template <class G, int zero_point, bool y_signed>
  static ONNX2MCU_INLINE void float_pairs(const std::int16_t* inputs, const std::int16_t* end, const std::int32_t* weights, void* outputs,
                                          const std::int32_t* start, const float* scale) noexcept {
    using P = PairSteps<G::steps, G::unroll>;
    constexpr int left = zero_point, shift = 0;
    const float *const multiplier = scale, *const addend = scale;
    ONNX2MCU_DSP_PAIR_REGISTERS;
    register auto b1 asm("r5") = reinterpret_cast<std::int32_t>(scale);
    if constexpr (P::straight && y_signed) asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_DSP_PAIR_STARTS, ONNX2MCU_DSP_DOUBTS, ONNX2MCU_CORE_PAIR_STRAIGHT, ONNX2MCU_CORE_PAIR_FLOAT("ssat"), ""));
    else if constexpr (P::straight) asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_DSP_PAIR_STARTS, ONNX2MCU_DSP_DOUBTS, ONNX2MCU_CORE_PAIR_STRAIGHT, ONNX2MCU_CORE_PAIR_FLOAT("usat"), ""));
    else if constexpr (y_signed) asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_DSP_PAIR_STARTS, ONNX2MCU_DSP_DOUBTS, ONNX2MCU_CORE_PAIR_LOOP, ONNX2MCU_CORE_PAIR_FLOAT("ssat"), ""));
    else asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_DSP_PAIR_STARTS, ONNX2MCU_DSP_DOUBTS, ONNX2MCU_CORE_PAIR_LOOP, ONNX2MCU_CORE_PAIR_FLOAT("usat"), ""));
  }

  /// The same with a guard band (guarded.hpp), until a pair has an output in doubt, or to the end. Returns where the outputs of
  /// that pair go, with their steps in `a` and x at the next pair, or null.
  template <class G, int left, int shift, bool y_signed, class Y>
  static ONNX2MCU_INLINE Y* guarded_pairs(std::int32_t (&a)[8], const std::int16_t*& inputs, const std::int16_t* end, const std::int32_t* weights,
                                          Y* outputs, const std::int32_t* start, const std::int32_t* multiplier, const std::int32_t* addend,
                                          const std::uint32_t* doubt) noexcept {
    using P = PairSteps<G::steps, G::unroll>;
    ONNX2MCU_DSP_PAIR_REGISTERS;
    register auto b1 asm("r5") = reinterpret_cast<std::int32_t>(doubt);
    if constexpr (P::straight && y_signed) asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_DSP_PAIR_STARTS, ONNX2MCU_DSP_DOUBTS, ONNX2MCU_CORE_PAIR_STRAIGHT, ONNX2MCU_CORE_PAIR_GUARDED("ssat"), ONNX2MCU_DSP_DOUBT_END));
    else if constexpr (P::straight) asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_DSP_PAIR_STARTS, ONNX2MCU_DSP_DOUBTS, ONNX2MCU_CORE_PAIR_STRAIGHT, ONNX2MCU_CORE_PAIR_GUARDED("usat"), ONNX2MCU_DSP_DOUBT_END));
    else if constexpr (y_signed) asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_DSP_PAIR_STARTS, ONNX2MCU_DSP_DOUBTS, ONNX2MCU_CORE_PAIR_LOOP, ONNX2MCU_CORE_PAIR_GUARDED("ssat"), ONNX2MCU_DSP_DOUBT_END));
    else asm volatile(ONNX2MCU_DSP_PAIRS(ONNX2MCU_DSP_PAIR_STARTS, ONNX2MCU_DSP_DOUBTS, ONNX2MCU_CORE_PAIR_LOOP, ONNX2MCU_CORE_PAIR_GUARDED("usat"), ONNX2MCU_DSP_DOUBT_END));
    a[0] = a0, a[1] = a1, a[2] = a2, a[3] = a3, a[4] = b0, a[5] = b1, a[6] = b2, a[7] = b3, inputs = x;
    return reinterpret_cast<Y*>(g);
  }

  /// The sums of `quads` times four bytes of x with 8 rows, from `start` on; x_signed says which bytes they are. unroll:
  /// quads in one piece, 4 or 1.
  template <int quads, int unroll, bool x_signed, class X>
  static ONNX2MCU_INLINE void mac_8x1(std::int32_t (&a)[8], const std::int32_t* start, const X* x, const std::int32_t*& w) noexcept {
    constexpr int blocks = unroll >= 4 ? quads / 4 : 0;
    load_8(a, start);
    if constexpr (blocks > 0) mac_8x1_part<4, x_signed>(a, x, w, blocks);
    if constexpr (quads > 4 * blocks) mac_8x1_part<1, x_signed>(a, x, w, quads - 4 * blocks);
  }

  /// All at once, into the registers where the sums stay.
  static ONNX2MCU_INLINE void load_8(std::int32_t (&a)[8], const std::int32_t* from) noexcept {
    register std::int32_t a0 asm("r0"), a1 asm("r1"), a2 asm("r2"), a3 asm("r3"), a4 asm("r4"), a5 asm("r5"), a6 asm("r6"), a7 asm("r7");
    asm("ldm %[from], {r0-r7}"
        : "=r"(a0), "=r"(a1), "=r"(a2), "=r"(a3), "=r"(a4), "=r"(a5), "=r"(a6), "=r"(a7)
        : [from] "r"(from), "m"(*reinterpret_cast<const std::int32_t(*)[8]>(from)));
    a[0] = a0, a[1] = a1, a[2] = a2, a[3] = a3, a[4] = a4, a[5] = a5, a[6] = a6, a[7] = a7;
  }

  /// `blocks` times n quads.
  template <int n, bool x_signed, class X>
  static ONNX2MCU_INLINE void mac_8x1_part(std::int32_t (&a)[8], const X*& inputs, const std::int32_t*& weights, int blocks) noexcept {
    ONNX2MCU_CORE_8X1_COUNT(blocks, n);
    ONNX2MCU_DSP_4X2_REGISTERS;
    if constexpr (n == 4 && x_signed)
      asm volatile(ONNX2MCU_CORE_8X1_LOOP_4("sxtb16") : ONNX2MCU_DSP_8X1_OPERANDS, [count] "+t"(count) : ONNX2MCU_CORE_8X1_READS : ONNX2MCU_CORE_8X1_CLOBBERS);
    else if constexpr (n == 4)
      asm volatile(ONNX2MCU_CORE_8X1_LOOP_4("uxtb16") : ONNX2MCU_DSP_8X1_OPERANDS, [count] "+t"(count) : ONNX2MCU_CORE_8X1_READS : ONNX2MCU_CORE_8X1_CLOBBERS);
    else if constexpr (x_signed)
      asm volatile(ONNX2MCU_CORE_8X1_LOOP_1("sxtb16") : ONNX2MCU_DSP_8X1_OPERANDS, [count] "+t"(count) : ONNX2MCU_CORE_8X1_READS : ONNX2MCU_CORE_8X1_CLOBBERS);
    else
      asm volatile(ONNX2MCU_CORE_8X1_LOOP_1("uxtb16") : ONNX2MCU_DSP_8X1_OPERANDS, [count] "+t"(count) : ONNX2MCU_CORE_8X1_READS : ONNX2MCU_CORE_8X1_CLOBBERS);
    ONNX2MCU_DSP_4X2_RESULTS;
  }
};

#undef ONNX2MCU_CORE_2X4_2
#undef ONNX2MCU_CORE_2X4_4
#undef ONNX2MCU_CORE_2X4_8
#undef ONNX2MCU_CORE_8X1_CLOBBERS
#undef ONNX2MCU_CORE_8X1_COUNT
#undef ONNX2MCU_CORE_8X1_LOOP_1
#undef ONNX2MCU_CORE_8X1_LOOP_4
#undef ONNX2MCU_CORE_8X1_READS
#undef ONNX2MCU_CORE_BASE
#undef ONNX2MCU_CORE_BLOCKS
#undef ONNX2MCU_CORE_BODY_1
#undef ONNX2MCU_CORE_BODY_2
#undef ONNX2MCU_CORE_BODY_4
#undef ONNX2MCU_CORE_BODY_8
#undef ONNX2MCU_CORE_END
#undef ONNX2MCU_CORE_PAIR_BEGIN
#undef ONNX2MCU_CORE_PAIR_FLOAT
#undef ONNX2MCU_CORE_PAIR_GUARDED
#undef ONNX2MCU_CORE_PAIR_HELD
#undef ONNX2MCU_CORE_PAIR_HELD_LOAD
#undef ONNX2MCU_CORE_PAIR_HOLDS
#undef ONNX2MCU_CORE_PAIR_LEAVE
#undef ONNX2MCU_CORE_PAIR_LOOP
#undef ONNX2MCU_CORE_PAIR_MOST
#undef ONNX2MCU_CORE_PAIR_NEXT
#undef ONNX2MCU_CORE_PAIR_STRAIGHT
#undef ONNX2MCU_CORE_PAIR_UPPER

// Sums of products whose last bit is that of ONNX Runtime 1.30's matrix product and convolution kernels
// (MLAS, x86-64 with AVX512F): float addition is not associative, so the order of the terms is part of the
// result.
#ifndef ONNX2MCU_FLOAT_SUM_HPP
#define ONNX2MCU_FLOAT_SUM_HPP

#include "float_math.hpp"

namespace onnx2mcu {

enum class SumOrder {
  blocks,  ///< fused multiply-adds from 0 over a block of terms; the blocks' sums are added up
  fours,   ///< rounded products; groups of four terms (at the end two, one) are summed, then added to the
           ///< total
  lanes,   ///< rounded products; term t goes to the sum t % 8
};

/// alpha times one sum of `count` terms, added to what start() gives. reach(t) announces that the next add()
/// is term t; terms may be left out (padding). result(i, n): it is output i of the n that the kernel makes in
/// one go.
template <SumOrder order, int count, int block>
class ProductSum {
 public:
  explicit ProductSum(float alpha) noexcept : alpha_(alpha) {}
  ONNX2MCU_INLINE void start(float total) noexcept {
    total_ = total;
    empty_ = false;
  }
  ONNX2MCU_INLINE void reach(int t) noexcept {
    if constexpr (block < count)
      while (t >= end_) close();
  }
  /// Whether reach() has nothing to do for the n terms from t on, which come next.
  ONNX2MCU_INLINE bool uninterrupted(int t, int n) const noexcept { return t + n <= end_; }
  ONNX2MCU_INLINE void add(float x, float w) noexcept { sum_ = fused_multiply_add(x, w, sum_); }
  ONNX2MCU_INLINE float result(int, int) noexcept {
    close();
    return total_;
  }

 private:
  ONNX2MCU_INLINE void close() noexcept {
    if (empty_)
      total_ = alpha_ == 1.0F ? sum_ : product(sum_, alpha_);
    else
      total_ = alpha_ == 1.0F ? sum_ + total_ : fused_multiply_add(sum_, alpha_, total_);
    empty_ = false;
    sum_ = 0.0F;
    end_ += block;
  }

  float alpha_, sum_ = 0.0F, total_ = 0.0F;
  int end_ = block;  ///< first term of the next block
  bool empty_ = true;
};

template <int count, int block>
class ProductSum<SumOrder::fours, count, block> {
 public:
  explicit ProductSum(float) noexcept {}
  ONNX2MCU_INLINE void start(float total) noexcept { total_ = total; }
  ONNX2MCU_INLINE void reach(int t) noexcept {
    for (; t >= end_ && end_ < count; end_ = group_end(end_)) close();
  }
  ONNX2MCU_INLINE bool uninterrupted(int, int) const noexcept { return false; }
  ONNX2MCU_INLINE void add(float x, float w) noexcept { sum_ = product(x, w) + sum_; }
  ONNX2MCU_INLINE float result(int, int) noexcept {
    reach(count);
    close();
    return total_;
  }

 private:
  static constexpr int group_end(int begin) noexcept {
    return begin + (count - begin >= 4 ? 4 : count - begin >= 2 ? 2 : 1);
  }
  ONNX2MCU_INLINE void close() noexcept {
    total_ = sum_ + total_;
    sum_ = 0.0F;
  }

  float sum_ = 0.0F, total_ = 0.0F;
  int end_ = group_end(0);  ///< first term of the next group
};

template <int count, int block>
class ProductSum<SumOrder::lanes, count, block> {
 public:
  explicit ProductSum(float) noexcept {}
  ONNX2MCU_INLINE void start(float total) noexcept { total_ = total; }
  ONNX2MCU_INLINE void reach(int t) noexcept { lane_ = t % 8; }
  ONNX2MCU_INLINE bool uninterrupted(int, int) const noexcept { return false; }
  ONNX2MCU_INLINE void add(float x, float w) noexcept { sums_[lane_] = product(x, w) + sums_[lane_]; }
  /// The kernel makes four outputs at once, then two, then one, and joins the lanes of each differently.
  ONNX2MCU_INLINE float result(int i, int n) const noexcept {
    const float* l = sums_;
    const int left = n - i / 4 * 4;
    float sum = 0.0F;
    if (left >= 4)
      sum = (((l[0] + l[1]) + l[2]) + l[3]) + (((l[4] + l[5]) + l[6]) + l[7]);
    else if (left >= 2 && i % 4 < 2)
      sum = ((l[2] + l[0]) + (l[6] + l[4])) + ((l[3] + l[1]) + (l[7] + l[5]));
    else
      sum = ((l[0] + l[1]) + (l[2] + l[3])) + ((l[4] + l[5]) + (l[6] + l[7]));
    return sum + total_;
  }

 private:
  float sums_[8] = {}, total_ = 0.0F;
  int lane_ = 0;
};

}  // namespace onnx2mcu

#endif

#include "quantize/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "diagnostics.hpp"
#include "quantize/executor.hpp"

namespace o2m {
namespace {

constexpr std::size_t bins = 4096;

/// Least and greatest element; NaN and infinities are refused.
std::pair<float, float> bounds_of(const Graph& graph, ValueId id, const Tensor& t, std::int64_t sample) {
  float low = 0, high = 0;
  bool finite = true;
  for (const float v : t.as<float>()) {
    low = std::min(low, v);
    high = std::max(high, v);
    finite = finite && std::isfinite(v);
  }
  if (!finite)
    refuse("sample {} makes {} hold NaN or infinity; calibration needs finite values", sample,
           describe(graph, id));
  return {low, high};
}

bool is_calibrated(const Tensor& t) { return t.type == DType::float32; }

void count(TensorStatistics& s, const Tensor& t) {
  if (s.histogram.empty()) return;
  const float per_unit = static_cast<float>(1 / s.bin_width());
  for (const float v : t.as<float>())
    ++s.histogram[std::min(bins - 1, static_cast<std::size_t>((v - s.low) * per_unit))];
}

}  // namespace

std::vector<TensorStatistics> calibrate(const Graph& graph, const std::vector<Sample>& samples,
                                        const ProgressReport& progress) {
  const Executor executor(graph);
  std::vector<TensorStatistics> statistics(graph.values.size());
  std::mutex mutex;
  const auto total = static_cast<std::int64_t>(samples.size());
  const auto pass = [&](int number, const std::function<void(std::int64_t, ValueId, const Tensor&)>& see) {
    const auto body = [&](std::int64_t i) {
      executor.run(samples[static_cast<std::size_t>(i)], [&](ValueId id, const Tensor& t) {
        if (is_calibrated(t)) see(i, id, t);
      });
    };
    for_each_sample(total, body,
                    [&](std::int64_t done, std::int64_t) { progress(number * total + done, 2 * total); });
  };
  pass(0, [&](std::int64_t i, ValueId id, const Tensor& t) {
    const auto [low, high] = bounds_of(graph, id, t, i);
    const std::lock_guard lock(mutex);
    TensorStatistics& s = statistics[index(id)];
    s.low = std::min(s.low, low);
    s.high = std::max(s.high, high);
  });
  for (TensorStatistics& s : statistics)
    if (s.low < s.high) s.histogram.assign(bins, 0);
  std::vector<std::mutex> locks(statistics.size());
  pass(1, [&](std::int64_t, ValueId id, const Tensor& t) {
    const std::lock_guard lock(locks[index(id)]);
    count(statistics[index(id)], t);
  });
  return statistics;
}

}  // namespace o2m

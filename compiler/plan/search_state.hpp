// A partial placement under a capacity: the range of positions left to every buffer, what follows from it,
// and the way back. Inference only ever removes positions that no placement within the capacity has, or none
// in which nothing can be moved down.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "plan/greedy.hpp"
#include "plan/instance.hpp"

namespace o2m {

struct SectionRange {
  int first = 0, last = 0;  ///< [first, last)
};

struct BufferState {
  std::int64_t low = 0, high = 0;     ///< the offset is in [low, high]; equal once placed
  std::int64_t floor = 0;             ///< lowest position over everything placed
  std::int64_t placed = 0;            ///< 0 or 1
  const Neighbor* support = nullptr;  ///< remembered by find_support(), checked before use
  const Neighbor* intruder = nullptr;
  bool queued = false;
};

struct SectionState {
  std::vector<SectionItem> items;  ///< kept in descending order of low
  std::int64_t limit = 0;          ///< the capacity in whole grains
  std::int64_t unplaced = 0;       ///< number of unplaced buffers
  std::int64_t crossing = 0;       ///< number of unplaced buffers alive in this section and the next
  std::int64_t low = 0;            ///< lowest position of an unplaced buffer
  std::int64_t candidates = 0;     ///< number of unplaced buffers that can be the lowest of them
  std::int64_t slack = 0;          ///< bytes above low that can stay unused
  double failures = 0;  ///< how often the search ended here, late ends counting more; kept by undo()
  bool queued = false;
};

struct SearchState {
  SearchState(const Instance& the_instance, std::int64_t capacity);

  /// What follows from the capacity alone. All functions that return bool return false on a contradiction.
  bool start();
  /// At its lowest position, all unplaced neighbors above it.
  bool place(int i);
  /// Higher than its lowest position, on top of an unplaced neighbor.
  bool postpone(int i) { return find_support(i); }
  bool propagate(const SectionRange& range);

  std::size_t mark() const { return trail_.size(); }
  void undo(std::size_t mark);
  /// Failures fade: each call makes those before count 2 % less beside those to come.
  void age_failures();
  double failures(const SectionState& section) const { return section.failures / blame_; }

  std::int64_t low(int i) const { return buffers[static_cast<std::size_t>(i)].low; }
  SectionRange whole() const { return {0, static_cast<int>(sections.size())}; }
  bool is_in(int i, const SectionRange& range) const {
    return instance.buffers[static_cast<std::size_t>(i)].last > range.first &&
           instance.buffers[static_cast<std::size_t>(i)].first < range.last;
  }
  /// Parts of the range that no unplaced buffer connects, the one with the least slack first.
  std::vector<SectionRange> unplaced_parts(const SectionRange& range) const;
  /// The lowest unplaced neighbor that fits below i at its lowest position, or -1.
  int lowest_that_fits_below(int i) const;
  Placement placement() const;

  const Instance& instance;
  std::vector<BufferState> buffers;
  std::vector<SectionState> sections;

 private:
  void set(std::int64_t& variable, std::int64_t value);
  void touch_sections(int i);
  void touch(int i);
  bool raise(int i, std::int64_t position);
  bool lower(int i, std::int64_t position);
  bool blame_section(SectionState& section);
  bool blame_buffer(int i);
  void sort_items(SectionState& section);
  bool check_section(SectionState& section);
  bool order_neighbors(int i);
  bool is_supported(int i) const;
  bool find_support(int i);
  bool check_supports(const SectionRange& range);

  std::vector<std::pair<std::int64_t*, std::int64_t>> trail_;  // variable, value before
  std::vector<int> section_queue_, buffer_queue_;
  double blame_ = 1;                // what a failure counts now
  std::vector<std::int64_t> keys_;  // scratch of sort_items()
};

}  // namespace o2m

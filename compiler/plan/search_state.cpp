#include "plan/search_state.hpp"

#include <algorithm>
#include <limits>

namespace o2m {
namespace {

constexpr std::int64_t nowhere = std::numeric_limits<std::int64_t>::max();

}  // namespace

SearchState::SearchState(const Instance& the_instance, std::int64_t capacity) : instance(the_instance) {
  for (const InstanceBuffer& buffer : instance.buffers) {
    buffers.emplace_back();
    buffers.back().high = round_down(capacity - buffer.size, buffer.alignment);
  }
  for (const Section& section : instance.sections) {
    sections.emplace_back();
    sections.back().items = section.items;
    sections.back().limit = round_up(capacity, section.grain);
    sections.back().unplaced = static_cast<std::int64_t>(section.items.size());
  }
  for (const InstanceBuffer& buffer : instance.buffers)
    for (int s = buffer.first; s + 1 < buffer.last; ++s) ++sections[at(s)].crossing;
}

bool SearchState::start() {
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    if (buffers[i].high < 0) return false;
    touch(static_cast<int>(i));
  }
  return propagate(whole());
}

bool SearchState::place(int i) {
  BufferState& state = buffers[at(i)];
  set(state.placed, 1);
  set(state.high, state.low);
  touch_sections(i);
  const InstanceBuffer& buffer = instance.buffers[at(i)];
  for (int s = buffer.first; s < buffer.last; ++s) {
    set(sections[at(s)].unplaced, sections[at(s)].unplaced - 1);
    if (s + 1 < buffer.last) set(sections[at(s)].crossing, sections[at(s)].crossing - 1);
  }
  for (const Neighbor& n : buffer.neighbors) {
    BufferState& other = buffers[at(n.index)];
    if (other.placed) continue;
    const std::int64_t top = round_up(state.low + n.when_below, instance.buffers[at(n.index)].alignment);
    if (top > other.floor) set(other.floor, top);
    if (!raise(n.index, top)) return blame_buffer(n.index);
  }
  return true;
}

bool SearchState::propagate(const SectionRange& range) {
  do {
    while (!section_queue_.empty()) {
      SectionState& section = sections[at(section_queue_.back())];
      section_queue_.pop_back();
      section.queued = false;
      if (!check_section(section)) return false;
    }
    if (!check_supports(range)) return false;
    while (!buffer_queue_.empty()) {
      const int i = buffer_queue_.back();
      buffer_queue_.pop_back();
      buffers[at(i)].queued = false;
      if (!buffers[at(i)].placed && !order_neighbors(i)) return blame_buffer(i);
    }
  } while (!section_queue_.empty());
  return true;
}

void SearchState::undo(std::size_t mark) {
  for (; trail_.size() > mark; trail_.pop_back()) *trail_.back().first = trail_.back().second;
  for (const int s : section_queue_) sections[at(s)].queued = false;
  for (const int i : buffer_queue_) buffers[at(i)].queued = false;
  section_queue_.clear();
  buffer_queue_.clear();
}

void SearchState::age_failures() {
  blame_ *= 1.02;
  if (blame_ < 1e100) return;
  for (SectionState& section : sections) section.failures /= blame_;
  blame_ = 1;
}

std::vector<SectionRange> SearchState::unplaced_parts(const SectionRange& range) const {
  std::vector<std::pair<std::int64_t, int>> order;  // slack, index of the part
  std::vector<SectionRange> parts;
  std::int64_t slack = nowhere;
  int first = range.first;
  for (int s = range.first; s < range.last; ++s) {
    if (sections[at(s)].unplaced > 0) slack = std::min(slack, sections[at(s)].slack);
    if (s + 1 < range.last && sections[at(s)].crossing > 0) continue;
    if (slack != nowhere) {
      order.emplace_back(slack, static_cast<int>(parts.size()));
      parts.push_back({first, s + 1});
    }
    slack = nowhere;
    first = s + 1;
  }
  if (parts.size() < 2) return parts;
  std::sort(order.begin(), order.end());
  std::vector<SectionRange> sorted;
  for (const auto& [key, index] : order) sorted.push_back(parts[at(index)]);
  return sorted;
}

int SearchState::lowest_that_fits_below(int i) const {
  int best = -1;
  for (const Neighbor& n : instance.buffers[at(i)].neighbors)
    if (!buffers[at(n.index)].placed && low(n.index) + n.when_above <= low(i) &&
        (best < 0 || low(n.index) < low(best)))
      best = n.index;
  return best;
}

Placement SearchState::placement() const {
  Placement result;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    result.offsets.push_back(buffers[i].low);
    result.height = std::max(result.height, buffers[i].low + instance.buffers[i].size);
  }
  return result;
}

void SearchState::set(std::int64_t& variable, std::int64_t value) {
  trail_.emplace_back(&variable, variable);
  variable = value;
}

void SearchState::touch_sections(int i) {
  for (int s = instance.buffers[at(i)].first; s < instance.buffers[at(i)].last; ++s) {
    if (sections[at(s)].queued) continue;
    sections[at(s)].queued = true;
    section_queue_.push_back(s);
  }
}

void SearchState::touch(int i) {
  touch_sections(i);
  if (buffers[at(i)].queued) return;
  buffers[at(i)].queued = true;
  buffer_queue_.push_back(i);
}

bool SearchState::raise(int i, std::int64_t position) {
  BufferState& state = buffers[at(i)];
  if (position <= state.low) return true;
  set(state.low, round_up(position, instance.buffers[at(i)].alignment));
  touch(i);
  return state.low <= state.high;
}

bool SearchState::lower(int i, std::int64_t position) {
  BufferState& state = buffers[at(i)];
  if (position >= state.high) return true;
  set(state.high, round_down(position, instance.buffers[at(i)].alignment));
  touch(i);
  return state.low <= state.high;
}

bool SearchState::blame_section(SectionState& section) {
  section.failures += blame_;
  return false;
}

bool SearchState::blame_buffer(int i) {
  const InstanceBuffer& buffer = instance.buffers[at(i)];
  const double share = blame_ / (buffer.last - buffer.first);
  for (int s = buffer.first; s < buffer.last; ++s) sections[at(s)].failures += share;
  return false;
}

/// By insertion: the items are nearly in order since the last time. Placed ones keep their place in it, so
/// that undoing leaves little to do.
void SearchState::sort_items(SectionState& section) {
  keys_.clear();
  for (const SectionItem& item : section.items) keys_.push_back(low(item.index));
  for (std::size_t k = 1; k < keys_.size(); ++k) {
    const std::int64_t key = keys_[k];
    if (keys_[k - 1] >= key) continue;
    const SectionItem item = section.items[k];
    std::size_t p = k;
    for (; p > 0 && keys_[p - 1] < key; --p) {
      keys_[p] = keys_[p - 1];
      section.items[p] = section.items[p - 1];
    }
    keys_[p] = key;
    section.items[p] = item;
  }
}

/// Everything that starts at or above a position has to fit between it and the limit. What is left over is
/// the slack; the lowest buffer starts no more than that above the lowest position, so if only one can, it is
/// that one.
bool SearchState::check_section(SectionState& section) {
  if (section.unplaced == 0) return true;
  sort_items(section);
  std::int64_t load = 0, lowest = 0, left = section.unplaced;
  std::size_t end = 0;
  for (; left > 0; ++end) {
    const SectionItem& item = section.items[end];
    if (buffers[at(item.index)].placed) continue;
    --left;
    lowest = keys_[end];
    load += item.weight;
    if (lowest + load > section.limit) return blame_section(section);
  }
  const std::int64_t slack = section.limit - lowest - load;
  std::int64_t candidates = 0;
  int candidate = -1;
  for (; end > 0 && keys_[end - 1] <= lowest + slack; --end) {
    if (buffers[at(section.items[end - 1].index)].placed) continue;
    candidate = section.items[end - 1].index;
    ++candidates;
  }
  if (lowest != section.low) set(section.low, lowest);
  if (slack != section.slack) set(section.slack, slack);
  if (candidates != section.candidates) set(section.candidates, candidates);
  return candidates != 1 || lower(candidate, lowest + slack) || blame_section(section);
}

/// Of two neighbors one lies below the other. Where only one of the two orders is left, it narrows both.
bool SearchState::order_neighbors(int i) {
  for (const Neighbor& n : instance.buffers[at(i)].neighbors) {
    BufferState &self = buffers[at(i)], &other = buffers[at(n.index)];
    if (other.placed) continue;
    if (other.low + n.when_above > self.high) {
      if (!raise(n.index, self.low + n.when_below) || !lower(i, other.high - n.when_below)) return false;
    } else if (self.low + n.when_below > other.high) {
      if (!raise(i, other.low + n.when_above) || !lower(n.index, self.high - n.when_above)) return false;
    }
  }
  return true;
}

bool SearchState::is_supported(int i) const {
  const BufferState& state = buffers[at(i)];
  if (!state.support || !state.intruder) return false;
  const BufferState &support = buffers[at(state.support->index)],
                    &intruder = buffers[at(state.intruder->index)];
  return !support.placed && support.low + state.support->when_above <= state.low && !intruder.placed &&
         intruder.low < state.floor + state.intruder->when_below;
}

/// In a placement in which nothing can be moved down, a buffer above its floor lies on top of an unplaced
/// neighbor, its support, and could not lie on the floor instead: some unplaced neighbor, the intruder,
/// starts low enough to be in the way there.
bool SearchState::find_support(int i) {
  BufferState& state = buffers[at(i)];
  std::int64_t lowest = nowhere;
  state.support = state.intruder = nullptr;
  for (const Neighbor& n : instance.buffers[at(i)].neighbors) {
    const BufferState& other = buffers[at(n.index)];
    if (other.placed) continue;
    if (other.low < state.floor + n.when_below) state.intruder = &n;
    if (other.low + n.when_above >= lowest) continue;
    lowest = other.low + n.when_above;
    state.support = &n;
  }
  return state.support && state.intruder && raise(i, lowest);
}

bool SearchState::check_supports(const SectionRange& range) {
  for (std::size_t k = 0; k < buffers.size(); ++k) {
    const int i = static_cast<int>(k);
    if (buffers[k].placed || buffers[k].low <= buffers[k].floor || !is_in(i, range) || is_supported(i))
      continue;
    if (!find_support(i)) return blame_buffer(i);
  }
  return true;
}

}  // namespace o2m

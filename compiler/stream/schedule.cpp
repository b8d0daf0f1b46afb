#include "stream/schedule.hpp"

#include <algorithm>
#include <optional>

#include "ops/lower.hpp"
#include "stream/row_form.hpp"

namespace o2m {
namespace {

constexpr std::int64_t never = -1;

/// The driver of stream.hpp, row by row.
struct Runner {
  const std::vector<StreamValue>& values;
  const std::vector<Stage>& stages;
  bool ask_all;
  Schedule schedule;
  int given = static_cast<int>(values.size() - stages.size());

  void pull(int value, std::int64_t rows) {
    if (value < given) return;
    while (schedule.made[at(value)] < rows) {
      make(value - given, schedule.made[at(value)]);
      ++schedule.made[at(value)];
    }
  }

  void ask(int stage, std::int64_t rows) {
    const Stage& s = stages[at(stage)];
    std::vector<int> order = s.pulls;
    if (ask_all) {
      order = s.reads;
      std::sort(order.rbegin(), order.rend());
    }
    for (const int value : order) {
      if (schedule.made[at(value)] < rows)
        for (std::size_t i = 0; i < s.reads.size(); ++i)
          if (s.reads[i] == value) schedule.asked[at(stage)][i] = true;
      pull(value, rows);
    }
  }

  void make(int stage, std::int64_t y) {
    const Stage& s = stages[at(stage)];
    const std::int64_t height = values[at(s.reads[0])].height;
    RowEvent event{stage, y, {}};
    if (s.kind == StageKind::row) {
      ask(stage, y + 1);
      for (const int value : s.reads) event.reads.emplace_back(value, y);
      schedule.events.push_back(std::move(event));
    } else if (s.kind == StageKind::fold) {
      const std::int64_t first = y * s.stride_h - s.pad_top;
      for (std::int64_t iy = std::max<std::int64_t>(first, 0); iy < std::min(first + s.k_h, height); ++iy) {
        ask(stage, iy + 1);
        schedule.events.push_back({stage, y, {{s.reads[0], iy}}});
      }
    } else {
      const std::int64_t first = y * s.stride_h - s.pad_top;
      ask(stage, std::min(first + (s.k_h - 1) * s.dil_h + 1, height));
      for (std::int64_t k = 0; k < s.k_h; ++k)
        if (const std::int64_t iy = first + k * s.dil_h; iy >= 0 && iy < height)
          event.reads.emplace_back(s.reads[0], iy);
      schedule.events.push_back(std::move(event));
    }
  }

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
};

/// First and last event that touch each row of each value; `never` where none does.
struct RowLives {
  std::vector<std::vector<std::int64_t>> first, last;
};

RowLives row_lives(const Schedule& schedule, const std::vector<StreamValue>& values, std::size_t stages) {
  RowLives lives;
  for (const StreamValue& v : values) {
    lives.first.emplace_back(static_cast<std::size_t>(v.height), never);
    lives.last.emplace_back(static_cast<std::size_t>(v.height), never);
  }
  const auto touch = [&](std::size_t value, std::int64_t row, std::int64_t t) {
    std::int64_t& first = lives.first[value][static_cast<std::size_t>(row)];
    if (first == never) first = t;
    lives.last[value][static_cast<std::size_t>(row)] = t;
  };
  for (std::size_t t = 0; t < schedule.events.size(); ++t) {
    const RowEvent& e = schedule.events[t];
    touch(values.size() - stages + static_cast<std::size_t>(e.stage), e.row, static_cast<std::int64_t>(t));
    for (const auto& [value, row] : e.reads)
      touch(static_cast<std::size_t>(value), row, static_cast<std::int64_t>(t));
  }
  return lives;
}

void join(LiveBytes& a, std::int64_t first, std::int64_t last) {
  if (first == last) return;
  if (a.first == a.last)
    a = {first, last};
  else
    a = {std::min(a.first, first), std::max(a.last, last)};
}

LiveBuffer& entry(std::vector<LiveBuffer>& buffers, BufferId id, std::size_t events) {
  for (LiveBuffer& b : buffers)
    if (b.buffer == id) return b;
  buffers.push_back({id, std::vector<LiveBytes>(events)});
  return buffers.back();
}

/// Adds to each event what is there from the first event until it (`until`), and from it to the last
/// (`since`).
void join_to_the_ends(std::vector<LiveBytes>& at, std::vector<LiveBytes> until,
                      std::vector<LiveBytes> since) {
  for (std::size_t t = at.size(); t-- > 0;) {
    if (t + 1 < at.size()) join(until[t], until[t + 1].first, until[t + 1].last);
    join(at[t], until[t].first, until[t].last);
  }
  for (std::size_t t = 0; t < at.size(); ++t) {
    if (t > 0) join(since[t], since[t - 1].first, since[t - 1].last);
    join(at[t], since[t].first, since[t].last);
  }
}

/// The rows of value `v` of the stream: a whole image `given` to it, one that `stays` behind it, or a ring.
void add_rows(LiveBuffer& live, const Buffer& buffer, const StreamValue& value, const RowLives& lives,
              std::size_t v, bool given, bool stays) {
  const std::int64_t row_bytes = value.pitch * size_of(buffer.type);
  const std::size_t events = live.at.size();
  std::vector<LiveBytes> until(events), since(events);
  for (std::size_t r = 0; r < lives.first[v].size(); ++r) {
    if (lives.last[v][r] == never) continue;
    const std::int64_t slot = static_cast<std::int64_t>(r) % value.kept * row_bytes,
                       end = std::min(slot + row_bytes, buffer.bytes);
    const auto first = static_cast<std::size_t>(lives.first[v][r]),
               last = static_cast<std::size_t>(lives.last[v][r]);
    // What a layer reads of a whole image it is given may lie behind its row, e.g. in the planes of further
    // channels.
    if (given)
      join(stays ? since[0] : until[last], slot, buffer.bytes);
    else if (stays && first < events)
      join(since[first], slot, end);
    else if (!stays)
      for (std::size_t t = first; t <= last; ++t) join(live.at[t], slot, end);
  }
  join_to_the_ends(live.at, std::move(until), std::move(since));
}

/// The scratch of stage `s` is there when it works; sums, from the first row to the last.
void add_scratch(LiveBuffer& live, std::int64_t bytes, const Schedule& schedule, int s, bool sums) {
  std::size_t from = live.at.size(), to = 0;
  for (std::size_t t = 0; t < live.at.size(); ++t) {
    if (schedule.events[t].stage != s) continue;
    live.at[t] = {0, bytes};
    from = std::min(from, t), to = t + 1;
  }
  for (std::size_t t = from; sums && t < to; ++t) live.at[t] = {0, bytes};
}

}  // namespace

Schedule run_schedule(const std::vector<StreamValue>& values, const std::vector<Stage>& stages,
                      bool ask_all) {
  Runner runner{values, stages, ask_all, {}};
  for (const Stage& s : stages) runner.schedule.asked.emplace_back(s.reads.size(), false);
  for (std::size_t v = 0; v < values.size(); ++v)
    runner.schedule.made.push_back(static_cast<int>(v) < runner.given ? values[v].height : 0);
  runner.pull(static_cast<int>(values.size()) - 1, values.back().height);
  return std::move(runner.schedule);
}

std::vector<std::int64_t> rows_kept(const Schedule& schedule, const std::vector<StreamValue>& values,
                                    const std::vector<Stage>& stages) {
  const RowLives lives = row_lives(schedule, values, stages.size());
  std::vector<std::int64_t> kept;
  for (std::size_t v = 0; v < values.size(); ++v) {
    const auto &first = lives.first[v], &last = lives.last[v];
    std::size_t rows = 1;
    for (std::size_t r = 0; r < first.size(); ++r)  // rows r - rows + 1 … r are there when row r is made
      while (first[r] != never && rows <= r && last[r - rows] >= first[r]) ++rows;
    kept.push_back(static_cast<std::int64_t>(rows));
  }
  return kept;
}

std::vector<LiveBuffer> live_buffers(const Program& program, const Call& stream) {
  const Schedule schedule = run_schedule(stream.values, stream.stages);
  const RowLives lives = row_lives(schedule, stream.values, stream.stages.size());
  const std::size_t events = schedule.events.size(), given = stream.values.size() - stream.stages.size();
  std::vector<LiveBuffer> buffers;
  for (std::size_t v = 0; v < stream.values.size(); ++v) {
    const BufferId id = stream.values[v].buffer;
    const bool stays = std::find(stream.writes.begin(), stream.writes.end(), id) != stream.writes.end();
    add_rows(entry(buffers, id, events), program[id], stream.values[v], lives, v, v < given, stays);
  }
  for (std::size_t s = 0; s < stream.stages.size(); ++s)
    for (const BufferId id : stream.stages[s].layer.scratch)
      add_scratch(entry(buffers, id, events), program[id].bytes, schedule, static_cast<int>(s),
                  stream.stages[s].kind == StageKind::fold);
  return buffers;
}

namespace {

/// Winograd's kernels make two rows of output at a time from four rows of input, or several such pairs of
/// rows.
Call by_rows_of_tiles(Call call) {
  if (call.kernel.rfind("winograd_", 0) != 0) return call;
  call.kernel = "packed_conv2d";
  const std::int64_t rows = 2 * int_param(call, "tile_rows");
  for (const auto& [name, value] :
       {std::pair<const char*, std::int64_t>{"out_h", (int_param(call, "out_h") + rows - 1) / rows},
        {"out_w", rows * int_param(call, "out_w")},
        {"k_h", rows + 2},
        {"stride_h", rows}})
    for (Param& p : call.params)
      if (p.name == name) p.value = std::to_string(value);
  return call;
}

/// A call of one layer as a stream of one stage over whole tensors: the order of its reads and writes.
std::optional<Call> single_stage(const Program& program, const Call& call) {
  auto form = row_form(program, by_rows_of_tiles(call));
  if (!form) return std::nullopt;
  Stage& stage = form->stage;
  stage.layer.scratch = call.scratch;
  if (int_param(call, "in_h") == 1 && int_param(call, "tile") > 0 && int_param(stage.layer, "in_h") > 1) {
    // A pixel-wise convolution of an image in one long row reads and writes patch by patch.
    const std::int64_t tile = int_param(call, "tile"), pixels = int_param(call, "in_w");
    stage.out_h = (pixels + tile - 1) / tile;
    form->inputs = {{stage.out_h, tile * int_param(call, "in_c")}};
    form->output = {stage.out_h, tile * int_param(call, "out_c")};
  }
  Call stream;
  std::size_t n = 0;
  for (const Operand& read : call.reads) {
    const auto* id = std::get_if<BufferId>(&read);
    if (!id) continue;
    const RowShape& rows = form->inputs.at(n++);
    stage.reads.push_back(static_cast<int>(stream.values.size()));
    stream.values.push_back({*id, rows.height, rows.pitch, rows.height});
  }
  stream.writes = call.writes;
  stream.values.push_back({call.writes[0], form->output.height, form->output.pitch, form->output.height});
  stream.stages.push_back(std::move(stage));
  return stream;
}

std::vector<Overlap> stream_overlaps(const Program& program, const Call& stream) {
  const std::vector<LiveBuffer> buffers = live_buffers(program, stream);
  std::vector<Overlap> overlaps;
  for (const LiveBuffer& below : buffers)
    for (const LiveBuffer& above : buffers) {
      if (&below == &above) continue;
      std::int64_t distance =
          -program[above.buffer].bytes;  // `below` behind the end of `above` needs no permission
      for (std::size_t t = 0; t < below.at.size(); ++t)
        if (below.at[t].first != below.at[t].last && above.at[t].first != above.at[t].last)
          distance = std::max(distance, below.at[t].last - above.at[t].first);
      if (distance < program[below.buffer].bytes)
        overlaps.push_back({static_cast<int>(below.buffer), static_cast<int>(above.buffer), distance});
    }
  return overlaps;
}

}  // namespace

std::vector<Overlap> call_overlaps(const Program& program, const Call& call) {
  if (!call.stages.empty()) return stream_overlaps(program, call);
  const auto* x = call.reads.empty() ? nullptr : std::get_if<BufferId>(&call.reads[0]);
  if (x && is_elementwise(call)) {
    const int input = static_cast<int>(*x), output = static_cast<int>(call.writes[0]);
    const std::int64_t grows =
        size_of(program[call.writes[0]].type) - size_of(program[*x].type);  // by each element
    return {overlap_ascending(output, input, grows * (grows > 0 ? int_param(call, "size") : 1))};
  }
  std::vector<Overlap> overlaps;
  const bool row_by_row = int_param(call, "band", 1) == 1;  // in the order of the rows of output
  if (const auto stream = row_by_row ? single_stage(program, call) : std::nullopt)
    overlaps = stream_overlaps(program, *stream);
  for (const auto& [write, read] : call.in_place)
    if (const auto* in = std::get_if<BufferId>(&call.reads[static_cast<std::size_t>(read)]))
      overlaps.push_back(
          {static_cast<int>(call.writes[static_cast<std::size_t>(write)]), static_cast<int>(*in), 0});
  return overlaps;
}

}  // namespace o2m

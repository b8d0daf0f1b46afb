#include "stream/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "program/names.hpp"
#include "stream/row_form.hpp"
#include "stream/schedule.hpp"

namespace o2m {
namespace {

using Range = std::pair<std::size_t, std::size_t>;

bool reads_buffer(const Call& call, BufferId id) {
  return std::find(call.reads.begin(), call.reads.end(), Operand(id)) != call.reads.end();
}

/// Whether anything outside the calls [first, last) needs the buffer: a later call, or the network's user. A
/// part of another is needed there, and what has parts; they are never rings.
bool needed_outside(const Program& program, BufferId id, std::size_t first, std::size_t last) {
  if (program[id].whole != BufferId::none || std::any_of(program.buffers.begin(), program.buffers.end(),
                                                         [&](const Buffer& b) { return b.whole == id; }))
    return true;
  for (const Port& port : program.outputs)
    if (port.buffer == id) return true;
  for (const State& state : program.states)
    if (state.next == id) return true;
  for (std::size_t i = 0; i < program.calls.size(); ++i)
    if ((i < first || i >= last) && reads_buffer(program.calls[i], id)) return true;
  return false;
}

/// Float inputs are quantized by calls of their own: run_quantized() begins behind them.
bool quantizes_input(const Program& program, const Call& call) {
  return call.kernel == "quantize_linear" &&
         std::any_of(program.inputs.begin(), program.inputs.end(),
                     [&](const Port& p) { return reads_buffer(call, p.buffer); });
}

/// A stream in the making: the values it is given, and those its stages make, each known by its buffer.
struct Builder {
  Program& program;
  std::vector<StreamValue> given = {}, made = {};
  std::vector<Stage> stages = {};
  std::vector<std::vector<std::pair<bool, std::size_t>>> reads = {};  ///< by stage: (given?, index)

  std::optional<std::size_t> made_value(BufferId id) const {
    for (std::size_t i = 0; i < made.size(); ++i)
      if (made[i].buffer == id) return i;
    return std::nullopt;
  }

  /// Whether it shares memory with something that a stage makes: whole buffers and their parts.
  bool lies_with_made(BufferId id) const {
    return std::any_of(made.begin(), made.end(), [&](const StreamValue& v) {
      return place_in(program, v.buffer).first == place_in(program, id).first;
    });
  }

  /// Height of what the call reads, as far as a stage before it has decided that.
  std::int64_t height_read(const Call& call) const {
    for (const Operand& read : call.reads)
      if (const auto* id = std::get_if<BufferId>(&read))
        if (const auto value = made_value(*id)) return made[*value].height;
    return 0;
  }

  std::size_t given_value(BufferId id, const RowShape& rows) {
    for (std::size_t i = 0; i < given.size(); ++i)
      if (given[i].buffer == id && given[i].height == rows.height && given[i].pitch == rows.pitch) return i;
    given.push_back({id, rows.height, rows.pitch, rows.height});
    return given.size() - 1;
  }

  bool add(const Call& call, bool small) {
    if (quantizes_input(program, call)) return false;
    auto form = row_form(program, call, height_read(call), small);
    if (!form) return false;
    reads.emplace_back();
    std::size_t n = 0;
    for (const Operand& read : call.reads) {
      const auto* id = std::get_if<BufferId>(&read);
      if (!id) continue;
      const RowShape& rows = form->inputs.at(n++);
      const auto value = made_value(*id);
      if (!value && lies_with_made(*id)) return false;
      if (value &&
          (made[*value].height != rows.height || made[*value].pitch != rows.pitch || form->needs_given_input))
        return false;
      reads.back().emplace_back(!value, value ? *value : given_value(*id, rows));
    }
    if (form->scratch_elements > 0) {
      program.buffers.push_back({call.name + " scratch",
                                 form->scratch_type,
                                 {form->scratch_elements},
                                 form->scratch_elements * size_of(form->scratch_type),
                                 std::max(4, size_of(form->scratch_type))});
      form->stage.layer.scratch = {static_cast<BufferId>(program.buffers.size() - 1)};
    }
    made.push_back({call.writes[0], form->output.height, form->output.pitch, form->output.height});
    stages.push_back(std::move(form->stage));
    return true;
  }

  std::vector<StreamValue> values() const {
    std::vector<StreamValue> all = given;
    all.insert(all.end(), made.begin(), made.end());
    return all;
  }

  /// Who reads what by number; who asks for what by running the stream once with all asking. A value for
  /// which two stages must ask would be made by code that stands twice in the stream: nothing then.
  bool connect() {
    for (std::size_t s = 0; s < stages.size(); ++s)
      for (const auto& [is_given, i] : reads[s])
        stages[s].reads.push_back(static_cast<int>(is_given ? i : given.size() + i));
    const Schedule schedule = run_schedule(values(), stages, /*ask_all=*/true);
    std::map<int, int> askers;
    for (std::size_t s = 0; s < stages.size(); ++s) {
      for (std::size_t i = 0; i < stages[s].reads.size(); ++i)
        if (schedule.asked[s][i]) stages[s].pulls.push_back(stages[s].reads[i]);
      std::sort(stages[s].pulls.rbegin(), stages[s].pulls.rend());
      for (const int value : stages[s].pulls)
        if (++askers[value] > 1) return false;
    }
    return true;
  }
};

std::string summary_of(const Program& program, const std::vector<StreamValue>& values, std::size_t given) {
  std::string text = "rows kept:";
  for (std::size_t v = given; v + 1 < values.size(); ++v)
    text += fmt::format("{} {} of {} bytes", v == given ? "" : ",", values[v].kept,
                        values[v].pitch * size_of(program[values[v].buffer].type));
  return text;
}

}  // namespace

std::optional<Call> make_stream(Program& program, std::size_t first, std::size_t last, bool small) {
  Builder builder{program};
  for (std::size_t i = first; i < last; ++i)
    if (!builder.add(program.calls[i], small)) return std::nullopt;
  if (!builder.connect()) return std::nullopt;
  Call stream;
  stream.values = builder.values();
  stream.stages = std::move(builder.stages);
  const Schedule schedule = run_schedule(stream.values, stream.stages);
  const auto kept = rows_kept(schedule, stream.values, stream.stages);
  const std::size_t given = builder.given.size();
  for (std::size_t v = 0; v < given; ++v)
    if (std::find(stream.reads.begin(), stream.reads.end(), Operand(stream.values[v].buffer)) ==
        stream.reads.end())
      stream.reads.push_back(stream.values[v].buffer);
  for (std::size_t v = given; v < stream.values.size(); ++v) {
    StreamValue& value = stream.values[v];
    if (needed_outside(program, value.buffer, first, last)) {
      if (schedule.made[v] < value.height) return std::nullopt;
      stream.writes.push_back(value.buffer);
    } else {
      if (v + 1 == stream.values.size()) return std::nullopt;
      value.kept = std::min(kept[v], value.height);
      stream.scratch.push_back(value.buffer);
      Buffer& ring = program[value.buffer];
      ring.bytes = value.kept * value.pitch * size_of(ring.type);
      ring.shape = {value.kept, value.pitch};
    }
  }
  for (const Stage& s : stream.stages) {
    stream.scratch.insert(stream.scratch.end(), s.layer.scratch.begin(), s.layer.scratch.end());
    stream.macs += s.layer.macs;
    stream.weight_bytes += s.layer.weight_bytes;
    stream.origin += (stream.origin.empty() ? "" : ", ") + s.layer.origin;
  }
  stream.kernel = "stream";
  stream.header = "stream.hpp";
  stream.tensors = stream.stages.back().layer.tensors;
  stream.summary = fmt::format("{} layers", stream.stages.size());
  stream.algorithm = summary_of(program, stream.values, given);
  return stream;
}

Program with_streams(const Program& program, const std::vector<Range>& ranges, bool small) {
  Program out = program;
  std::vector<Call> calls;
  const auto keep = [&](std::size_t first, std::size_t last) {
    for (; first < last; ++first) calls.push_back(program.calls[first]);
  };
  std::size_t next = 0;
  for (std::size_t n = 0; n < ranges.size(); ++n) {
    keep(next, ranges[n].first);
    auto stream = make_stream(out, ranges[n].first, ranges[n].second, small);
    if (!stream) throw std::logic_error("a range of layers is no stream");
    stream->name =
        unique_layer_name(out, ranges.size() == 1 ? "stream" : fmt::format("stream_{}", n + 1), "stream");
    calls.push_back(std::move(*stream));
    next = ranges[n].second;
  }
  keep(next, program.calls.size());
  out.calls = std::move(calls);
  return out;
}

}  // namespace o2m

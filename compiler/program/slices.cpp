// Concat and Split in place where their slices are contiguous: what is concatenated is written where it
// belongs, the pieces of what is split are read where they lie. The buffers of the pieces become parts of the
// whole one.

#include <algorithm>
#include <optional>

#include "compile.hpp"
#include "ops/lower.hpp"
#include "plan/place.hpp"
#include "program/names.hpp"

namespace o2m {
namespace {

bool is_port(const std::vector<Port>& ports, BufferId id) {
  return std::any_of(ports.begin(), ports.end(), [&](const Port& p) { return p.buffer == id; });
}

/// Buffers that code of their own refers to: states are merged and copied by number.
bool is_state(const Program& program, BufferId id) {
  return std::any_of(program.states.begin(), program.states.end(),
                     [&](const State& s) { return s.port.buffer == id || s.next == id; });
}

/// What run_quantized() takes instead of a float input.
bool is_quantized_input(const Program& program, BufferId id) {
  return std::any_of(program.calls.begin(), program.calls.end(), [&](const Call& call) {
    const auto* read = call.kernel == "quantize_linear" ? std::get_if<BufferId>(&call.reads[0]) : nullptr;
    return read && call.writes[0] == id && is_port(program.inputs, *read);
  });
}

/// Whether the buffer may lie in another: no caller hands it over, and it does not lie in one already.
bool may_be_part(const Program& program, BufferId id, BufferId whole) {
  return program[id].whole == BufferId::none && place_in(program, whole).first != id &&
         !is_port(program.inputs, id) && !is_port(program.outputs, id) && !is_quantized_input(program, id) &&
         !is_state(program, id) && program[id].type == program[whole].type;
}

std::size_t readers(const Program& program, BufferId id) {
  std::size_t count = 0;
  for (const Call& call : program.calls)
    count += static_cast<std::size_t>(std::count(call.reads.begin(), call.reads.end(), Operand(id)));
  return count;
}

/// One piece of a Concat or Split.
struct Piece {
  Operand operand;
  std::int64_t first = 0, count = 0;  ///< elements
  int table = -1;                     ///< of a QLinearConcat: what the elements are looked up in
};

/// A call that copies contiguous pieces to or from one buffer.
struct Slicing {
  BufferId whole = BufferId::none;
  bool joins = false;  ///< Concat, else Split
  std::vector<Piece> pieces = {};
};

std::optional<Slicing> slicing_of(const Program& program, const Call& call) {
  const bool joins = call.kernel == "concat" || call.kernel == "qlinear_concat";
  if ((!joins && call.kernel != "split") || int_param(call, "outer") != 1) return std::nullopt;
  const auto* read = std::get_if<BufferId>(&call.reads[0]);
  if (!joins && !read) return std::nullopt;
  Slicing s{joins ? call.writes[0] : *read, joins};
  if (is_state(program, s.whole)) return std::nullopt;
  const auto run = int_list_param(call, "run"), start = int_list_param(call, "start"),
             tables = int_list_param(call, "table_of");
  for (std::size_t i = 0; i < run.size(); ++i)
    s.pieces.push_back({joins ? call.reads[i] : Operand(call.writes[i]), start[i], run[i],
                        tables.empty() ? -1 : static_cast<int>(tables[i])});
  return s;
}

/// What is left to do of a Concat or Split: calls that copy, or look up, single pieces.
struct Rest {
  Program& program;
  const Call& original;
  std::vector<Call> calls = {};

  void add(const Piece& piece, Operand from, BufferId to) {
    Call call = original;
    call.kernel = piece.table < 0 ? "copy" : "lookup";
    call.header = call.kernel + ".hpp";
    call.name = calls.empty() ? original.name : unique_layer_name(program, original.name, "piece");
    call.params = {param("size", piece.count)};
    call.reads = {from};
    call.writes = {to};
    call.scratch.clear();
    call.in_place = {{0, 0}};
    call.algorithm =
        piece.table < 0 ? "a piece that cannot be in place" : "a piece requantized, table of all 256 values";
    if (piece.table >= 0) call.params.push_back(param_array(program, "table", table(piece.table)));
    calls.push_back(std::move(call));
  }

  /// Number `index` of the original's tables, as an array of its own.
  ConstantId table(int index) {
    const auto tables = std::find_if(original.params.begin(), original.params.end(),
                                     [](const Param& p) { return p.name == "tables"; });
    const auto all = std::find_if(program.constants.begin(), program.constants.end(),
                                  [&](const ConstantArray& c) { return c.name == tables->value; });
    const auto first = all->bytes.begin() + 256 * index;
    const ConstantArray one{
        unique_constant_name(program, original.name + "_table"), all->type, {first, first + 256}};
    program.constants.push_back(one);
    return static_cast<ConstantId>(program.constants.size() - 1);
  }
};

BufferId slice(Program& program, BufferId whole, const Piece& piece) {
  const DType type = program[whole].type;
  const int size = size_of(type);
  program.buffers.push_back(
      {program[whole].name, type, {piece.count}, piece.count * size, size, whole, piece.first * size});
  return static_cast<BufferId>(program.buffers.size() - 1);
}

void become_part(Program& program, BufferId id, BufferId whole, std::int64_t at) {
  program[whole].alignment =
      std::max(program[whole].alignment, static_cast<std::int64_t>(size_of(program[id].type)));
  program[id].whole = whole;
  program[id].at = at;
}

/// The program with call number `index`, a Concat or Split, as far as it can be in place; nothing if it is
/// not.
std::optional<Program> sliced(const Program& before, std::size_t index) {
  const auto s = slicing_of(before, before.calls[index]);
  if (!s) return std::nullopt;
  Program program = before;
  Rest rest{program, before.calls[index]};
  bool won = false;
  for (const Piece& piece : s->pieces) {
    if (piece.count == 0) continue;
    const auto* id = std::get_if<BufferId>(&piece.operand);
    const bool fits =
        id && may_be_part(program, *id, s->whole) && (piece.table < 0 || readers(program, *id) == 1);
    if (fits) become_part(program, *id, s->whole, piece.first * size_of(program[s->whole].type));
    won = won || fits;
    if (fits && piece.table < 0) continue;
    const BufferId part = slice(program, s->whole, piece);
    if (s->joins)
      rest.add(piece, piece.operand, part);
    else
      rest.add(piece, part, *id);
  }
  if (!won) return std::nullopt;
  const auto at = program.calls.erase(program.calls.begin() + static_cast<std::ptrdiff_t>(index));
  program.calls.insert(at, std::make_move_iterator(rest.calls.begin()),
                       std::make_move_iterator(rest.calls.end()));
  return program;
}

std::int64_t quick_height(const Program& program) {
  return place(plan_problem(program), {.step_limit = 2000}).height;
}

}  // namespace

Program with_slices(const Program& program) {
  Program best = program;
  std::optional<std::int64_t> height;
  for (std::size_t i = best.calls.size(); i-- > 0;) {  // the last first: what it joins may itself be joined
    if (!slicing_of(best, best.calls[i])) continue;
    auto trial = sliced(best, i);
    if (!trial) continue;
    if (!height) height = quick_height(best);
    const std::int64_t lower = quick_height(*trial);
    if (lower > *height) continue;  // a piece made early would keep the whole buffer alive
    best = std::move(*trial);
    height = lower;
  }
  return best;
}

}  // namespace o2m

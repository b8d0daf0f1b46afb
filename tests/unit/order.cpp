// The exact search over orders, against trying every order: random small graphs, counted here from the
// definition.
#include "plan/order.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "compile.hpp"

namespace {

using namespace o2m;

std::mt19937 bits(11);
int random_int(int lo, int hi) { return lo + static_cast<int>(bits() % static_cast<unsigned>(hi - lo + 1)); }

/// Node n makes buffer n + 1 from one to three earlier ones; buffer 0 is given, those that nobody reads are
/// kept.
OrderProblem random_problem(int nodes) {
  OrderProblem p;
  p.sizes = {random_int(1, 40)};
  std::vector<bool> read{false};
  for (int n = 0; n < nodes; ++n) {
    OrderNode node;
    for (int i = random_int(1, 3); i > 0; --i) node.buffers.push_back(random_int(std::max(0, n - 4), n));
    std::sort(node.buffers.begin(), node.buffers.end());
    node.buffers.erase(std::unique(node.buffers.begin(), node.buffers.end()), node.buffers.end());
    for (const int b : node.buffers) {
      read[static_cast<std::size_t>(b)] = true;
      if (b > 0) node.after.push_back(b - 1);
    }
    node.buffers.push_back(n + 1);
    p.nodes.push_back(node);
    p.sizes.push_back(random_int(1, 40));
    read.push_back(false);
  }
  p.given.assign(p.sizes.size(), false);
  p.given[0] = true;
  for (const bool r : read) p.kept.push_back(!r);
  return p;
}

/// A buffer is there from the node that makes it to the last that reads it.
std::int64_t peak_of(const OrderProblem& p, const std::vector<int>& order) {
  const int n = static_cast<int>(order.size());
  std::vector<int> made(p.sizes.size(), -1), last(p.sizes.size(), -1);
  for (int step = 0; step < n; ++step) {
    const auto& buffers = p.nodes[static_cast<std::size_t>(order[static_cast<std::size_t>(step)])].buffers;
    made[static_cast<std::size_t>(buffers.back())] = step;
    for (const int b : buffers) last[static_cast<std::size_t>(b)] = step;
  }
  std::int64_t peak = 0;
  for (int step = 0; step < n; ++step) {
    std::int64_t sum = 0;
    for (std::size_t b = 0; b < p.sizes.size(); ++b)
      if (made[b] <= step && (last[b] >= step || p.kept[b])) sum += p.sizes[b];
    peak = std::max(peak, sum);
  }
  return peak;
}

bool possible(const OrderProblem& p, const std::vector<int>& order) {
  std::vector<bool> done(order.size());
  for (const int n : order) {
    for (const int before : p.nodes[static_cast<std::size_t>(n)].after)
      if (!done[static_cast<std::size_t>(before)]) return false;
    done[static_cast<std::size_t>(n)] = true;
  }
  return true;
}

}  // namespace

TEST_CASE("the best order is no worse than any other") {
  int improved = 0;
  for (int round = 0; round < 3000; ++round) {
    const OrderProblem p = random_problem(random_int(1, 7));
    std::vector<int> order(p.nodes.size());
    std::iota(order.begin(), order.end(), 0);
    const std::int64_t given = peak_of(p, order);
    std::int64_t least = given;
    do
      if (possible(p, order)) least = std::min(least, peak_of(p, order));
    while (std::next_permutation(order.begin(), order.end()));
    const Order best = best_order(p);
    CHECK(best.proven);
    CHECK(best.as_given == given);
    CHECK(best.peak == least);
    CHECK(possible(p, best.nodes));
    CHECK(peak_of(p, best.nodes) == least);
    improved += least < given;
  }
  CHECK(improved > 300);
}

TEST_CASE("a search that is cut short says so and returns an order that works") {
  int unproven = 0;
  for (int round = 0; round < 200; ++round) {
    const OrderProblem p = random_problem(12);
    const Order exact = best_order(p), quick = best_order(p, 1);
    CHECK(possible(p, quick.nodes));
    CHECK(peak_of(p, quick.nodes) == quick.peak);
    CHECK(quick.peak >= exact.peak);
    if (quick.proven) CHECK(quick.peak == exact.peak);
    unproven += !quick.proven;
  }
  CHECK(unproven > 20);
}

namespace {

BufferId add_buffer(Program& p, std::int64_t bytes) {
  p.buffers.push_back({"b" + std::to_string(p.buffers.size()), DType::int8, {bytes}, bytes, 4});
  return static_cast<BufferId>(p.buffers.size() - 1);
}

BufferId add_call(Program& p, const char* kernel, std::vector<BufferId> reads, std::int64_t bytes) {
  Call call;
  call.kernel = kernel;
  call.name = std::string(kernel) + std::to_string(p.calls.size());
  for (const BufferId id : reads) call.reads.emplace_back(id);
  call.writes = {add_buffer(p, bytes)};
  p.calls.push_back(call);
  return call.writes[0];
}

Param number(const char* name, std::int64_t value) { return {"int", name, std::to_string(value)}; }

}  // namespace

TEST_CASE("a program in a better order, and its verdict") {
  Program p;
  p.inputs.emplace_back().buffer = add_buffer(p, 100);
  const BufferId x = p.inputs[0].buffer;
  const BufferId wide1 = add_call(p, "widen", {x}, 1000), wide2 = add_call(p, "widen", {x}, 1000);
  const BufferId thin1 = add_call(p, "narrow", {wide1}, 20), thin2 = add_call(p, "narrow", {wide2}, 20);
  p.outputs.emplace_back().buffer = add_call(p, "join", {thin1, thin2}, 40);
  std::string verdict;
  const Program best = with_best_order(p, verdict);
  CHECK(plan_memory(p).arena_bytes == 2100);     // both wide ones at the same time
  CHECK(plan_memory(best).arena_bytes == 1120);  // x, one wide one, and one thin one from before
  CHECK(verdict == "proven minimal among all orders; 2100 bytes in the model's own order");
}

TEST_CASE("what is concatenated is written in place, what is split is read in place") {
  Program p;
  p.inputs.emplace_back().buffer = add_buffer(p, 64);
  const BufferId x = p.inputs[0].buffer;
  const BufferId a = add_call(p, "left", {x}, 400), b = add_call(p, "right", {x}, 600);
  const BufferId joined = add_call(p, "concat", {a, b}, 1000);
  p.calls.back().params = {
      number("outer", 1), {"int", "run[]", "{400, 600}"}, {"int", "start[]", "{0, 400}"}};
  const BufferId work = add_call(p, "work", {joined}, 1000), half = add_buffer(p, 500),
                 rest = add_buffer(p, 500);
  p.calls.back().in_place = {{0, 0}};
  Call split;
  split.kernel = "split";
  split.reads = {work};
  split.writes = {half, rest};
  split.params = {number("outer", 1), {"int", "run[]", "{500, 500}"}, {"int", "start[]", "{0, 500}"}};
  p.calls.push_back(split);
  p.outputs.emplace_back().buffer = add_call(p, "use", {half, rest}, 8);
  CHECK(plan_memory(p).arena_bytes == 2000);  // the pieces beside the whole, twice
  const Program sliced = with_slices(p);
  CHECK(sliced.calls.size() == 4);
  const MemoryPlan plan = plan_memory(sliced);
  CHECK(plan.arena_bytes == 1064);
  const auto offset = [&](BufferId id) { return plan.offsets[static_cast<std::size_t>(id)]; };
  CHECK(offset(a) == offset(joined));
  CHECK(offset(b) == offset(joined) + 400);
  CHECK(offset(half) == offset(work));
  CHECK(offset(rest) == offset(work) + 500);
}

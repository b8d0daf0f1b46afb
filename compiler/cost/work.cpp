#include "cost/work.hpp"

#include <algorithm>

#include "cost/conv_work.hpp"

namespace o2m {
namespace {

/// blocked_fully_connected: pairs of the `block` rows with two inputs at a time.
void add_blocked_product(Work& work, const Constants& c) {
  const std::int64_t rows = c("rows"), in = c("in"), out = c("out"), block = c("block"),
                     blocks = (out + block - 1) / block,
                     pairs = out / block * (block / 2) + (out % block + 1) / 2;
  work.amounts.insert({{"pairs", real(rows * pairs * (in / 4) * 2)},
                       {"quads", real(rows * blocks * (in / 4))},
                       {"inputs", real(rows * in)},
                       {"blocks", real(rows * blocks)},
                       {"tails", real(rows * pairs * (in % 4))}});
  work.parts.insert({{c.form() + " outputs", real(block + out % block)},
                     {"variants", out % block != 0 ? 2.0 : 1.0},
                     {"tails", real(in % 4)}});
}

/// packed_fully_connected: blocks of 8 rows of weights, then of 4, 2 and 1.
void add_product(Work& work, const Constants& c) {
  const std::int64_t rows = c("rows"), in = c("in"), out = c("out"), quads = in / 4, eights = out / 8,
                     four = out % 8 / 4, two = out % 4 / 2, one = out % 2;
  const std::int64_t blocks = eights + four + two + one;
  work.amounts.insert({{"quads of 8", real(rows * eights * quads)},
                       {"quads of 4", real(rows * four * quads)},
                       {"quads of 2", real(rows * (two + one) * quads)},
                       {"blocks", real(rows * blocks)},
                       {"tails", in % 4 != 0 ? real(rows * blocks) : 0},
                       {"again", real(rows * out) * c.again(real(in))}});
  work.parts.insert({{c.form() + " outputs", real((eights > 0 ? 8 : 0) + 4 * four + 2 * two + one)},
                     {"variants", real((eights > 0) + four + two + one)},
                     {"tails", in % 4 != 0 ? real((eights > 0) + four + two + one) : 0}});
}

/// In words of four channels on the DSP extension, else one by one.
void add_pool(Work& work, const Constants& c, bool words) {
  const double windows = real(c("out_h") * c("out_w")), cells = windows * real(c("k_h") * c("k_w"));
  const std::int64_t channels = c("channels"), single = words ? channels % 4 : channels;
  work.amounts.insert({{"windows", windows},
                       {"outputs", windows * real(single)},
                       {"cells", cells},
                       {"elements", cells * real(single)},
                       {channels < 20 ? "output words of few channels" : "output words",
                        words ? windows * real(channels / 4) : 0},
                       {"words", words ? cells * real(channels / 4) : 0}});
}

/// The integers of "{2, 3}".
std::vector<std::int64_t> integers(const Param* p) {
  std::vector<std::int64_t> out;
  for (std::size_t at = 1; p && at < p->value.size(); at = p->value.find(',', at) + 1) {
    out.push_back(std::atoll(p->value.c_str() + at));
    if (p->value.find(',', at) == std::string::npos) break;
  }
  return out;
}

void add_strided_copy(Work& work, const Constants& c) {
  const std::vector<std::int64_t> size = integers(c.find("size[]")), step = integers(c.find("step[]"));
  double runs = 1;
  for (std::size_t i = 0; i + 1 < size.size(); ++i) runs *= real(size[i]);
  if (size.empty()) return;
  work.amounts.insert({{"runs", runs},
                       {step.back() == 1  ? "copied"
                        : size.back() < 4 ? "gathered by few"
                                          : "gathered",
                        runs * real(size.back())}});
}

std::int64_t elements(const Program& program, const Operand& operand) {
  if (const auto* id = std::get_if<BufferId>(&operand)) return element_count(program[*id].shape);
  return program[std::get<ConstantId>(operand)].count();
}

/// "uint8 -> float32" of the first input and output: the kernel is a template over them.
std::string types(const Program& program, const Call& call) {
  std::string text;
  for (const Operand& read : call.reads)
    if (const auto* id = std::get_if<BufferId>(&read); id && text.empty())
      text = to_string(program[*id].type);
  return text + (call.writes.empty() ? "" : " -> " + to_string(program[call.writes.front()].type));
}

/// float_conv2d: a channel of outputs at a time, block_c channels of a tap after the other.
void add_float_conv(Work& work, const Constants& c, double products) {
  const std::int64_t depth = c("in_c") / c("groups"), blocks = (depth + c("block_c") - 1) / c("block_c");
  const double outputs = real(c("out_h") * c("out_w") * c("out_c"));
  work.amounts.insert({{"outputs", outputs},
                       {"kernel rows", outputs * real(blocks * c("k_h"))},
                       {"taps", outputs * real(blocks * c("k_h") * c("k_w"))},
                       {"products", products}});
}

void add_generic(Work& work, const Program& program, const Call& call, const Constants& c) {
  double read = 0, written = 0;
  for (const Operand& operand : call.reads) read += real(elements(program, operand));
  for (const BufferId id : call.writes) written += real(element_count(program[id].shape));
  work.amounts.insert({{"inputs", read},
                       {c.form() + " outputs", written},
                       {"products", real(call.macs)},
                       {"products of long sums", real(call.macs) > 32 * written ? real(call.macs) : 0},
                       {"again", written * c.again(real(call.macs) / std::max(written, 1.0))}});
}

/// What the kernels have in common, as far as the model tells them apart.
struct Family {
  bool conv, winograd, depthwise, plain_conv, pool, blocked, product, direct;

  explicit Family(const Constants& c) {
    const std::string& k = c.call.kernel;
    conv = k == "packed_conv2d" || k == "packed_guarded_conv2d";
    winograd = k == "winograd_conv2d" || k == "winograd_guarded_conv2d";
    depthwise = k == "packed_depthwise_conv2d" || (conv && c("depthwise", 0) != 0);
    plain_conv = k == "conv2d" || k == "depthwise_conv2d" || k == "guarded_conv2d";
    pool = k == "max_pool" || k == "packed_max_pool";
    blocked = k == "blocked_conv2d" || k == "blocked_depthwise_conv2d" || k == "blocked_fully_connected";
    product = k == "packed_fully_connected" || k == "packed_guarded_fully_connected";
    direct = k == "packed_direct_conv2d";
  }
};

void add_work(Work& work, const Family& is, const Program& program, const Call& call, const Constants& c) {
  if (is.depthwise)
    add_depthwise(work, c);
  else if (is.conv)
    add_conv(work, c);
  else if (is.winograd)
    add_winograd(work, c);
  else if (is.product)
    add_product(work, c);
  else if (is.direct)
    add_direct_conv(work, c);
  else if (call.kernel == "blocked_conv2d")
    add_blocked_conv(work, c);
  else if (call.kernel == "blocked_depthwise_conv2d")
    add_blocked_depthwise(work, c);
  else if (call.kernel == "blocked_fully_connected")
    add_blocked_product(work, c);
  else if (is.plain_conv)
    add_plain_conv(work, c, call.kernel, real(call.macs));
  else if (is.pool)
    add_pool(work, c, call.kernel == "packed_max_pool");
  else if (call.kernel == "strided_copy")
    add_strided_copy(work, c);
  else if (call.kernel == "float_conv2d" || call.kernel == "float_conv2d_bias")
    add_float_conv(work, c, real(call.macs));
  else
    add_generic(work, program, call, c);
}

/// Behind the kernel's name, where one kernel has several sets of coefficients.
std::string variant(const Family& is, const Program& program, const Call& call, const Constants& c) {
  if (is.depthwise) return " depthwise";
  if (is.conv || is.product) return c("packed") ? "" : " wide";
  const bool one = is.plain_conv || is.pool || is.blocked || is.winograd || is.direct ||
                   call.kernel.find("fully_connected") != std::string::npos;
  std::string text;
  for (const char* function : {"Op", "order"})
    if (const Param* p = c.find(function)) text += " " + p->value.substr(p->value.rfind(':') + 1);
  return one ? "" : text + " " + types(program, call);
}

double outputs_of(const Program& program, const Call& call) {
  double written = 0;
  for (const BufferId id : call.writes) written += real(element_count(program[id].shape));
  return written;
}

}  // namespace

Work work_of(const Program& program, const Call& call) {
  const Constants c{call};
  const Family is(c);
  Work work{call.kernel, {{"layers", 1}}, {{"layers", 1}}};
  add_work(work, is, program, call, c);
  work.key += variant(is, program, call, c);
  if (is.depthwise || is.conv || is.winograd || is.product || is.plain_conv || is.blocked)
    work.amounts.insert({c.form() + " outputs", outputs_of(program, call)});
  std::erase_if(work.amounts, [](const auto& entry) { return entry.second == 0; });
  std::erase_if(work.parts, [](const auto& entry) { return entry.second == 0; });
  return work;
}

}  // namespace o2m

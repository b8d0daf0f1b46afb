// Valid models changed in a few places: what gets past the import. The mutator works on the protobuf message,
// so that most of its models are well formed and differ in what they mean.
#include <cstdint>
#include <random>

#include "compile_or_refuse.hpp"
#include "import/read.hpp"
#include "ops/op.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

using Random = std::minstd_rand;

template <class T>
decltype(auto) pick(Random& random, T&& list) {
  return list[static_cast<std::size_t>(random()) % std::size(list)];
}

/// A random element of a repeated field, or null.
template <class Field>
auto* element(Random& random, Field* field) {
  return field->empty() ? nullptr
                        : field->Mutable(static_cast<int>(random() % static_cast<unsigned>(field->size())));
}

constexpr std::int64_t integers[] = {0,
                                     1,
                                     2,
                                     3,
                                     4,
                                     5,
                                     7,
                                     8,
                                     16,
                                     255,
                                     256,
                                     -1,
                                     -2,
                                     -3,
                                     65536,
                                     1 << 20,
                                     INT32_MAX,
                                     INT32_MIN,
                                     std::int64_t{1} << 31,
                                     std::int64_t{1} << 32,
                                     (std::int64_t{1} << 32) + 1,
                                     std::int64_t{1} << 62,
                                     INT64_MAX,
                                     INT64_MIN};
constexpr float reals[] = {0,
                           -0.0f,
                           1,
                           -1,
                           0.5f,
                           1e-45f,
                           1e-38f,
                           1e-20f,
                           1e20f,
                           3e38f,
                           __builtin_inff(),
                           -__builtin_inff(),
                           __builtin_nanf("")};
constexpr const char* names[] = {"",        "\"", "*/",   "?\?/",   "a\nb", "class",
                                 "../../x", "\\", "\xff", "@name@", "Model"};

std::int64_t integer(Random& random, std::int64_t old) {
  return random() % 2 ? pick(random, integers)
                      : static_cast<std::int64_t>(static_cast<std::uint64_t>(old) + random() % 5 - 2);
}

std::string value_name(Random& random, onnx::GraphProto& g) {
  const auto* node = element(random, g.mutable_node());
  if (node && node->output_size() && random() % 2)
    return node->output(static_cast<int>(random()) % node->output_size());
  const auto* initializer = element(random, g.mutable_initializer());
  if (initializer && random() % 2) return initializer->name();
  const auto* input = element(random, g.mutable_input());
  return input ? input->name() : "";
}

void attribute_value(Random& random, onnx::AttributeProto& a) {
  if (random() % 8 == 0) return a.set_type(static_cast<onnx::AttributeProto::AttributeType>(random() % 15));
  switch (a.type()) {
    case onnx::AttributeProto::INT: return a.set_i(integer(random, a.i()));
    case onnx::AttributeProto::FLOAT: return a.set_f(pick(random, reals));
    case onnx::AttributeProto::STRING: return a.set_s(pick(random, names));
    default:
      if (random() % 4 == 0 || a.ints().empty()) return a.add_ints(integer(random, 0));
      if (random() % 4 == 0) return a.mutable_ints()->RemoveLast();
      auto* ints = a.mutable_ints();
      std::int64_t& one = *ints->Mutable(static_cast<int>(random() % static_cast<unsigned>(ints->size())));
      one = integer(random, one);
  }
}

void node_attribute(Random& random, onnx::GraphProto& g) {
  auto* node = element(random, g.mutable_node());
  auto* a = node ? element(random, node->mutable_attribute()) : nullptr;
  if (!a) return;
  if (random() % 6 == 0)
    node->mutable_attribute()->RemoveLast();
  else if (random() % 8 == 0)
    a->set_name(pick(random, names));
  else
    attribute_value(random, *a);
}

void node_inputs(Random& random, onnx::GraphProto& g) {
  auto* node = element(random, g.mutable_node());
  auto* input = node ? element(random, node->mutable_input()) : nullptr;
  if (!input) return;
  switch (random() % 4) {
    case 0: return node->mutable_input()->RemoveLast();
    case 1: return node->add_input(value_name(random, g));
    case 2: return input->clear();
    default: *input = value_name(random, g);
  }
}

void node_operator(Random& random, onnx::GraphProto& g) {
  auto* node = element(random, g.mutable_node());
  if (!node) return;
  const o2m::Op& op = *pick(random, o2m::all_ops());
  node->set_op_type(std::string(op.type));
  node->set_domain(std::string(op.domain));
}

void nodes(Random& random, onnx::GraphProto& g) {
  auto* node = element(random, g.mutable_node());
  if (!node) return;
  const int last = g.node_size() - 1;
  switch (random() % 4) {
    case 0:
      return g.mutable_node()->DeleteSubrange(
          static_cast<int>(random() % static_cast<unsigned>(g.node_size())), 1);
    case 1:
      return g.mutable_node()->SwapElements(static_cast<int>(random() % static_cast<unsigned>(g.node_size())),
                                            last);
    case 2: return node->set_name(pick(random, names));
    default: g.add_output()->set_name(value_name(random, g));
  }
}

void port(Random& random, onnx::GraphProto& g) {
  auto* value = element(random, random() % 4 ? g.mutable_input() : g.mutable_output());
  if (!value) return;
  auto& type = *value->mutable_type()->mutable_tensor_type();
  auto* dim = element(random, type.mutable_shape()->mutable_dim());
  if (random() % 4 == 0)
    type.set_elem_type(static_cast<int>(random() % 24));
  else if (!dim || random() % 6 == 0)
    type.mutable_shape()->add_dim()->set_dim_value(1);
  else if (random() % 6 == 0)
    type.mutable_shape()->mutable_dim()->RemoveLast();
  else
    dim->set_dim_value(integer(random, dim->dim_value()));
}

void tensor(Random& random, onnx::GraphProto& g) {
  auto* t = element(random, g.mutable_initializer());
  if (!t) return;
  std::string& raw = *t->mutable_raw_data();
  switch (random() % 6) {
    case 0: return t->set_data_type(static_cast<int>(random() % 24));
    case 1: return t->add_dims(1);
    case 2:
      return t->dims().empty() ? t->add_dims(integer(random, 1))
                               : t->set_dims(0, integer(random, t->dims(0)));
    case 3: return raw.resize(raw.size() / 2);
    case 4:
      return t->data_type() == 1 && raw.size() >= 4 ? void(std::memcpy(raw.data(), &pick(random, reals), 4))
                                                    : void();
    default:
      if (!raw.empty()) raw[static_cast<std::size_t>(random()) % raw.size()] = static_cast<char>(random());
  }
}

void change(Random& random, onnx::ModelProto& model) {
  onnx::GraphProto& g = *model.mutable_graph();
  if (random() % 40 == 0 && model.opset_import_size())
    return model.mutable_opset_import(0)->set_version(static_cast<std::int64_t>(6 + random() % 21));
  constexpr void (*changes[])(Random&, onnx::GraphProto&) = {
      node_attribute, node_attribute, node_inputs, node_operator, nodes, port, port, tensor, tensor};
  pick(random, changes)(random, g);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  Random random(seed);
  onnx::ModelProto model;
  if (!model.ParseFromArray(data, static_cast<int>(size))) return LLVMFuzzerMutate(data, size, max_size);
  for (auto n = 1 + random() % 4; n > 0; --n) change(random, model);
  const std::size_t bytes = model.ByteSizeLong();
  if (bytes > max_size) return size;
  model.SerializeToArray(data, static_cast<int>(bytes));
  return bytes;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  onnx::ModelProto model;
  if (model.ParseFromArray(data, static_cast<int>(size)))
    fuzz::compile_or_refuse(model, static_cast<unsigned>(size));
  return 0;
}

// Program: what will be printed. Buffers in the arena, constant arrays, and one call of a runtime kernel per
// layer, in execution order. Knows nothing of ONNX but the texts it carries for comments and reports.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ir/tensor.hpp"

namespace o2m {

enum class BufferId : int { none = -1 };
enum class ConstantId : int {};

struct Buffer {
  std::string name;  ///< ONNX name of the tensor it holds, or what a scratch buffer is for
  DType type = DType::undefined;
  Shape shape;  ///< as stored, e.g. NHWC
  std::int64_t bytes = 0;
  std::int64_t alignment = 4;  ///< of its offset in the arena, in bytes
  BufferId whole =
      BufferId::none;   ///< the buffer of which it is a part: a piece that Concat joins, or Split cuts off
  std::int64_t at = 0;  ///< its first byte there
};

struct ConstantArray {
  std::string name;  ///< C++ identifier, unique
  DType type = DType::undefined;
  std::vector<std::byte> bytes;
  int alignment = 4;  ///< at least that of its type
  bool hot = false;   ///< to lie in the memory closest to the core (firmware/hot_weights.hpp)
  std::int64_t count() const { return static_cast<std::int64_t>(bytes.size()) / size_of(type); }
};

/// `static constexpr TYPE NAME = VALUE;` inside the layer struct.
struct Param {
  std::string type, name, value;
};

using Operand = std::variant<BufferId, ConstantId>;

/// A value of a stream: rows, of which the last `kept` are in memory.
struct StreamValue {
  BufferId buffer = BufferId::none;
  std::int64_t height = 0;
  std::int64_t pitch = 0;  ///< elements from one row to the next
  std::int64_t kept = 0;   ///< height: all of them
};

struct Stage;

struct Call {
  std::string kernel;  ///< function template in namespace onnx2mcu, e.g. "conv2d"
  std::string header;  ///< runtime header that defines it, e.g. "conv2d.hpp"
  std::string name;    ///< snake_case, unique: the wrapper's name; the struct is its UpperCamel form
  std::vector<Param> params;
  std::vector<Operand> reads;  ///< kernel arguments in order: reads, writes, scratch
  std::vector<BufferId> writes;
  std::vector<BufferId> scratch;  ///< live during this call only
  /// (write, read) pairs, indices into the above, that may share their storage exactly (same offset).
  std::vector<std::pair<int, int>> in_place;
  std::string origin;   ///< `node 3 "/conv1/Conv" (Conv)`
  std::string summary;  ///< "uint8[28, 28, 1] -> uint8[24, 24, 6]"
  std::int64_t macs = 0;
  std::int64_t weight_bytes = 0;
  std::string algorithm;             ///< what lowering chose and why, for inspect
  std::string requantization;        ///< chosen form and its proof, for inspect; empty where there is none
  std::vector<std::string> tensors;  ///< ONNX names of the outputs, for validate --layers
  /// Not empty: a stream (runtime/onnx2mcu/stream.hpp). Its values are those it is given, then one for each
  /// stage.
  std::vector<StreamValue> values;
  std::vector<Stage> stages;
};

enum class StageKind {
  window,  ///< a row from the k_h rows under it
  row,     ///< row y from row y of each value read
  fold,    ///< a row from the k_h rows under it, one after the other; dil_h is 1
};

/// A layer that hands on rows. Row y needs the rows y * stride_h - pad_top + k * dil_h.
struct Stage {
  StageKind kind = StageKind::window;
  Call layer;              ///< constants of one row; buffers as before, a ring in the place of a whole image
  std::vector<int> reads;  ///< values, one for each buffer that the layer reads
  std::vector<int> pulls;  ///< those of them that it asks for, in this order
  std::int64_t out_h = 1, k_h = 1, stride_h = 1, dil_h = 1, pad_top = 0;
};

/// A network input or output as the user sees it.
struct Port {
  std::string name;
  DType type = DType::undefined;
  Shape shape;                                        ///< in ONNX order, or NHWC with --layout nhwc
  std::string layout;                                 ///< "NCHW", "NHWC", "NC", …
  std::optional<std::pair<float, int>> quantization;  ///< (scale, zero point) of an 8-bit port
  BufferId buffer = BufferId::none;
};

/// What the next run finds where this one left it: `port.buffer` at the beginning, `next` at the end.
struct State {
  Port port;
  BufferId next = BufferId::none;
};

/// Names given out so far, and the number to try next behind each that was wanted again.
struct UniqueNames {
  std::set<std::string> taken;
  std::map<std::string, int> next;
};

struct Program {
  std::string model_name;
  std::vector<Buffer> buffers;
  std::vector<ConstantArray> constants;
  std::vector<Call> calls;
  std::vector<Port> inputs, outputs;
  std::vector<State> states;
  bool weights_in_ram = false;              ///< of a firmware, as far as banks have room
  std::vector<std::string> notes;           ///< what passes did with the model's nodes, for inspect
  UniqueNames layer_names, constant_names;  ///< see names.hpp

  Buffer& operator[](BufferId id) { return buffers[static_cast<std::size_t>(id)]; }
  const Buffer& operator[](BufferId id) const { return buffers[static_cast<std::size_t>(id)]; }
  const ConstantArray& operator[](ConstantId id) const { return constants[static_cast<std::size_t>(id)]; }
};

/// The buffer with a place of its own in the arena in which `id` lies, itself or one it is a part of, and
/// where in it.
std::pair<BufferId, std::int64_t> place_in(const Program& program, BufferId id);

/// Bytes of all constant arrays, and multiply-accumulates of one inference.
std::int64_t constant_bytes(const Program& program);
/// Of those that are hot.
std::int64_t hot_bytes(const Program& program);
std::int64_t total_macs(const Program& program);

}  // namespace o2m

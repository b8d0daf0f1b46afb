// float16 at run time, as ONNX Runtime's CPU provider has it on x86-64 (insert_cast_transformer.cc): tensors
// are stored in 16 bits where they enter, leave or only move; whatever computes does so in float32 behind a
// Cast, and a result is rounded to float16 only where the next node does not compute in float32 too.
#pragma once

#include <map>
#include <vector>

#include "ir/graph.hpp"

namespace o2m {

/// Works along with type inference, node by node in topological order; the graph's list of nodes stays as it
/// is until insert().
class HalfCasts {
 public:
  explicit HalfCasts(Graph& graph);
  /// Before the node's types are inferred: it reads and makes float32 in the place of float16, if it
  /// computes.
  void before(Node& node);
  /// Afterwards (and after folding): what the model calls its outputs is rounded from that.
  void after(Node& node);
  /// Puts the Casts into the graph.
  void insert();

 private:
  struct Source {
    ValueId id;
    bool computed;  ///< not the model's own Cast makes the float16: then a Cast of the model back has nothing
                    ///< to round
  };
  struct Waiting {
    std::size_t before;  ///< index of the node it goes in front of
    Node node;
  };

  bool is_half(ValueId id) const { return id != ValueId::none && graph_[id].type == DType::float16; }
  bool is_isolated(const Node& node, std::size_t n) const;
  bool all_read_as_float(ValueId id) const;
  void read_cast(Node& node);
  void expand(Node& node, std::size_t n);
  void bound_by_half(Node& node);
  ValueId add(std::size_t n, const Node& like, const char* op, std::vector<ValueId> inputs,
              std::map<std::string, Attribute> attributes = {});
  ValueId widened(ValueId half, std::size_t n, bool rounded);
  ValueId temporary(ValueId like);

  Graph& graph_;
  Uses uses_;
  std::vector<bool> computes_;               ///< by node: it reads float32 in the place of float16
  std::map<ValueId, Source> sources_ = {};   ///< by float16 value: the float32 it is rounded from
  std::map<ValueId, ValueId> widened_ = {};  ///< by float16 value: float32 made of it
  std::vector<Waiting> waiting_ = {};
  std::vector<ValueId> outputs_ = {};  ///< of the node between before() and after(); empty: unchanged
  bool rounds_ = false;                ///< its outputs are float16 for all that follows
};

}  // namespace o2m

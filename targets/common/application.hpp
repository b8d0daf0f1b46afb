// A network as the firmware around it sees it; the generated main.cpp fills it in.
#ifndef ONNX2MCU_TARGET_APPLICATION_HPP
#define ONNX2MCU_TARGET_APPLICATION_HPP

#include <cstdint>

namespace onnx2mcu::target {

struct Bytes {
  std::uint8_t* data;
  std::uint32_t size;
};

/// Samples in the firmware: inputs and expected outputs of each, one after the other, and perhaps their
/// classes.
struct Vectors {
  const std::uint8_t* inputs;
  const std::uint8_t* outputs;
  const std::uint8_t* labels;  ///< may be null
  std::uint32_t count;
};

struct Application {
  const char* name;
  const char* identity;  ///< JSON: docs/protocol.md
  std::uint32_t identity_bytes;
  const Bytes* inputs;
  std::uint32_t input_count;
  const Bytes* outputs;
  std::uint32_t output_count;
  void (*run)();
  void (*reset)();                           ///< the next run is the first of a network with state
  float (*output)(std::uint32_t i);          ///< element of the first output
  std::uint32_t classes;                     ///< elements of the first output
  const volatile std::uint32_t* layer_ends;  ///< cycle counter at the end of each layer of the last run
  std::uint32_t layer_count;
  Vectors vectors;
};

}  // namespace onnx2mcu::target

#endif

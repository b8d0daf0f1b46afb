#include "device/client.hpp"

#include <nlohmann/json.hpp>

#include "../../targets/common/protocol.hpp"
#include "diagnostics.hpp"

namespace o2m {
namespace {

namespace protocol = onnx2mcu::protocol;
using Clock = std::chrono::steady_clock;

constexpr int attempts = 4;
constexpr std::uint32_t longest_payload = 64u << 20;

std::uint32_t word(std::string_view bytes, std::size_t at) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < 4; ++i)
    v |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << 8 * i;
  return v;
}

std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const char c : bytes) crc = protocol::crc32_step(crc, static_cast<std::uint8_t>(c));
  return ~crc;
}

std::vector<std::uint8_t> frame(std::uint8_t type, std::uint8_t sequence, std::uint16_t argument,
                                std::span<const std::uint8_t> payload) {
  std::vector<std::uint8_t> bytes;
  protocol::Sender send([&](std::uint8_t byte) { bytes.push_back(byte); });
  send.begin(
      {static_cast<protocol::Type>(type), sequence, argument, static_cast<std::uint32_t>(payload.size())});
  send.bytes(payload.data(), static_cast<std::uint32_t>(payload.size()));
  send.end();
  return bytes;
}

std::string error_text(std::string_view payload) {
  if (payload.size() != 12) return "an error it does not explain";
  const std::uint32_t a = word(payload, 4), b = word(payload, 8);
  switch (static_cast<protocol::Error>(word(payload, 0))) {
    case protocol::Error::header_checksum: return "the request's header was damaged";
    case protocol::Error::unknown_type: return fmt::format("it does not know request {}", a);
    case protocol::Error::length:
      return fmt::format("its network takes {} bytes of input, {} were sent", a, b);
    case protocol::Error::payload_checksum: return "the request's payload was damaged";
    case protocol::Error::incomplete: return fmt::format("only {} bytes of a request of {} came", b, a);
    case protocol::Error::noise: return fmt::format("{} bytes came that are no request", a);
    case protocol::Error::argument:
      return a == 0 ? "its firmware was built without test vectors (--input, --expected)"
                    : fmt::format("it has {} test vectors, not number {}", a, b);
  }
  return fmt::format("error {}", word(payload, 0));
}

/// Damage on the line: worth another attempt.
bool transient(std::string_view payload) {
  if (payload.size() != 12) return false;
  const auto e = static_cast<protocol::Error>(word(payload, 0));
  return e == protocol::Error::header_checksum || e == protocol::Error::payload_checksum ||
         e == protocol::Error::incomplete || e == protocol::Error::noise;
}

DType type_named(const std::string& name) {
  for (const DType t : {DType::float32, DType::uint8, DType::int8, DType::uint16, DType::int16, DType::int32,
                        DType::int64, DType::boolean, DType::float64, DType::uint32, DType::uint64})
    if (to_string(t) == name) return t;
  refuse("the device has a tensor of unknown type \"{}\"", printable(name));
}

std::vector<Port> ports(const nlohmann::json& list) {
  std::vector<Port> out;
  for (const auto& entry : list) {
    Port p;
    p.name = entry.at("name").get<std::string>();
    p.type = type_named(entry.at("type").get<std::string>());
    p.shape = entry.at("shape").get<Shape>();
    p.layout = entry.at("layout").get<std::string>();
    if (element_count(p.shape) < 0)
      refuse("the device describes a tensor of impossible shape {}", to_string(p.shape));
    if (entry.contains("scale"))
      p.quantization = {entry.at("scale").get<float>(), entry.at("zero_point").get<int>()};
    out.push_back(std::move(p));
  }
  return out;
}

}  // namespace

DeviceClient::DeviceClient(const std::string& port, std::chrono::milliseconds timeout)
    : port_(port), timeout_(timeout) {}

/// Takes a whole frame out of what was received; text and damaged bytes before it are dropped.
std::optional<DeviceClient::Frame> DeviceClient::next_frame() {
  const std::string magic(std::begin(protocol::magic), std::end(protocol::magic));
  for (;;) {
    const std::size_t at = received_.find(magic);
    received_.erase(
        0, at != std::string::npos ? at : received_.size() - std::min(received_.size(), magic.size() - 1));
    if (at == std::string::npos || received_.size() < protocol::header_bytes) return std::nullopt;
    const std::string_view bytes = received_;
    const std::uint32_t length = word(bytes, 8);
    const std::size_t whole = protocol::header_bytes + std::size_t{length} + protocol::checksum_bytes;
    const bool good = word(bytes, 12) == checksum(bytes.substr(0, 12)) && length <= longest_payload;
    if (good && bytes.size() < whole) return std::nullopt;
    if (good && word(bytes, whole - 4) == checksum(bytes.substr(protocol::header_bytes, length))) {
      Frame f{static_cast<std::uint8_t>(bytes[4]), static_cast<std::uint8_t>(bytes[5]), length,
              std::string(bytes.substr(protocol::header_bytes, length))};
      received_.erase(0, whole);
      return f;
    }
    received_.erase(0, 1);
  }
}

std::optional<DeviceClient::Frame> DeviceClient::receive(Clock::time_point deadline) {
  for (;;) {
    if (auto f = next_frame()) return f;
    if (!port_.read(received_, deadline)) return std::nullopt;
    deadline =
        std::max(deadline, Clock::now() + std::chrono::milliseconds(500));  // while bytes come, more may
  }
}

/// The payload of the reply.
std::string DeviceClient::request(std::uint8_t type, std::uint16_t argument,
                                  std::span<const std::uint8_t> payload) {
  std::string last = "it does not answer";
  for (int attempt = 0; attempt < attempts; ++attempt) {
    received_.clear();
    port_.write(frame(type, ++sequence_, argument, payload));
    const auto on_the_line = std::chrono::milliseconds(payload.size() * 10 * 1000 / 115'200 + 1);
    const auto deadline = Clock::now() + timeout_ + on_the_line;
    while (auto f = receive(deadline)) {
      if (f->type == (type | protocol::reply_bit) && f->sequence == sequence_) return f->payload;
      if (f->type != static_cast<std::uint8_t>(protocol::Type::error)) continue;  // of a request given up
      last = error_text(f->payload);
      if (!transient(f->payload) && f->sequence == sequence_)
        refuse("{}: the device refuses: {}", port_.name(), last);
      if (transient(f->payload)) break;
    }
  }
  refuse("{}: no answer from the device in {} attempts: {}", port_.name(), attempts, last);
}

DeviceInfo DeviceClient::identify() {
  const std::string reply = request(static_cast<std::uint8_t>(protocol::Type::identify), 0, {});
  if (reply.size() < 8) refuse("{}: the device's description is cut short", port_.name());
  if (reply[4] != static_cast<char>(protocol::version))
    refuse("{}: the device speaks version {} of the protocol, this program version {}", port_.name(),
           int{reply[4]}, int{protocol::version});
  DeviceInfo info;
  info.core_hz = word(reply, 0);
  info.external_clock = reply[5] != 0;
  info.json = reply.substr(8);
  try {
    const auto json = nlohmann::json::parse(info.json);
    info.model = json.at("model").get<std::string>();
    info.sha256 = json.at("sha256").get<std::string>();
    info.target = json.at("target").get<std::string>();
    info.inputs = ports(json.at("inputs"));
    info.outputs = ports(json.at("outputs"));
    info.layers = json.at("layers").get<std::vector<std::string>>();
    info.vectors = json.at("vectors").get<std::int64_t>();
  } catch (const nlohmann::json::exception& fault) {
    refuse("{}: the device describes itself wrongly: {}", port_.name(), fault.what());
  }
  return info;
}

Inference DeviceClient::infer(std::span<const std::uint8_t> input) {
  const std::string reply = request(static_cast<std::uint8_t>(protocol::Type::infer), 0, input);
  if (reply.size() < 4) refuse("{}: the device's answer is cut short", port_.name());
  return {word(reply, 0), {reply.begin() + 4, reply.end()}, {}};
}

Inference DeviceClient::profile(std::span<const std::uint8_t> input) {
  const std::string reply = request(static_cast<std::uint8_t>(protocol::Type::profile), 0, input);
  if (reply.size() < 4) refuse("{}: the device's answer is cut short", port_.name());
  Inference out{word(reply, 0), {}, {}};
  for (std::size_t at = 4; at + 4 <= reply.size(); at += 4) out.layer_cycles.push_back(word(reply, at));
  return out;
}

SelfTest DeviceClient::self_test(std::uint16_t vector) {
  const std::string reply = request(static_cast<std::uint8_t>(protocol::Type::self_test), vector, {});
  if (reply.size() < 20) refuse("{}: the device's answer is cut short", port_.name());
  const std::uint32_t correct = word(reply, 8);
  return {word(reply, 0), word(reply, 4), correct == 0xFFFF'FFFF ? -1 : std::int64_t{correct},
          word(reply, 12) | std::uint64_t{word(reply, 16)} << 32};
}

}  // namespace o2m

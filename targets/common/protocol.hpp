// The frames that a device and its host exchange over the UART: docs/protocol.md. Used on the device and, for
// tests and by the host program, on the host. No heap, no waiting: bytes are fed in one at a time.
#ifndef ONNX2MCU_TARGET_PROTOCOL_HPP
#define ONNX2MCU_TARGET_PROTOCOL_HPP

#include <cstdint>

namespace onnx2mcu::protocol {

inline constexpr std::uint8_t version = 1;
inline constexpr std::uint8_t magic[4] = {0xA5, 'O', '2', 'M'};
inline constexpr std::uint32_t magic_word = 0xA54F324D;  ///< the same, first byte on top
inline constexpr std::uint32_t header_bytes = 16, checksum_bytes = 4;
inline constexpr std::uint8_t reply_bit = 0x80;
inline constexpr std::uint16_t all_vectors = 0xFFFF;

enum class Type : std::uint8_t { identify = 1, infer = 2, profile = 3, self_test = 4, error = 0x7F };

/// Payload of an error frame: one of these as uint32, then two numbers that depend on it.
enum class Error : std::uint32_t {
  header_checksum = 1,   ///< –, –
  unknown_type = 2,      ///< type, –
  length = 3,            ///< expected, found
  payload_checksum = 4,  ///< expected, found
  incomplete = 5,  ///< bytes expected, bytes that came before the line fell silent (0: not even a header)
  noise = 6,       ///< bytes outside any frame, –
  argument = 7,    ///< how many there are, found
};

struct Header {
  Type type;
  std::uint8_t sequence;   ///< chosen by the host, repeated in the reply
  std::uint16_t argument;  ///< self_test: which vector
  std::uint32_t length;    ///< of the payload, in bytes
};

inline constexpr std::uint32_t crc32_nibbles[16] = {
    0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
    0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};

/// CRC-32 as in Ethernet, zip and PNG (reflected polynomial 0xEDB88320), four bits a step. Begin and end with
/// ~0.
constexpr std::uint32_t crc32_step(std::uint32_t crc, std::uint8_t byte) noexcept {
  crc ^= byte;
  crc = crc >> 4 ^ crc32_nibbles[crc & 15u];
  return crc >> 4 ^ crc32_nibbles[crc & 15u];
}

/// Sends frames: `put(byte)` is all it needs of a port.
template <class Put>
class Sender {
 public:
  explicit Sender(Put put) noexcept : put_(put) {}

  void begin(const Header& h) noexcept {
    for (const std::uint8_t byte : magic) emit(byte);
    emit(static_cast<std::uint8_t>(h.type));
    emit(h.sequence);
    emit(static_cast<std::uint8_t>(h.argument));
    emit(static_cast<std::uint8_t>(h.argument >> 8));
    word(h.length);
    word(~crc_);
    crc_ = ~0u;
  }
  void byte(std::uint8_t value) noexcept { emit(value); }
  void word(std::uint32_t value) noexcept {
    for (int shift = 0; shift < 32; shift += 8) emit(static_cast<std::uint8_t>(value >> shift));
  }
  void bytes(const std::uint8_t* data, std::uint32_t size) noexcept {
    for (std::uint32_t i = 0; i < size; ++i) emit(data[i]);
  }
  void end() noexcept {
    word(~crc_);
    crc_ = ~0u;
  }

 private:
  void emit(std::uint8_t value) noexcept {
    crc_ = crc32_step(crc_, value);
    put_(value);
  }
  Put put_;
  std::uint32_t crc_ = ~0u;
};

/// Finds frames in a stream of bytes. Whatever comes, the next good frame is found: bytes that turn out to be
/// no frame are searched again behind their first one. Handler: `uint8_t& payload(i)` with i < `room()`, the
/// longest payload; `uint32_t expected(type)`, how long a request's payload has to be, or `unknown`; `bool
/// frame(header)`, true if it wrote to the payload's room; `void error(header, error, a, b)`; `void
/// outside(byte)`, a byte that is part of no frame.
template <class Handler>
class Receiver {
 public:
  static constexpr std::uint32_t unknown = 0xFFFF'FFFF;

  explicit Receiver(Handler& handler) noexcept : handler_(handler) {}

  void feed(std::uint8_t byte) noexcept {
    at(count_++) = byte;
    while (step()) {
    }
  }

  /// The line has been silent for long: what is incomplete will stay so. Returns the number of bytes outside
  /// any frame since the last frame or error.
  std::uint32_t silence() noexcept {
    if (count_ > 0) error(total_ > 0 ? header() : Header{}, Error::incomplete, total_, count_);
    const std::uint32_t outside = noise_;
    while (count_ > 0) {
      remove();
      while (step()) {
      }
    }
    noise_ = 0;
    searching_ = false;
    return outside;
  }

  /// Forgets what was received: somebody else takes the bytes for a while.
  void forget() noexcept {
    count_ = total_ = noise_ = 0;
    searching_ = false;
  }

  /// Something came that is not settled yet: silence() will have to be called.
  bool pending() const noexcept { return count_ > 0 || noise_ > 0 || searching_; }

 private:
  /// Settles what can be settled with the bytes at hand. True: some were taken away, so look again.
  bool step() noexcept {
    if (count_ == 0) return false;
    if (!could_begin(0)) return remove();
    if (count_ < header_bytes) return false;
    if (total_ == 0 && !check_header()) return remove();
    if (count_ < total_) return false;
    return check_payload();
  }

  bool check_header() noexcept {
    const Header h = header();
    if (word_at(12) != checksum(0, 12)) return error({}, Error::header_checksum, 0, 0);
    const std::uint32_t expected = handler_.expected(h.type);
    if (expected == unknown) return error(h, Error::unknown_type, static_cast<std::uint32_t>(h.type), 0);
    if (h.length != expected) return error(h, Error::length, expected, h.length);
    total_ = header_bytes + h.length + checksum_bytes;
    return true;
  }

  bool check_payload() noexcept {
    const Header h = header();
    const std::uint32_t found = word_at(total_ - checksum_bytes), expected = checksum(header_bytes, h.length);
    if (found != expected) return error(h, Error::payload_checksum, expected, found), remove();
    noise_ = 0;
    searching_ = false;
    if (handler_.frame(h)) count_ = total_;
    shift(total_);
    return true;
  }

  bool error(const Header& h, Error what, std::uint32_t a, std::uint32_t b) noexcept {
    handler_.error(h, what, a, b);
    noise_ = 0;
    searching_ = true;
    return false;
  }

  /// Forgets the first byte and all others up to where a frame might begin.
  bool remove() noexcept {
    std::uint32_t n = 1;
    while (n < count_ && !could_begin(n)) ++n;
    if (!searching_) {
      noise_ += n;
      for (std::uint32_t i = 0; i < n; ++i) handler_.outside(at(i));
    }
    shift(n);
    return true;
  }

  void shift(std::uint32_t n) noexcept {
    for (std::uint32_t i = n; i < count_; ++i) at(i - n) = at(i);
    count_ -= n;
    total_ = 0;
  }

  bool could_begin(std::uint32_t first) noexcept {
    for (std::uint32_t i = 0; i < sizeof magic && first + i < count_; ++i)
      if (at(first + i) != magic[i]) return false;
    return true;
  }

  Header header() noexcept {
    return {static_cast<Type>(at(4)), at(5), static_cast<std::uint16_t>(word_at(4) >> 16), word_at(8)};
  }

  std::uint32_t checksum(std::uint32_t first, std::uint32_t n) noexcept {
    std::uint32_t crc = ~0u;
    for (std::uint32_t i = 0; i < n; ++i) crc = crc32_step(crc, at(first + i));
    return ~crc;
  }

  std::uint32_t word_at(std::uint32_t i) noexcept {
    return at(i) | static_cast<std::uint32_t>(at(i + 1)) << 8 | static_cast<std::uint32_t>(at(i + 2)) << 16 |
           static_cast<std::uint32_t>(at(i + 3)) << 24;
  }

  /// The bytes at hand, one after the other; total_ never exceeds what this covers.
  std::uint8_t& at(std::uint32_t i) noexcept {
    if (i < header_bytes) return header_[i];
    const std::uint32_t room = handler_.room();
    return i - header_bytes < room ? handler_.payload(i - header_bytes) : checksum_[i - header_bytes - room];
  }

  Handler& handler_;
  std::uint8_t header_[header_bytes] = {}, checksum_[checksum_bytes] = {};
  std::uint32_t count_ = 0;  ///< bytes at hand, the first of which may begin a frame
  std::uint32_t total_ = 0;  ///< length of the frame they begin, once its header is known to be good
  std::uint32_t noise_ = 0;  ///< bytes outside any frame
  bool searching_ = false;   ///< an error was reported: what follows up to the next frame belongs to it
};

}  // namespace onnx2mcu::protocol

#endif

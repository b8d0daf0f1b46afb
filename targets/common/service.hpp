// What a firmware answers: frames (docs/protocol.md) and, for a person at a terminal, plain text. Independent
// of any chip, so that it can be tested on a host: Port has `static void put(uint8_t)`, `static uint32_t
// cycles()`, `static uint32_t clock_hz()` and `static bool external_clock()`.
#ifndef ONNX2MCU_TARGET_SERVICE_HPP
#define ONNX2MCU_TARGET_SERVICE_HPP

#include "application.hpp"
#include "protocol.hpp"
#include "text.hpp"

namespace onnx2mcu::target {

template <class Port>
class Service {
 public:
  explicit Service(const Application& application) noexcept
      : app_(application), receiver_(*this), send_(&Port::put) {
    for (std::uint32_t i = 0; i < app_.input_count; ++i) input_bytes_ += app_.inputs[i].size;
    for (std::uint32_t i = 0; i < app_.output_count; ++i) output_bytes_ += app_.outputs[i].size;
  }

  void feed(std::uint8_t byte) noexcept {
    if (text_mode_) return feed_text(byte);
    receiver_.feed(byte);
    if (text_wanted_) enter_text();
    if (test_wanted_) print_self_test();
  }

  /// Nothing has come for silence_ms although pending().
  void silence() noexcept {
    if (text_mode_) return give_up_text();
    const bool typed = printable_ && newline_;
    const std::uint32_t noise = receiver_.silence();
    if (noise > 0 && typed) help();
    if (noise > 0 && !typed) error({}, protocol::Error::noise, noise, 0);
    printable_ = true;
    newline_ = false;
    typed_ = 0;
  }
  bool pending() const noexcept { return text_mode_ ? text_count_ > 0 : receiver_.pending(); }

  void help() noexcept {
    text_.line("");
    text_.word("onnx2mcu ");
    text_.word(app_.name);
    text_.word(" at ");
    text_.number(static_cast<float>(Port::clock_hz()) / 1e6F, 0);
    text_.line(Port::external_clock() ? " MHz" : " MHz, internal oscillator: the external one did not start");
    text_.line("Frames: docs/protocol.md. Type \"text\" and Enter to send raw inputs and read predictions.");
    if (app_.vectors.count > 0) text_.line("Type \"test\" and Enter to run the samples built in.");
  }

  // What protocol::Receiver asks for.
  std::uint32_t room() const noexcept { return input_bytes_; }
  std::uint8_t& payload(std::uint32_t i) noexcept {
    const Bytes* input = app_.inputs;
    while (i >= input->size) i -= input++->size;
    return input->data[i];
  }
  std::uint32_t expected(protocol::Type type) const noexcept {
    if (type == protocol::Type::infer || type == protocol::Type::profile) return input_bytes_;
    if (type == protocol::Type::identify || type == protocol::Type::self_test) return 0;
    return decltype(receiver_)::unknown;
  }
  bool frame(const protocol::Header& h) noexcept {
    switch (h.type) {
      case protocol::Type::identify: return identify(h), false;
      case protocol::Type::infer: return infer(h), true;
      case protocol::Type::profile: return profile(h), true;
      default: return self_test(h);
    }
  }
  void error(const protocol::Header& h, protocol::Error what, std::uint32_t a, std::uint32_t b) noexcept {
    send_.begin({protocol::Type::error, h.sequence, h.argument, 12});
    send_.word(static_cast<std::uint32_t>(what));
    send_.word(a);
    send_.word(b);
    send_.end();
  }
  void outside(std::uint8_t byte) noexcept {
    const bool end = byte == '\r' || byte == '\n';
    printable_ = printable_ && (end || (byte >= ' ' && byte <= '~'));
    newline_ = newline_ || end;
    text_wanted_ = text_wanted_ || (end && typed_ == 0x74657874);                            // "text"
    test_wanted_ = test_wanted_ || (end && typed_ == 0x74657374 && app_.vectors.count > 0);  // "test"
    typed_ = end ? 0 : typed_ << 8 | byte;
  }

 private:
  static constexpr std::uint8_t reply_to(protocol::Type type) noexcept {
    return static_cast<std::uint8_t>(static_cast<std::uint8_t>(type) | protocol::reply_bit);
  }
  void begin(const protocol::Header& h, std::uint32_t length) noexcept {
    send_.begin({static_cast<protocol::Type>(reply_to(h.type)), h.sequence, h.argument, length});
  }

  /// Cycles of one inference on the inputs as they are.
  std::uint32_t run() noexcept {
    const std::uint32_t begin = Port::cycles();
    app_.run();
    return Port::cycles() - begin;
  }

  void identify(const protocol::Header& h) noexcept {
    app_.reset();
    begin(h, 8 + app_.identity_bytes);
    send_.word(Port::clock_hz());
    send_.byte(protocol::version);
    send_.byte(Port::external_clock() ? 1 : 0);
    send_.byte(0);
    send_.byte(0);
    send_.bytes(reinterpret_cast<const std::uint8_t*>(app_.identity), app_.identity_bytes);
    send_.end();
  }

  void infer(const protocol::Header& h) noexcept {
    const std::uint32_t cycles = run();
    begin(h, 4 + output_bytes_);
    send_.word(cycles);
    for (std::uint32_t i = 0; i < app_.output_count; ++i)
      send_.bytes(app_.outputs[i].data, app_.outputs[i].size);
    send_.end();
  }

  void profile(const protocol::Header& h) noexcept {
    std::uint32_t last = Port::cycles();
    const std::uint32_t cycles = run();
    begin(h, 4 + 4 * app_.layer_count);
    send_.word(cycles);
    for (std::uint32_t i = 0; i < app_.layer_count; ++i) {
      const std::uint32_t end = app_.layer_ends[i];
      send_.word(end - last);
      last = end;
    }
    send_.end();
  }

  /// True if the vectors ran, and took the inputs' room.
  bool self_test(const protocol::Header& h) noexcept {
    const bool all = h.argument == protocol::all_vectors;
    if (all ? app_.vectors.count == 0 : h.argument >= app_.vectors.count)
      return error(h, protocol::Error::argument, app_.vectors.count, h.argument), false;
    const std::uint32_t first = all ? 0 : h.argument, count = all ? app_.vectors.count : 1;
    const Tally t = try_vectors(first, count);
    begin(h, 20);
    send_.word(count);
    send_.word(t.identical);
    send_.word(app_.vectors.labels != nullptr ? t.correct : 0xFFFF'FFFF);
    send_.word(static_cast<std::uint32_t>(t.cycles));
    send_.word(static_cast<std::uint32_t>(t.cycles >> 32));
    send_.end();
    return true;
  }

  struct Tally {
    std::uint32_t identical = 0, correct = 0;
    std::uint64_t cycles = 0;
  };

  Tally try_vectors(std::uint32_t first, std::uint32_t count) noexcept {
    Tally t;
    if (first == 0) app_.reset();
    for (std::uint32_t i = first; i < first + count; ++i) {
      load(i);
      t.cycles += run();
      t.identical += matches(i) ? 1 : 0;
      t.correct += app_.vectors.labels != nullptr && app_.vectors.labels[i] == prediction() ? 1 : 0;
    }
    return t;
  }

  void load(std::uint32_t vector) noexcept {
    const std::uint8_t* from = app_.vectors.inputs + vector * input_bytes_;
    for (std::uint32_t i = 0; i < input_bytes_; ++i) payload(i) = from[i];
  }

  bool matches(std::uint32_t vector) const noexcept {
    const std::uint8_t* expected = app_.vectors.outputs + vector * output_bytes_;
    for (std::uint32_t o = 0; o < app_.output_count; ++o)
      for (std::uint32_t i = 0; i < app_.outputs[o].size; ++i)
        if (app_.outputs[o].data[i] != *expected++) return false;
    return true;
  }

  std::uint32_t prediction() const noexcept {
    std::uint32_t best = 0;
    for (std::uint32_t i = 1; i < app_.classes; ++i)
      if (app_.output(i) > app_.output(best)) best = i;
    return best;
  }

  /// The answer to "test".
  void print_self_test() noexcept {
    test_wanted_ = false;
    receiver_.forget();
    const auto count = static_cast<float>(app_.vectors.count);
    const Tally t = try_vectors(0, app_.vectors.count);
    text_.line("");
    text_.number(static_cast<float>(t.identical), 0);
    text_.word(" of ");
    text_.number(count, 0);
    text_.line(" samples with the expected outputs");
    if (app_.vectors.labels != nullptr) {
      text_.number(static_cast<float>(t.correct), 0);
      text_.word(" predicted right: accuracy ");
      text_.number(static_cast<float>(t.correct) * 100.0F / count, 2);
      text_.line(" %");
    }
    text_.number(static_cast<float>(t.cycles) / count * 1000.0F / static_cast<float>(Port::clock_hz()), 3);
    text_.line(" ms each");
  }

  void enter_text() noexcept {
    text_mode_ = true;
    text_wanted_ = false;
    text_count_ = last_ = typed_ = 0;
    receiver_.forget();
    text_.line("");
    text_.word("Send ");
    text_.number(static_cast<float>(input_bytes_), 0);
    text_.line(" raw bytes per input; a frame ends this.");
  }

  /// Raw inputs, unless they begin like a frame.
  void feed_text(std::uint8_t byte) noexcept {
    payload(text_count_++) = byte;
    last_ = last_ << 8 | byte;
    if (last_ == protocol::magic_word && (text_count_ == 4 || input_bytes_ < 4)) {
      text_mode_ = false;
      for (const std::uint8_t m : protocol::magic) receiver_.feed(m);
      return;
    }
    if (text_count_ < input_bytes_) return;
    text_count_ = 0;
    const std::uint32_t cycles = run();
    text_.word("prediction ");
    text_.number(static_cast<float>(prediction()), 0);
    text_.word(", ");
    text_.number(static_cast<float>(cycles) * 1000.0F / static_cast<float>(Port::clock_hz()), 3);
    text_.line(" ms");
    for (std::uint32_t i = 0; i < app_.classes; ++i) {
      text_.word("  ");
      text_.number(static_cast<float>(i), 0);
      text_.word("  ");
      text_.number(app_.output(i), 4);
      text_.line("");
    }
  }

  void give_up_text() noexcept {
    text_.word("only ");
    text_.number(static_cast<float>(text_count_), 0);
    text_.word(" of ");
    text_.number(static_cast<float>(input_bytes_), 0);
    text_.line(" bytes came, dropped");
    text_count_ = 0;
  }

  const Application& app_;
  protocol::Receiver<Service> receiver_;
  protocol::Sender<void (*)(std::uint8_t)> send_;
  Text<Port> text_;
  std::uint32_t input_bytes_ = 0, output_bytes_ = 0;
  bool printable_ = true, newline_ = false, text_wanted_ = false, test_wanted_ = false, text_mode_ = false;
  std::uint32_t typed_ = 0;       ///< the last four characters of the line being typed
  std::uint32_t text_count_ = 0;  ///< raw bytes so far
  std::uint32_t last_ = 0;        ///< the last four of them
};

}  // namespace onnx2mcu::target

#endif

// The firmware's service on the host: every request, every error, and good frames found behind any damage.
// Frames are made and read here with code of its own (bitwise CRC, no protocol.hpp).
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "service.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace {

std::vector<std::uint8_t> sent;
std::uint32_t clock_now = 0;

struct FakePort {
  static void put(std::uint8_t byte) { sent.push_back(byte); }
  static std::uint32_t cycles() { return clock_now += 10; }
  static std::uint32_t clock_hz() { return 1'000'000; }
  static bool external_clock() { return true; }
};

// A "network": 6 bytes and 2 bytes in, their sums out.
std::uint8_t first[6], second[2], result[2];
volatile std::uint32_t ends[2];
void run() {
  result[0] = result[1] = 0;
  for (const std::uint8_t b : first) result[0] = static_cast<std::uint8_t>(result[0] + b);
  for (const std::uint8_t b : second) result[1] = static_cast<std::uint8_t>(result[1] + b);
  ends[0] = clock_now += 100;
  ends[1] = clock_now += 50;
}

int resets = 0;
void reset() { ++resets; }

const onnx2mcu::target::Bytes inputs[] = {{first, 6}, {second, 2}}, outputs[] = {{result, 2}};
const std::uint8_t vector_inputs[] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 9, 1, 1},
                   vector_outputs[] = {21, 15, 9, 3}, labels[] = {0, 1};
const char json[] = "{}";
const onnx2mcu::target::Application application{
    "sums", json,
    2,      inputs,
    2,      outputs,
    1,      run,
    reset,  [](std::uint32_t i) { return static_cast<float>(result[i]); },
    2,      ends,
    2,      {vector_inputs, vector_outputs, labels, 2}};
using Service = onnx2mcu::target::Service<FakePort>;
using Bytes = std::vector<std::uint8_t>;

std::uint32_t crc(const std::uint8_t* p, std::size_t n) {
  std::uint32_t c = ~0u;
  for (std::size_t i = 0; i < n; ++i) {
    c ^= p[i];
    for (int k = 0; k < 8; ++k) c = (c & 1) ? c >> 1 ^ 0xEDB88320u : c >> 1;
  }
  return ~c;
}

void put_word(Bytes& to, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) to.push_back(static_cast<std::uint8_t>(v >> 8 * i));
}

std::uint32_t get_word(const Bytes& from, std::size_t at) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < 4; ++i) v |= std::uint32_t{from.at(at + i)} << 8 * i;
  return v;
}

Bytes frame(std::uint8_t type, std::uint8_t sequence, std::uint16_t argument, const Bytes& payload) {
  Bytes f{0xA5,
          'O',
          '2',
          'M',
          type,
          sequence,
          static_cast<std::uint8_t>(argument),
          static_cast<std::uint8_t>(argument >> 8)};
  put_word(f, static_cast<std::uint32_t>(payload.size()));
  put_word(f, crc(f.data(), f.size()));
  f.insert(f.end(), payload.begin(), payload.end());
  put_word(f, crc(payload.data(), payload.size()));
  return f;
}

struct Reply {
  std::uint8_t type, sequence;
  Bytes payload;
};

/// Everything that was sent has to be whole, valid frames, but for lines of text (noise may happen to be a
/// typed line).
std::vector<Reply> replies() {
  std::vector<Reply> out;
  for (std::size_t at = 0; at < sent.size();) {
    while (at < sent.size() && (sent[at] == '\r' || sent[at] == '\n' || (sent[at] >= ' ' && sent[at] <= '~')))
      ++at;
    if (at == sent.size()) break;
    REQUIRE(sent.size() - at >= 20);
    REQUIRE(std::memcmp(&sent[at], "\xA5O2M", 4) == 0);
    REQUIRE(get_word(sent, at + 12) == crc(&sent[at], 12));
    const std::size_t n = get_word(sent, at + 8);
    REQUIRE(sent.size() - at >= 20 + n);
    REQUIRE(get_word(sent, at + 16 + n) == crc(&sent[at + 16], n));
    out.push_back({sent[at + 4], sent[at + 5], Bytes(&sent[at + 16], &sent[at + 16] + n)});
    at += 20 + n;
  }
  sent.clear();
  return out;
}

void feed(Service& s, const Bytes& bytes) {
  for (const std::uint8_t b : bytes) s.feed(b);
}

Reply only(const std::vector<Reply>& list) {
  REQUIRE(list.size() == 1);
  return list[0];
}

const Bytes sample{1, 2, 3, 4, 5, 6, 7, 8};

std::uint32_t error_code(const Reply& r) {
  REQUIRE(r.type == 0x7F);
  REQUIRE(r.payload.size() == 12);
  return get_word(r.payload, 0);
}

std::string text() {
  const std::string t(sent.begin(), sent.end());
  sent.clear();
  return t;
}

}  // namespace

TEST_CASE("the CRC is the common one") {
  const char digits[] = "123456789";
  std::uint32_t c = ~0u;
  for (int i = 0; i < 9; ++i) c = onnx2mcu::protocol::crc32_step(c, static_cast<std::uint8_t>(digits[i]));
  CHECK(~c == 0xCBF43926);
}

TEST_CASE("requests") {
  sent.clear();
  Service s(application);
  resets = 0;
  feed(s, frame(1, 7, 0, {}));
  CHECK(resets == 1);
  Reply r = only(replies());
  CHECK(r.type == 0x81);
  CHECK(r.sequence == 7);
  CHECK(r.payload == Bytes{0x40, 0x42, 0x0F, 0, 1, 1, 0, 0, '{', '}'});

  feed(s, frame(2, 8, 0, sample));
  r = only(replies());
  CHECK(r.type == 0x82);
  CHECK(r.payload == Bytes{160, 0, 0, 0, 21, 15});

  feed(s, frame(3, 9, 0, sample));
  r = only(replies());
  CHECK(get_word(r.payload, 0) == 160);
  CHECK(get_word(r.payload, 8) == 50);
  CHECK(r.payload.size() == 12);

  feed(s, frame(4, 10, 0xFFFF, {}));
  r = only(replies());
  CHECK(get_word(r.payload, 0) == 2);
  CHECK(get_word(r.payload, 4) == 1);  // 9 and 2, not 9 and 3
  CHECK(get_word(r.payload, 8) == 1);  // 21 > 15: class 0 is right; 9 > 2: class 1 is wrong
  CHECK(resets == 2);
  feed(s, frame(4, 11, 0, {}));
  CHECK(get_word(only(replies()).payload, 4) == 1);
  CHECK_FALSE(s.pending());
}

TEST_CASE("every error has its frame") {
  sent.clear();
  Service s(application);
  Bytes f = frame(2, 1, 0, sample);
  f[13] ^= 1;
  feed(s, f);
  CHECK(error_code(only(replies())) == 1);
  s.silence();
  feed(s, frame(9, 1, 0, {}));
  CHECK(error_code(only(replies())) == 2);
  s.silence();
  feed(s, frame(2, 1, 0, {1, 2, 3}));
  Reply r = only(replies());
  CHECK(error_code(r) == 3);
  CHECK(get_word(r.payload, 4) == 8);
  CHECK(get_word(r.payload, 8) == 3);
  s.silence();
  f = frame(2, 5, 0, sample);
  f[17] ^= 0x40;
  feed(s, f);
  r = only(replies());
  CHECK(error_code(r) == 4);
  CHECK(r.sequence == 5);
  s.silence();
  f = frame(2, 6, 0, sample);
  f.resize(20);
  feed(s, f);
  CHECK(s.pending());
  s.silence();
  r = only(replies());
  CHECK(error_code(r) == 5);
  CHECK(get_word(r.payload, 8) == 20);
  CHECK_FALSE(s.pending());
  feed(s, {0xFF, 0x00, 0x80});
  s.silence();
  r = only(replies());
  CHECK(error_code(r) == 6);
  CHECK(get_word(r.payload, 4) == 3);
  feed(s, frame(4, 1, 2, {}));
  CHECK(error_code(only(replies())) == 7);
  s.silence();
  CHECK(sent.empty());
}

TEST_CASE("after any damage the next good frame is answered, at the latest when the line is silent") {
  sent.clear();
  Service s(application);
  std::mt19937 random(1);
  const auto below = [&](std::uint32_t n) { return static_cast<std::size_t>(random() % n); };
  for (int i = 0; i < 200'000; ++i) {
    Bytes bad = frame(static_cast<std::uint8_t>(1 + below(5)), 0x11, static_cast<std::uint16_t>(below(3)),
                      below(2) ? sample : Bytes{});
    for (std::size_t n = below(4); n-- > 0;)
      bad[below(static_cast<std::uint32_t>(bad.size()))] = static_cast<std::uint8_t>(random());
    if (below(3) == 0) bad.resize(below(static_cast<std::uint32_t>(bad.size())));
    if (below(4) == 0)
      bad.insert(bad.begin() + static_cast<std::ptrdiff_t>(below(static_cast<std::uint32_t>(bad.size() + 1))),
                 static_cast<std::uint8_t>(random()));
    if (below(4) == 0)
      for (std::size_t n = below(40); n-- > 0;)
        bad.push_back(below(3) ? static_cast<std::uint8_t>(random())
                               : static_cast<std::uint8_t>("\xA5O2M"[below(4)]));
    feed(s, bad);
    if (below(8) == 0) s.silence();
    const auto sequence = static_cast<std::uint8_t>(0x80 + below(100));
    feed(s, frame(2, sequence, 0, sample));
    s.silence();
    bool answered = false;
    for (const Reply& r : replies())
      if (r.type == 0x82 && r.sequence == sequence)
        answered = r.payload.size() == 6 && r.payload[4] == 21 && r.payload[5] == 15;
    REQUIRE(answered);
    REQUIRE_FALSE(s.pending());
  }
}

TEST_CASE("a frame that a broken one swallowed is answered together with those behind it") {
  sent.clear();
  Service s(application);
  Bytes broken = frame(2, 1, 0, sample);
  broken.resize(5);
  feed(s, broken);
  feed(s, frame(4, 2, 9, {}));  // no such vector
  feed(s, frame(1, 3, 0, {}));
  s.silence();
  const std::vector<Reply> all = replies();
  REQUIRE(all.size() == 3);
  CHECK(error_code(all[0]) == 1);
  CHECK(error_code(all[1]) == 7);
  CHECK(all[2].type == 0x81);
}

TEST_CASE("text for a person") {
  sent.clear();
  Service s(application);
  feed(s, {'h', 'i', '\r'});
  s.silence();
  CHECK(text().find("onnx2mcu sums at 1 MHz") != std::string::npos);
  feed(s, {'t', 't', 'e', 'x', 't', '\n'});
  CHECK(text().find("Send 8 raw bytes") != std::string::npos);
  feed(s, sample);
  CHECK(text() == "prediction 0, 0.160 ms\r\n  0  21.0000\r\n  1  15.0000\r\n");
  feed(s, {1, 2, 3});
  CHECK(s.pending());
  s.silence();
  CHECK(text() == "only 3 of 8 bytes came, dropped\r\n");
  feed(s, frame(2, 3, 0, sample));
  CHECK(only(replies()).type == 0x82);
  feed(s, sample);
  s.silence();
  CHECK(error_code(only(replies())) == 6);
}

TEST_CASE("samples built in, run by hand") {
  sent.clear();
  Service s(application);
  feed(s, {'t', 'e', 's', 't', '\r'});
  CHECK(text() ==
        "\r\n1 of 2 samples with the expected outputs\r\n1 predicted right: accuracy 50.00 %\r\n0.160 ms "
        "each\r\n");
  s.silence();
  CHECK(sent.empty());
  onnx2mcu::target::Application bare = application;
  bare.vectors = {};
  Service without(bare);
  feed(without, {'t', 'e', 's', 't', '\r'});
  CHECK(sent.empty());
  without.silence();
  CHECK(text().find("onnx2mcu sums") != std::string::npos);
}

TEST_CASE("numbers as text") {
  using T = onnx2mcu::target::Text<FakePort>;
  const auto number = [](float v, int decimals) {
    sent.clear();
    T::number(v, decimals);
    return text();
  };
  CHECK(number(0, 0) == "0");
  CHECK(number(-12.34567F, 4) == "-12.3457");
  CHECK(number(0.99996F, 4) == "1.0000");
  CHECK(number(7.5F, 3) == "7.500");
  CHECK(number(__builtin_nanf(""), 2) == "nan");
  CHECK(number(1e20F, 1) == "2000000000.0");
}

// Text for a person at a terminal: words and numbers, without printf. Port has `static void put(uint8_t)`.
#ifndef ONNX2MCU_TARGET_TEXT_HPP
#define ONNX2MCU_TARGET_TEXT_HPP

#include <cstdint>

namespace onnx2mcu::target {

template <class Port>
struct Text {
  static void word(const char* text) noexcept {
    while (*text != '\0') Port::put(static_cast<std::uint8_t>(*text++));
  }
  static void line(const char* text) noexcept {
    word(text);
    word("\r\n");
  }

  /// With up to 4 decimals, rounded; values beyond +-2e9 are cut to that.
  static void number(float value, int decimals) noexcept {
    if (!(value == value)) return word("nan");
    if (value < 0.0F) word("-");
    const float magnitude = value < 0.0F ? -value : value;
    std::uint32_t scale = 1;
    for (int i = 0; i < decimals; ++i) scale *= 10;
    const float whole_limit = 2e9F;
    const std::uint32_t whole =
        magnitude < whole_limit ? static_cast<std::uint32_t>(magnitude) : 2'000'000'000u;
    const float rest = magnitude < whole_limit ? magnitude - static_cast<float>(whole) : 0.0F;
    const auto rounded = static_cast<std::uint32_t>(rest * static_cast<float>(scale) + 0.5F);
    digits(whole + rounded / scale, 1);
    if (decimals == 0) return;
    word(".");
    digits(rounded % scale, decimals);
  }

 private:
  static void digits(std::uint32_t value, int least) noexcept {
    char text[11];
    int n = 10;
    text[n] = '\0';
    for (; value > 0 || least > 0; value /= 10, --least) text[--n] = static_cast<char>('0' + value % 10);
    word(text + n);
  }
};

}  // namespace onnx2mcu::target

#endif

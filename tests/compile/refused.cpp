// Wrong uses that must not compile, one per CASE; CASE 0 is right.
#include "digits.hpp"

static digits::Model model;

void use();
void use() {
  const std::uint8_t image[784] = {};
  float logits[10];
#if CASE == 0
  model.run(image, logits);
  logits[0] = model.output<0>()[0];
#elif CASE == 1  // there is no second input
  model.input<1>()[0] = 0;
#elif CASE == 2  // nor a second output
  logits[0] = model.output<1>()[0];
#elif CASE == 3  // the input is bytes
  const float real[784] = {};
  model.run(real, logits);
#elif CASE == 4  // the caller forgot the output
  model.run(image);
#elif CASE == 5  // the budget is exceeded
  static_assert(digits::arena_bytes <= 100, "RAM");
#elif CASE == 6  // nothing is quantized on the way in
  model.run_quantized();
#elif CASE == 7  // what run() is doing is its own business
  digits::Model::execute(nullptr, image, logits);
#endif
  static_cast<void>(image);
  static_cast<void>(logits);
}

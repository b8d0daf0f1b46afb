#!/usr/bin/env bash
# The main job in one command: builds onnx2mcu, compiles the digit network of examples/nucleo-cnn, builds the generated
# code with the host compiler, compares it with ONNX Runtime's recorded outputs, and prints the report.
set -euo pipefail
cd "$(dirname "$0")/.."
. cmake/packages.sh
install_missing $build_packages

echo "== Building onnx2mcu (build/)"
cmake -S . -B build -G Ninja -DONNX2MCU_TESTS=OFF >build.log 2>&1 || { cat build.log; exit 1; }
cmake --build build --target onnx2mcu >>build.log 2>&1 || { cat build.log; exit 1; }
rm build.log

model=examples/nucleo-cnn/nucleo-cnn.onnx
echo "== Compiling $model for the STM32F446 (gen/)"
build/onnx2mcu "$model" -o gen/ --target f446
echo "== Report"
build/onnx2mcu inspect "$model" --target f446
echo "== Golden comparison with ONNX Runtime on 200 drawn digits"
build/onnx2mcu validate "$model" --input examples/digits/digits_200x1x28x28_u8.npy \
  --expected examples/nucleo-cnn/expected_200x10_f32.npy --labels examples/digits/labels_200_u8.npy

#!/usr/bin/env bash
# All tests in one command: installs what is missing, builds, runs ctest. Arguments go to ctest (e.g. -L unit); without
# any, all but the heavy ones run.
set -euo pipefail
cd "$(dirname "$0")/.."
. cmake/packages.sh
install_missing $build_packages clang clang-tidy cppcheck libunicorn-dev libcapstone-dev gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib python3-numpy python3-onnx
command -v chromium >/dev/null || install_missing chromium || echo "chromium could not be installed: the test of the report page in a browser will be skipped"
command -v node >/dev/null || install_missing nodejs
command -v npm >/dev/null || install_missing npm
(cd tests/reference && { [ -d node_modules/onnxruntime-node ] || npm install --ignore-scripts --no-audit --no-fund --loglevel=error; }) ||
  echo "onnxruntime-node could not be installed: the tests against the live ONNX Runtime will be skipped"

cmake -S . -B build-tests -G Ninja
cmake --build build-tests
[ $# -gt 0 ] || set -- -LE heavy
ctest --test-dir build-tests --output-on-failure -j"$(nproc)" "$@"

#!/usr/bin/env bash
# No product that must be rounded may be fused with a sum, whatever contraction a firmware allows. Arguments: none.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
failed=0
checked=0
check() {
  command -v "$1" >/dev/null || { echo "skipped: no $1"; return; }
  checked=1
  fused=$("$@" -std=gnu++17 -ffp-contract=fast -Wall -Wextra -Wconversion -Wshadow -Werror -I "$here/../../../runtime" -S -o - \
    "$here/contraction.cpp" | awk '/^[a-z_]+:/ { name = $1 } $1 ~ /^v(fn?m|ml)[as]|^vfn?m(add|sub)/ { print name }' | sort -u)
  [ "$fused" = "fused_blocks:" ] && echo "ok: $*" || { echo "FAILED: $*: fused in" $fused; failed=1; }
}
for level in -O2 -O3; do
  check arm-none-eabi-g++ -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard -mthumb $level
  check arm-none-eabi-g++ -mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard -mthumb $level
  if [ "$(uname -m)" = x86_64 ]; then
    check g++ -mfma $level
    check clang++ -mfma $level
  fi
done
[ $checked = 1 ] || exit 77
exit $failed

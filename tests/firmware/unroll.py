#!/usr/bin/env python3
"""--unroll size, auto and full: the firmware of each computes the same outputs in the simulator, and the code grows in
that order and keeps to the budgets. Prints `skipped: …` and exits with 77 where a tool is missing."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import simulated

LIMIT = {"size": 4096, "auto": 16384, "full": 1 << 20}  # bytes of code of the layers, for this network


def layer_code(elf):
    """Bytes of the network's functions: the layers, what they call, and Model::run()."""
    symbols = subprocess.run(["arm-none-eabi-nm", "-SC", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    return sum(int(size, 16) for size in re.findall(r"^\w+ (\w+) [tTwWV] (?:network::(?!weights)|onnx2mcu::(?!target))", symbols, re.M))


def main():
    for tool in ("cmake", "ninja", "arm-none-eabi-g++"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is missing")
            return 77
    if not simulated.SIMULATOR or not os.path.exists(simulated.SIMULATOR):
        print("skipped: onnx2mcu-sim was not built (libunicorn-dev, libcapstone-dev)")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        digits, expected = (simulated.first_samples(path, 10, folder) for path in (simulated.DIGITS, simulated.EXPECTED))
        for target in ("f103", "f446", "h750"):
            sizes = []
            for unroll, limit in LIMIT.items():
                elf = simulated.build(folder, target, f"--unroll={unroll}")
                said = simulated.with_device(target, elf, "validate", "--input", digits, "--expected", expected)
                sizes.append(layer_code(elf))
                simulated.need(sizes[-1] <= limit, f"{target}, --unroll {unroll}: {sizes[-1]} bytes of code")
                print(f"{target}, --unroll {unroll}: {sizes[-1]} bytes of code; {said.splitlines()[-1]}")
            simulated.need(sizes == sorted(sizes) and (target == "f103" or sizes[0] < sizes[1] < sizes[2]), f"{target}: {sizes}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

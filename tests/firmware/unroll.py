#!/usr/bin/env python3
"""--unroll size, auto and full: the firmware of each computes the same outputs in the simulator, and the code grows in
that order and keeps to the budgets."""
import re
import subprocess

import board
from board import DIGITS, EXPECTED, build, device, need, simulated

LIMIT = {"size": 4096, "auto": 16384, "full": 1 << 20}  # bytes of code of the layers, for this network


def layer_code(elf):
    """Bytes of the network's functions: the layers, what they call, and Model::run()."""
    symbols = subprocess.run(["arm-none-eabi-nm", "-SC", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    return sum(int(size, 16) for size in re.findall(r"^\w+ (\w+) [tTwWV] (?:network::(?!weights)|onnx2mcu::(?!target))", symbols, re.M))


def unroll(folder):
    for target in ("f103", "f446", "h750"):
        sizes = []
        for choice, limit in LIMIT.items():
            elf = build(folder, target, f"--unroll={choice}")
            with simulated(target, elf) as port:
                said = device(port, "validate", "--input", DIGITS, "--expected", EXPECTED, "--count", "10")
            sizes.append(layer_code(elf))
            need(sizes[-1] <= limit, f"{target}, --unroll {choice}: {sizes[-1]} bytes of code")
            print(f"{target}, --unroll {choice}: {sizes[-1]} bytes of code; {said.splitlines()[-1]}")
        # What is worth unrolling in this network may be all that can be.
        need(sizes[0] < sizes[1] <= sizes[2], f"{target}: {sizes}")


if __name__ == "__main__":
    board.main(unroll)

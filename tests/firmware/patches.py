#!/usr/bin/env python3
"""A network that fits the F103 only with the smallest patches gets patches as large as the RAM allows, and no larger: with
--optimize ram its arena is smaller, and of the firmware's RAM less is left over than a patch of twice the pixels takes."""
import os
import re
import sys

import board
from board import COMPILER, ROOT, need, run

sys.path.insert(0, f"{ROOT}/bench/kernels")


def told(model, *options):
    """Bytes of the arena, of RAM in use, and of RAM."""
    text = run([COMPILER, "inspect", model, "--target", "f103", *options]).stdout.decode()
    used, size, arena = re.search(r"^  RAM +(\d+) of +(\d+) bytes: arena (\d+)", text, re.M).groups()
    return int(arena), int(used), int(size)


def test(folder):
    board.needs.packages("numpy", "onnx")
    import shapes
    path = os.path.join(folder, "conv.onnx")
    shapes.make(path, "conv", (3, 16, 16, 32, 32, 1, 1), 1)
    smallest, _, _ = told(path, "--optimize", "ram")
    arena, used, size = told(path)
    print(f"arena {smallest} bytes at least, {arena} with larger patches; {used} of {size} bytes of RAM")
    need(smallest < arena and used <= size, "the patches did not grow, or too far")
    column = 3 * 16 * 2  # bytes under a column of the window
    need(size - used < 2 * (arena - smallest) + column, "there was room for more")


if __name__ == "__main__":
    board.main(test)

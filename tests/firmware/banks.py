#!/usr/bin/env python3
"""A network that fits in no single memory bank of the H750, but in two of them: its firmware, in the simulator, gives what a
few lines of Python compute. The same code on the host. A network that fits is divided only where --place asks for it."""
import random
import re
import struct

import board
from board import COMPILER, MODEL, build, build_project, device, need, run, simulated

ROWS, COLUMNS, TIMES = 16, 1024, 4  # of x, float; it is tiled to 256 KiB, and three tensors of that size live at a time
NETWORK = f"""
ir_version: 8 opset_import {{ version: 13 }}
graph {{
  name: "banks"
  node {{ op_type: "Tile" input: "x" input: "repeats" output: "tiled" }}
  node {{ op_type: "Slice" input: "tiled" input: "last" input: "before" input: "axis1" input: "back" output: "mirrored" }}
  node {{ op_type: "Slice" input: "mirrored" input: "last" input: "before" input: "axis0" input: "back" output: "turned" }}
  node {{ op_type: "Add" input: "tiled" input: "turned" output: "sum" }}
  node {{ op_type: "ReduceMax" input: "sum" output: "y" attribute {{ name: "axes" type: INTS ints: 0 }} attribute {{ name: "keepdims" type: INT i: 0 }} }}
  initializer {{ name: "repeats" data_type: 7 dims: 2 int64_data: {TIMES} int64_data: 1 }}
  initializer {{ name: "last" data_type: 7 dims: 1 int64_data: -1 }}
  initializer {{ name: "before" data_type: 7 dims: 1 int64_data: -100000 }}
  initializer {{ name: "back" data_type: 7 dims: 1 int64_data: -1 }}
  initializer {{ name: "axis0" data_type: 7 dims: 1 int64_data: 0 }}
  initializer {{ name: "axis1" data_type: 7 dims: 1 int64_data: 1 }}
  input {{ name: "x" type {{ tensor_type {{ elem_type: 1 shape {{ dim {{ dim_value: {ROWS} }} dim {{ dim_value: {COLUMNS} }} }} }} }} }}
  output {{ name: "y" type {{ tensor_type {{ elem_type: 1 shape {{ dim {{ dim_value: {COLUMNS} }} }} }} }} }}
}}
"""


def write_npy(path, shape, values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + struct.pack(f"<{len(values)}f", *values))
    return path


def expected(x):
    tiled = [x[i % ROWS] for i in range(TIMES * ROWS)]
    return [max(tiled[i][j] + tiled[-1 - i][-1 - j] for i in range(TIMES * ROWS)) for j in range(COLUMNS)]


def test(folder):
    numbers = random.Random(5)
    samples = [[[float(numbers.randrange(-1000, 1000)) for _ in range(COLUMNS)] for _ in range(ROWS)] for _ in range(2)]
    x = write_npy(f"{folder}/x.npy", (2, ROWS, COLUMNS), [v for s in samples for row in s for v in row])
    y = write_npy(f"{folder}/y.npy", (2, COLUMNS), [v for s in samples for v in expected(s)])
    model = f"{folder}/banks.txtpb"
    with open(model, "w") as f:
        f.write(NETWORK)

    told = run([COMPILER, "inspect", model, "--target", "h750"]).stdout.decode()
    pieces = {bank: int(size) for bank, size in re.findall(r"^in (\w+): (\d+) bytes$", told, re.M)}
    need(len(pieces) > 1 and sum(pieces.values()) >= 3 * 4 * TIMES * ROWS * COLUMNS, told)
    need(all(re.search(rf"^  {bank} +\d+ … \d+", told, re.M) for bank in pieces), told)
    print(run([COMPILER, "validate", model, "--target", "h750", "--input", x, "--expected", y]).stdout.decode(), end="")
    one = run([COMPILER, model, "-o", f"{folder}/f446", "--target", "f446"], status=1).stderr.decode()
    need("does not fit" in one, one)
    with simulated("h750", build(folder, "h750", model=model)) as port:
        report = device(port, "validate", "--input", x, "--expected", y)
        print(pieces, report, end="")
        need("passed: 2 samples" in report, report)
        need(all(f'"{bank}":{size}' in device(port, "info", "--json").replace(" ", "") for bank, size in pieces.items()), device(port, "info", "--json"))

    gen = f"{folder}/asked"
    run([COMPILER, MODEL, "-o", gen, "--target", "h750", "--firmware", "--place", "arena=dtcm+axi"])
    with simulated("h750", build_project(gen)) as port:
        report = device(port, "validate", "--input", board.DIGITS, "--expected", board.EXPECTED, "--count", "5")
        need("passed: 5 samples" in report, report)


if __name__ == "__main__":
    board.main(test)

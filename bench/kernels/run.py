#!/usr/bin/env -S python3 -B
"""Cycles a MAC of single layers on the three chips, beside CMSIS-NN's, every output compared with ONNX Runtime's.
   bench/kernels/run.py [WORD of a shape's name …] [--target T] [--write]    --write renews bench/kernels.md"""
import argparse
import os
import re
import subprocess
import sys
from types import SimpleNamespace

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import run as networks  # noqa: E402

sys.path.insert(0, HERE)
from shapes import SHAPES, make, work  # noqa: E402

CHIPS = ["f103", "f446", "h750"]
INTRODUCTION = """# Single layers: cycles per multiply-accumulate

Made by `bench/kernels/run.py --write`: each layer as a network of its own, compiled by onnx2mcu for the chip, run in the simulator (flash
wait states and caches included; requantization and padding included), every output compared with ONNX Runtime's. Maxpool: cycles per input element.
Means over 20 inferences in a row, as of bench/run.py; "first": the cycles a MAC of the first of them, which finds all caches cold.
CMSIS-NN: the same layer by that library, GCC 12, -O3, in the same simulator; measured once, not by this command. Constants and code are in flash, but in the rows
that say otherwise: there a firmware copied the weights to DTCM and the code to ITCM (`--place weights=dtcm`, or `--optimize time`). Code: bytes of the layer's function.

| layer | chip | CMSIS-NN | cycles/MAC | first | cycles | code | identical |
|---|---|---|---|---|---|---|---|
"""


def code_bytes(elf):
    text = subprocess.run(["arm-none-eabi-nm", "-S", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    return sum(int(m[1], 16) for m in re.finditer(r"^\w+ (\w+) \w _ZN(?:8onnx2mcu\w+?IN)?7network6layers6[kK]ernelE", text, re.M))


def measure(index, chip, args):
    name, kind, geometry, rivals = SHAPES[index]
    folder = os.path.join(args.work, "kernels")
    os.makedirs(folder, exist_ok=True)
    model = os.path.join(folder, f"layer{index}.onnx")
    samples = make(model, kind, geometry, index)
    options = SimpleNamespace(work=folder, option=args.option, flag=args.flag, layers=True, profile=False, annotate=args.annotate,
                              firmware=args.firmware)
    row = networks.bench(f"layer{index}", model, samples, chip, options)
    symbol, cycles = next((n, c) for n, _, _, c in row["layers"] if "6kernelE" in n)
    macs = work(kind, geometry)
    return [name, chip, f"{rivals[CHIPS.index(chip)]:.2f}", f"{cycles / macs:.3f}", f"{row['first'][symbol] / macs:.3f}", f"{cycles:.0f}",
            str(code_bytes(row["elf"])), f"{row['identical']}/{row['samples']}"]


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("word", nargs="*")
    p.add_argument("--target", action="append", choices=CHIPS)
    p.add_argument("--write", action="store_true")
    p.add_argument("--annotate", action="append", default=[])
    p.add_argument("--flag", action="append", default=[])
    p.add_argument("--option", action="append", default=[])
    p.add_argument("--firmware", action="store_true", help="memory banks as --firmware has them, e.g. with --option=--place=weights=dtcm")
    p.add_argument("--work", default=os.path.join(networks.CACHE, "work"))
    args = p.parse_args()
    text, bad = INTRODUCTION, 0
    for i, shape in enumerate(SHAPES):
        if args.word and not any(w in shape[0] for w in args.word):
            continue
        variants = [(chip, chip, args) for chip in args.target or CHIPS]
        if shape[0].startswith("fc ") and not args.firmware and "h750" in (args.target or CHIPS):
            placed = argparse.Namespace(**{**vars(args), "firmware": True, "option": args.option + ["--place=weights=dtcm"]})
            variants.append(("h750", "h750, weights in DTCM", placed))
        for chip, label, options in variants:
            try:
                row = measure(i, chip, options)
                row[1] = label
                bad += row[-1].split("/")[0] != row[-1].split("/")[1]
            except networks.Failed as fault:
                row = [shape[0], label, f"{shape[3][CHIPS.index(chip)]:.2f}", "-", "-", "-", "-", str(fault).split("\n")[0][:80]]
            print("  ".join(f"{v:<26}" if j == 0 else f"{v:>9}" for j, v in enumerate(row)), flush=True)
            text += "| " + " | ".join(row) + " |\n"
    if args.write:
        with open(os.path.join(os.path.dirname(HERE), "kernels.md"), "w") as f:
            f.write(text)
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())

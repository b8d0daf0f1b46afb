#!/usr/bin/env python3
"""The systems of examples/: each firmware built by the commands of its README, run in the simulator, fed images over the
UART; every output compared with what ONNX Runtime computed, on the drawn digits; or, with --mnist, on ten images of MNIST
with the live ONNX Runtime. ONNX2MCU_IMAGES: how many of the 200 digits (default 20)."""
import glob
import gzip
import os
import re
import struct
import sys

import board
import needs
from board import DIGITS, LABELS, ROOT, device, need, run, simulated

IMAGES = os.environ.get("ONNX2MCU_IMAGES", "20")
SYSTEMS = {"bluepill-linear": "f103", "bluepill-cnn": "f103", "nucleo-cnn": "f446", "nucleo-mlp": "f446", "h7-st-mnist": "h750", "h750-mlp": "h750"}


def firmwares(example):
    """The ```sh blocks of the README that make a firmware."""
    with open(f"{ROOT}/examples/{example}/README.md") as f:
        text = f.read()
    blocks = [b for b in re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S) if "--firmware" in b]
    need(blocks, f"{example}/README.md has no command that makes firmware")
    return blocks


def build_as_told(folder, commands):
    """Runs the README's commands at the top of a repository."""
    os.makedirs(folder)
    os.symlink(f"{ROOT}/examples", f"{folder}/examples")
    path = f"{os.path.dirname(board.COMPILER)}:{os.environ['PATH']}"
    log = run(["sh", "-e", "-c", commands], cwd=folder, env=dict(os.environ, PATH=path)).stdout.decode()
    need("warning" not in log, log)
    elfs = glob.glob(f"{folder}/gen/build/firmware.elf")
    need(elfs, f"no firmware from\n{commands}")
    return elfs[0]


def write_images(path, kind, count, data):
    """A .npy of `count` images of 28 x 28."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({count}, 1, 28, 28), }}".ljust(117).encode() + b"\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + data)
    return path


def against_mnist(folder, example, target):
    """Ten test images, against the live ONNX Runtime."""
    with gzip.open(needs.shared("data", "mnist", "t10k-images-idx3-ubyte.gz")) as f:
        images = write_images(f"{folder}/mnist.npy", "|u1", 10, f.read(16 + 7840)[16:])
    expected = f"{folder}/{example}.npy"
    run(["node", f"{needs.REFERENCE}/run.mjs", f"{ROOT}/examples/{example}/{example}.onnx", "--input", images, "--output", expected])
    with simulated(target, build_as_told(f"{folder}/{example}", firmwares(example)[0])) as port:
        report = device(port, "validate", "--input", images, "--expected", expected)
        print(f"{example}:", report, end="")
        need("passed: 10 samples" in report, report)


def system(folder, example, target):
    expected = glob.glob(f"{ROOT}/examples/{example}/expected_200x*_f32.npy")[0]
    for i, commands in enumerate(firmwares(example)):
        elf = build_as_told(f"{folder}/{example}-{i}", commands)
        with simulated(target, elf) as port:
            report = device(port, "validate", "--input", DIGITS, "--expected", expected, "--labels", LABELS, "--count", IMAGES)
            print(f"{example} ({i}):", report, end="")
            need("passed: " in report, report)
            if "--samples 100" in commands:
                tested = device(port, "self-test")
                need("100 of 100 vectors identical" in tested and "labels: 100 of 100 correct" in tested, tested)
                print(f"{example} ({i}): on the device alone: {tested}", end="")


def unit_images(path):
    """The digits as float32, each byte divided by 255: what the expected results of tests/golden were recorded with."""
    values = [v / 255 for image in board.read_images() for v in image]
    return write_images(path, "<f4", 200, struct.pack(f"<{len(values)}f", *values))


def other_banks(folder):
    """Float weights that do not fit the internal flash: copied from the external one to AXI RAM at start. And the arena
    elsewhere. tests/golden has what ONNX Runtime computed."""
    name = "nucleo-mlp"
    model, expected = f"{ROOT}/examples/{name}/{name}_float.onnx", f"{ROOT}/tests/golden/expected/{name}_float.npy"
    note = run([board.COMPILER, model, "-o", f"{folder}/banks", "--target", "h750", "--firmware", "--place", "arena=d3"]).stdout.decode()
    need("weights in axi (copied from QSPI), arena in d3, code in itcm (copied from FLASH)" in note, note)
    with simulated("h750", board.build_project(f"{folder}/banks")) as port:
        report = device(port, "validate", "--input", unit_images(f"{folder}/unit.npy"), "--expected", expected, "--count", "10")
        need("passed: 10 samples" in report, report)
        print(f"{name} on the h750: {note.splitlines()[1]}: {report}", end="")


def examples(folder):
    mnist, names = "--mnist" in sys.argv, [a for a in sys.argv[1:] if a != "--mnist"]
    if mnist:
        needs.shared("data", "mnist")
        needs.onnxruntime()
    for example in names or SYSTEMS:
        (against_mnist if mnist else system)(folder, example, SYSTEMS[example])
    if not mnist:
        other_banks(folder)


if __name__ == "__main__":
    board.main(examples)

#!/usr/bin/env python3
"""The systems of examples/: each firmware built by the commands of its README, run in the simulator, fed images over the
UART; every output compared with what ONNX Runtime computed. On the drawn digits, and on MNIST where it is, live.
ONNX2MCU_IMAGES: how many of the 200 digits (default 20)."""
import glob
import os
import re
import sys

import board
from board import DIGITS, LABELS, ROOT, device, need, run, simulated

IMAGES = os.environ.get("ONNX2MCU_IMAGES", "20")
SYSTEMS = {"bluepill-linear": "f103", "bluepill-cnn": "f103", "nucleo-cnn": "f446", "nucleo-mlp": "f446", "h7-st-mnist": "h750", "h750-mlp": "h750"}
MNIST = f"{os.path.dirname(ROOT)}/shared/data/mnist/t10k-images-idx3-ubyte.gz"


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


def against_mnist(folder, example, port):
    """Ten test images, against the live ONNX Runtime."""
    reference = f"{ROOT}/tests/reference"
    if not os.path.exists(MNIST) or not os.path.exists(f"{reference}/node_modules/onnxruntime-node"):
        return print("skipped: MNIST or onnxruntime-node is missing")
    model, images, expected = f"{ROOT}/examples/{example}/{example}.onnx", f"{folder}/mnist.npy", f"{folder}/{example}.npy"
    if not os.path.exists(images):
        import gzip
        with gzip.open(MNIST) as f, open(images, "wb") as out:
            header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (10, 1, 28, 28), }".ljust(117) + b"\n"
            out.write(b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + f.read(16 + 7840)[16:])
    run(["node", f"{reference}/run.mjs", model, "--input", images, "--output", expected])
    report = device(port, "validate", "--input", images, "--expected", expected)
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
            if i == 0:
                against_mnist(folder, example, port)


def other_banks(folder):
    """Float weights that do not fit the internal flash: copied from the external one to AXI RAM at start. And the arena
    elsewhere. The same generated code on this PC, where no memory is copied, says what is right."""
    name = "nucleo-mlp"
    model, expected = f"{ROOT}/examples/{name}/{name}_float.onnx", f"{folder}/probabilities.npy"
    images = ["--input", DIGITS, "--scale", "0.00392156862745098"]
    run([board.COMPILER, "run", model, *images, "--output", expected])
    note = run([board.COMPILER, model, "-o", f"{folder}/banks", "--target", "h750", "--firmware", "--place", "arena=d3"]).stdout.decode()
    need("weights in axi (copied from QSPI), arena in d3, code in itcm (copied from FLASH)" in note, note)
    with simulated("h750", board.build_project(f"{folder}/banks")) as port:
        report = device(port, "validate", *images, "--expected", expected, "--count", "5")
        need("passed: 5 samples" in report, report)
        print(f"{name} on the h750: {note.splitlines()[1]}: {report}", end="")


def examples(folder):
    for example in sys.argv[1:] or SYSTEMS:
        system(folder, example, SYSTEMS[example])
    other_banks(folder)


if __name__ == "__main__":
    board.main(examples)

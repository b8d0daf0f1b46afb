#!/usr/bin/env python3
"""The example networks on the 200 drawn digits, against what ONNX Runtime computed for them.

  examples.py [--targets T,…] [--flags "-O1 …"] [--cxx clang++]     compare (ONNX2MCU names the executable)
  examples.py --record                                             write expected/ with tests/reference/run.mjs

Exit status 77: Python's numpy is missing."""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import needs  # noqa: E402

needs.packages("numpy")
import numpy as np  # noqa: E402

from inputs import PREPROCESSING, SOURCE, digits  # noqa: E402


def networks():
    found = sorted(SOURCE.glob("examples/*/*.onnx"))
    if not found:
        sys.exit("FAILED: examples/ has no network")
    return found


def write_input(network, folder):
    """Float networks take the bytes divided by 255, the quantized ones the bytes."""
    x = PREPROCESSING["unit" if network.stem.endswith("_float") else "bytes"](digits()[0])
    np.save(folder / "x.npy", x)
    return folder / "x.npy"


def record(folder):
    for network in networks():
        command = ["node", HERE.parent / "reference" / "run.mjs", network, "--input", write_input(network, folder), "--output", HERE / "expected" / f"{network.stem}.npy"]
        done = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True)
        (HERE / "expected" / "recorded_with.txt").write_text(done.stderr)


def compare(a, folder):
    failures = 0
    labels = SOURCE / "examples" / "digits" / "labels_200_u8.npy"
    for network in networks():
        for target in a.targets.split(","):
            command = [os.environ["ONNX2MCU"], "validate", network, "--target", target, "--input", write_input(network, folder), "--labels", labels,
                       "--expected", HERE / "expected" / f"{network.stem}.npy", "--cxx-flags", a.flags] + (["--cxx", a.cxx] if a.cxx else [])
            done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
            failures += done.returncode != 0
            print(f"{network.stem} ({target}): {done.stdout.replace(chr(10), '; ')}{done.stderr if done.returncode else ''}", flush=True)
    return failures != 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--targets", default="portable")
    parser.add_argument("--flags", default="-O2")
    parser.add_argument("--cxx", default="")
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return record(pathlib.Path(folder)) if a.record else compare(a, pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())

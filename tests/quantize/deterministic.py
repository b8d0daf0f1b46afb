#!/usr/bin/env python3
"""The same float model and samples give the same bytes: from another folder, under another name, with one thread instead of
all, in another locale, again. Needs nothing but Python."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
ONNX2MCU = os.environ.get("ONNX2MCU", "onnx2mcu")
MODEL = "examples/nucleo-cnn/nucleo-cnn_float.onnx"
DIGITS, LABELS = "examples/digits/digits_200x1x28x28_u8.npy", "examples/digits/labels_200_u8.npy"
OPTIONS = [["--io", "uint8,float"], ["--weights", "int4", "--int4-db", "25"], ["--equalize", "on", "--bias-correction", "on", "--method", "entropy"]]


def one_cpu():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def quantize(folder, model, digits, labels, result, options, **process):
    """(bytes of the model, the report without the model's file name)"""
    text = subprocess.run([ONNX2MCU, "quantize", model, "--calibration", digits, "--scale", "0.00392156862745098", "--samples", "60", "--report",
                           "--labels", labels, "-o", result, *options], cwd=folder, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, **process).stdout
    return pathlib.Path(folder, result).read_bytes(), text.partition(": ")[2]


def main():
    failed = 0
    for options in OPTIONS:
        with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
            first = quantize(SOURCE, MODEL, DIGITS, LABELS, f"{here}/int8.onnx", options)
            for source, target in ((MODEL, "m.onnx"), (DIGITS, "x.npy"), (LABELS, "l.npy")):
                shutil.copy(SOURCE / source, f"{there}/{target}")
            second = quantize(there, "m.onnx", "x.npy", "l.npy", "result", options, preexec_fn=one_cpu, env={**os.environ, "LC_ALL": "C", "TMPDIR": there})
        same = first == second
        failed += not same
        print(f"{'identical' if same else 'DIFFERENT'}: {' '.join(options)}, {len(first[0])} bytes")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()

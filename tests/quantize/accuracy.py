#!/usr/bin/env python3
"""Quantizes float networks on 500 MNIST training images and checks on the 10,000 test images: top-1 lost, that ONNX
Runtime runs the result without a float layer left, and that onnx2mcu validate finds every bit of it.

Needs ../shared, node with tests/reference's onnxruntime-node, python3-numpy and python3-onnx; else exit status 77."""
import collections
import gzip
import os
import pathlib
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
SHARED = SOURCE.parent / "shared"
REFERENCE = SOURCE / "tests" / "reference"
ONNX2MCU = os.environ.get("ONNX2MCU", "onnx2mcu")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


try:
    import numpy as np
    import onnx
except ImportError as error:
    skip(f"{error.name} for Python is not installed")
if not SHARED.is_dir():
    skip(f"{SHARED} is not there")
if not (REFERENCE / "node_modules" / "onnxruntime-node").exists():
    skip("onnxruntime-node is not installed in tests/reference")


def idx(name):
    data = gzip.open(SHARED / "data" / "mnist" / f"{name}-ubyte.gz").read()
    dims = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(dims)


def unit(images):
    return images.astype(np.float32) / np.float32(255)


def unit_columns(images):
    x = images.astype(np.float64)
    norm = np.sqrt((x ** 2).sum(axis=1, keepdims=True))
    return (x / np.where(norm == 0, 1, norm)).astype(np.float32)


def normalized(images):
    return ((images / 255 - 0.1307) / 0.3081).astype(np.float32)


# model, preprocessing, labels used, most images that may be lost with int8 weights, with int4 weights
NETWORKS = [
    ("seeds/f103_linear_float.onnx", unit, 10, 10, 60),
    ("seeds/f446_mlp_float.onnx", unit_columns, 10, 10, 40),
    ("seeds/f446_tinyml_cnn_float.onnx", normalized, 7, 5, 20),
    ("others/mnist8_float.onnx", unit, 10, 10, 60),
]


def run(command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options).stdout


def top1(text):
    words = text.split("top-1: float ")[1].split()
    return int(words[0]), int(words[words.index("quantized") + 1])


def check(folder, model, prepare, classes, allowed, weights):
    train, train_labels, test, labels = idx("train-images-idx3"), idx("train-labels-idx1"), idx("t10k-images-idx3"), idx("t10k-labels-idx1")
    train, test, labels = train[train_labels < classes], test[labels < classes], labels[labels < classes]
    np.save(folder / "train.npy", prepare(train[np.arange(500) * len(train) // 500])[:, np.newaxis])
    np.save(folder / "test.npy", prepare(test)[:, np.newaxis])
    np.save(folder / "labels.npy", labels)
    result = folder / "int8.onnx"
    begin = time.time()
    text = run([ONNX2MCU, "quantize", SHARED / "models" / model, "--calibration", folder / "train.npy", "--weights", weights, "-o", result,
                "--test", folder / "test.npy", "--labels", folder / "labels.npy"])
    seconds = time.time() - begin
    run(["node", REFERENCE / "run.mjs", result, "--input", folder / "test.npy", "--output", folder / "expected.npy", "--optimized",
         folder / "optimized.onnx"])
    operators = collections.Counter(node.op_type for node in onnx.load(folder / "optimized.onnx").graph.node)
    fused = operators["QuantizeLinear"] == 1 and operators["DequantizeLinear"] == 1
    validated = run([ONNX2MCU, "validate", result, "--input", folder / "test.npy", "--expected", folder / "expected.npy", "--labels",
                     folder / "labels.npy"])
    before, after = top1(text)
    passed = before - after <= allowed and "passed" in validated and (fused or weights == "int4") and f"labels: {after} of" in validated
    print(f"| {model} | {weights} | {before} | {after} | of {len(labels)} | {seconds:.1f} s | {'ok' if passed else 'FAILED'} |", flush=True)
    return passed


def main():
    passed = True
    for model, prepare, classes, *allowed in NETWORKS:
        for weights, most in zip(("int8", "int4"), allowed):
            with tempfile.TemporaryDirectory() as folder:
                passed = check(pathlib.Path(folder), model, prepare, classes, most, weights) and passed
    sys.exit(not passed)


if __name__ == "__main__":
    main()

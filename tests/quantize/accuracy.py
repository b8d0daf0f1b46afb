#!/usr/bin/env python3
"""Quantizes float networks nobody here wrote, on 500 samples, and compares with ONNX Runtime on all test inputs there are: its
top-1 with the float and with the quantized network, the signal-to-noise ratio between their outputs, that it runs the result
without a float layer left, and that onnx2mcu validate finds every bit of it. Prints one line each, with wall time, CPU time
and peak memory of `quantize` and of `validate`.

  accuracy.py [--inputs N] [NAME…]       networks whose file name contains NAME; the first N test inputs

Needs ../shared, node with tests/reference's onnxruntime-node, python3-numpy and python3-onnx; else exit status 77."""
import argparse
import collections
import gzip
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from common import ONNX2MCU, decibel, needs, np, onnx, onnxruntime
from needs import SHARED


def idx(name):
    data = gzip.open(SHARED / "data" / "mnist" / f"{name}-ubyte.gz").read()
    dims = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(dims)


def unit(images):
    return (images.astype(np.float32) / np.float32(255))[:, np.newaxis]


def unit_columns(images):
    x = images.astype(np.float64)
    norm = np.sqrt((x ** 2).sum(axis=1, keepdims=True))
    return (x / np.where(norm == 0, 1, norm)).astype(np.float32)[:, np.newaxis]


def normalized(images):
    return ((images / 255 - 0.1307) / 0.3081).astype(np.float32)[:, np.newaxis]


def five_by_five(images):
    """The digit's 20 x 20 pixels in blocks of 4 x 4."""
    return (images[:, 4:24, 4:24].reshape(-1, 5, 4, 5, 4).mean(axis=(2, 4)) / 255).reshape(-1, 25).astype(np.float32)


def spectrograms(count, seed):
    """49 frames of 40 bands from 0 to 26, as the microphone front end of the keyword networks makes them: noise and three moving
    tones. No keywords, so that many answers are close calls."""
    random, frame, band = np.random.RandomState(seed), np.arange(49)[:, np.newaxis], np.arange(40)
    result = random.uniform(0, 4, (count, 49, 40))
    for sample in result:
        for _ in range(3):
            middle, slope, begin = random.uniform(0, 40), random.uniform(-0.6, 0.6), random.uniform(0, 25)
            tone = np.exp(-((band - middle - slope * frame) / 3) ** 2) * ((frame >= begin) & (frame <= begin + 20))
            sample += random.uniform(6, 14) * tone
    return np.minimum(result, 26).reshape(count, -1).astype(np.float32)


def mnist(prepare, classes=10):
    train, train_labels, test, labels = idx("train-images-idx3"), idx("train-labels-idx1"), idx("t10k-images-idx3"), idx("t10k-labels-idx1")
    train, test, labels = train[train_labels < classes], test[labels < classes], labels[labels < classes]
    return prepare(train[np.arange(500) * len(train) // 500]), prepare(test), labels


# model, (calibration, test, labels; without any, the float network's own answers), most images that int8 and int4 weights may lose, least dB with int8 and int4
NETWORKS = [
    ("seeds/f103_linear_float.onnx", lambda: mnist(unit), (10, 60), (35, 15)),
    ("seeds/f446_mlp_float.onnx", lambda: mnist(unit_columns), (10, 40), (30, 15)),
    ("seeds/f446_tinyml_cnn_float.onnx", lambda: mnist(normalized, 7), (5, 20), (30, 15)),
    ("others/mnist8_float.onnx", lambda: mnist(unit), (10, 60), (30, 15)),
    ("others/mnist25_float.onnx", lambda: mnist(five_by_five), (10, 60), (30, 15)),
    ("others/micro_kws_m_static_fp32.onnx", lambda: (spectrograms(500, 1), spectrograms(1000, 2), None), (32, 54), (20, 10)),
]


def measured(*command):
    """stdout, and "wall s, CPU s, peak MB" of the process, as /usr/bin/time (Debian's package time) has it."""
    timed = ["/usr/bin/time", "-q", "-f", "time %e %U %S %M"] if os.access("/usr/bin/time", os.X_OK) else []
    done = subprocess.run([*timed, *(str(word) for word in command)], capture_output=True, text=True)
    if done.returncode != 0 and "FAILED" not in done.stdout:
        raise RuntimeError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    if not timed:
        return done.stdout, "no /usr/bin/time"
    wall, user, system, kilobytes = map(float, done.stderr.splitlines()[-1].split()[1:])
    return done.stdout, f"{wall:.1f} s, {user + system:.1f} s, {kilobytes / 1024:.0f} MB"


def reference(model, folder, name, **more):
    onnxruntime([{"model": model, "inputs": {"": folder / "test.npy"}, "outputs": {"": str(folder / f"{name}.npy")}, **more}])
    y = np.load(folder / f"{name}.npy")
    return y.reshape(len(y), -1)


def right(y, labels):
    return int((y.argmax(axis=1) == labels).sum())


def without_inputs_of_constants(model, path):
    """Old models list their constants among the inputs; the reference is to be fed the only real one."""
    m = onnx.load(str(model))
    constants = {t.name for t in m.graph.initializer}
    kept = [i for i in m.graph.input if i.name not in constants]
    del m.graph.input[:]
    m.graph.input.extend(kept)
    onnx.save(m, str(path))
    return path


def check(folder, model, data, lost, least, weights):
    calibration, test, labels = data
    np.save(folder / "train.npy", calibration)
    np.save(folder / "test.npy", test)
    exact = reference(without_inputs_of_constants(SHARED / "models" / model, folder / "float.onnx"), folder, "float")
    labels = exact.argmax(axis=1) if labels is None else labels
    np.save(folder / "labels.npy", labels)
    result, labelled = folder / "quantized.onnx", ["--labels", folder / "labels.npy"]
    text, cost = measured(ONNX2MCU, "quantize", SHARED / "models" / model, "--calibration", folder / "train.npy", "--weights", weights, "-o", result,
                          "--test", folder / "test.npy", *labelled)
    y = reference(result, folder, "expected", optimized=str(folder / "optimized.onnx"))
    operators = collections.Counter(node.op_type for node in onnx.load(str(folder / "optimized.onnx")).graph.node)
    fused = weights == "int4" or not any(operators[kind] for kind in ("Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul", "FusedMatMul"))
    validated, validate_cost = measured(ONNX2MCU, "validate", result, "--input", folder / "test.npy", "--expected", folder / "expected.npy", *labelled)
    before, after = right(exact, labels), right(y, labels)
    # Our own counts: the float network's may differ by an image where two classes are equal but for rounding.
    ours = [int(n) for n in re.search(r"top-1: float (\d+) of \d+, quantized (\d+)", text).groups()]
    passed = "passed" in validated and fused and decibel(exact, y) >= least and before - after <= lost
    passed = passed and abs(ours[0] - before) <= 1 and abs(ours[1] - after) <= 1 and f"labels: {after} of" in validated
    four_bits = re.search(r"\((\d+) with int4 weights\)", text)
    layers = f"{weights} ({four_bits[1] if four_bits else 0} layers)" if weights == "int4" else weights
    print(f"| {model} | {layers} | {len(test)} | {before} | {after} | {100 * (after - before) / len(labels):+.2f} | {decibel(exact, y):.1f} | "
          f"{'all' if 'passed' in validated else 'NOT all'} | {cost} | {validate_cost} | {'ok' if passed else 'FAILED'} |", flush=True)
    return passed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=10**6)
    parser.add_argument("names", nargs="*")
    a = parser.parse_args()
    needs.shared("models")
    needs.shared("data")
    needs.onnxruntime()
    passed = True
    print("| model | weights | inputs | top-1 float | top-1 quantized | points | dB | bits identical | quantize: wall, CPU, peak | validate: wall, CPU, peak | |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    networks = [n for n in NETWORKS if not a.names or any(word in n[0] for word in a.names)]
    if not networks:
        sys.exit(f"no network is called {a.names}")
    for model, make, lost, least in networks:
        calibration, test, labels = make()
        share = min(a.inputs / len(test), 1)
        data = calibration, test[:a.inputs], None if labels is None else labels[:a.inputs]
        for i, weights in enumerate(("int8", "int4")):
            with tempfile.TemporaryDirectory() as folder:
                passed = check(pathlib.Path(folder), model, data, math.ceil(lost[i] * share), least[i], weights) and passed
    sys.exit(not passed)


if __name__ == "__main__":
    main()

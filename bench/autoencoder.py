"""The dense autoencoder of the anomaly-detection benchmark, 640-128-128-128-128-8-128-128-128-128-640 with a Relu behind every
layer but the last: seeded random weights, quantized by `onnx2mcu quantize` on seeded samples."""
import os
import subprocess

import numpy as np
from onnx import TensorProto, helper, numpy_helper

WIDTHS = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640]


def spectra():
    """(100, 640) float32: smooth random spectra, as log-mel frames side by side are."""
    rng = np.random.default_rng(3)
    steps = rng.normal(0, 1, (100, 640)).astype(np.float32)
    return np.cumsum(steps, axis=1, dtype=np.float32) / np.float32(8)


def float_model():
    rng = np.random.default_rng(2)
    nodes, constants, x = [], [], "x"
    for i, (n, m) in enumerate(zip(WIDTHS, WIDTHS[1:])):
        last = i == len(WIDTHS) - 2
        constants += [numpy_helper.from_array(rng.normal(0, (2 / n) ** 0.5, (m, n)).astype(np.float32), f"w{i}"),
                      numpy_helper.from_array(rng.normal(0, 0.1, m).astype(np.float32), f"b{i}")]
        nodes.append(helper.make_node("Gemm", [x, f"w{i}", f"b{i}"], ["y" if last else f"h{i}"], name=f"fc{i + 1}", transB=1))
        x = f"h{i}"
        if not last:
            nodes.append(helper.make_node("Relu", [x], [f"a{i}"], name=f"relu{i + 1}"))
            x = f"a{i}"
    graph = helper.make_graph(nodes, "autoencoder", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, WIDTHS[0]])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, WIDTHS[-1]])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return model


def make(compiler, folder):
    """The quantized network in `folder`: made once."""
    path = os.path.join(folder, "autoencoder.onnx")
    if os.path.exists(path):
        return path
    os.makedirs(folder, exist_ok=True)
    floats, samples = os.path.join(folder, "autoencoder_float.onnx"), os.path.join(folder, "autoencoder_samples.npy")
    with open(floats, "wb") as f:
        f.write(float_model().SerializeToString())
    np.save(samples, spectra())
    subprocess.run([compiler, "quantize", floats, "--calibration", samples, "--io", "uint8", "-o", path], check=True, stdout=subprocess.DEVNULL)
    return path


def samples_u8():
    """The spectra as the quantized network's input has them, over its whole range."""
    x = spectra()
    low, high = min(x.min(), 0), max(x.max(), 0)
    return np.clip(np.rint((x - low) * (255 / (high - low))), 0, 255).astype(np.uint8)

#!/usr/bin/env python3
"""Every number of `onnx2mcu quantize --report --labels`, computed again in Python: ranges from the model, clipped shares and
signal-to-noise ratios from ONNX Runtime's tensors of the float and of the quantized network, the effect of each layer alone
from networks in which everything else is float, and top-1 counted.

Needs node with tests/reference's onnxruntime-node, python3-numpy and python3-onnx; else exit status 77."""
import pathlib
import re
import sys
import tempfile

from common import ONNX2MCU, Builder, Qdq, decibel, needs, np, onnx, onnxruntime, run, samples, tensors

# A layer: operator, the tensor that leaves it quantized, its activations in and the weights it reads.
LAYERS = [("Conv", "relu1", ["x"], ["w1", "b1"]), ("Conv", "relu2", ["relu1"], ["w2", "b2"]), ("Add", "sum", ["relu1", "relu2"], []),
          ("GlobalAveragePool", "means", ["pool"], []), ("Gemm", "fc", ["flat"], ["w3", "b3"]), ("Softmax", "y", ["fc"], [])]


def network():
    b = Builder(7)
    b.node("Relu", [b.node("Conv", ["x", b.weights("w1", 6, 2, 3, 3), b.bias("b1", 6)], "conv1", pads=[1, 1, 1, 1])], "relu1")
    b.node("Relu", [b.node("Conv", ["relu1", b.weights("w2", 6, 6, 3, 3), b.bias("b2", 6)], "conv2", pads=[1, 1, 1, 1])], "relu2")
    b.node("Add", ["relu1", "relu2"], "sum")
    b.node("MaxPool", ["sum"], "pool", kernel_shape=[2, 2], strides=[2, 2])
    b.node("Flatten", [b.node("GlobalAveragePool", ["pool"], "means")], "flat")
    b.node("Gemm", ["flat", b.weights("w3", 5, 6), b.bias("b3", 5)], "fc", transB=1)
    return b.model([1, 2, 8, 8], b.node("Softmax", ["fc"], "y", axis=-1), [1, 5])


def alone(quantized, inputs, output, weights):
    """The quantized model with every pair of QuantizeLinear and DequantizeLinear bypassed but those of one layer."""
    model = onnx.ModelProto()
    model.CopyFrom(quantized.model)
    kept = set(inputs) | {output} | set(weights)
    rename = {}
    for node in quantized.nodes("DequantizeLinear"):
        tensor = node.output[0].removesuffix("_dequantized")
        quantizer = quantized.producer.get(node.input[0])
        if tensor not in kept and quantizer is not None:
            rename[node.output[0]] = quantizer.input[0]
        elif tensor not in kept:
            rename[node.output[0]] = tensor + "_plain"
            values = FLOAT_WEIGHTS[tensor]
            model.graph.initializer.append(onnx.numpy_helper.from_array(values, tensor + "_plain"))
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            while name in rename:
                name = rename[name]
            node.input[i] = name
    return model


FLOAT_WEIGHTS = {}


def outputs(model, names, x, folder, name):
    """What ONNX Runtime, unoptimized, computes for some tensors of a quantized model."""
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    del whole.graph.output[:]
    whole.graph.output.extend(onnx.helper.make_empty_tensor_value_info(n) for n in names)
    for output in whole.graph.output:
        output.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    onnx.save(whole, str(folder / f"{name}.onnx"))
    files = {n: str(folder / f"{name}.{n}.npy") for n in names}
    onnxruntime([{"model": folder / f"{name}.onnx", "inputs": {"x": folder / "x.npy"}, "outputs": files, "level": "disabled"}])
    return {n: np.load(f) for n, f in files.items()}


def table(text):
    """{tensor: [operator, weights, low, high, scale, clipped, dB, dB alone, points alone]}"""
    pattern = r"^(\w+) +(\w+) +(\S+) +(\S+) to (\S+) +(\S+) +(\S+) % +(\S+) +(\S+) +(\S+)$"
    return {m[2]: [m[1], *m.groups()[2:]] for m in re.finditer(pattern, text, re.M)}


class Check:
    failed = 0

    def near(self, what, printed, computed, tolerance):
        good = abs(float(printed) - float(computed)) <= tolerance
        self.failed += not good
        print(f"{'ok    ' if good else 'FAILED'} {what}: reported {printed}, computed {computed:.6g}", flush=True)


def main():
    needs.onnxruntime()
    model = network()
    FLOAT_WEIGHTS.update({t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer})
    x, c = samples(150, (2, 8, 8)), Check()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        onnx.save(model, str(folder / "float.onnx"))
        np.save(folder / "x.npy", x)
        exact = tensors(model, x, folder, "float")
        # Labels that the float network gets right nine times in ten.
        labels = exact["fc"].reshape(len(x), -1).argmax(axis=1)
        labels[::10] = (labels[::10] + 1) % 5
        np.save(folder / "labels.npy", labels)
        text = run(ONNX2MCU, "quantize", folder / "float.onnx", "--calibration", folder / "x.npy", "--labels", folder / "labels.npy", "--report",
                   "--method", "percentile", "--percentile", "99.5", "--equalize", "off", "--bias-correction", "off", "-o", folder / "q.onnx")
        print(text)
        q, rows = Qdq(folder / "q.onnx"), table(text)
        rounded = outputs(q.model, [layer[1] for layer in LAYERS], x, folder, "all")
        right = (exact["y"].reshape(len(x), -1).argmax(axis=1) == labels).sum()
        for operator, tensor, inputs, weights in LAYERS:
            kind, _, low, high, scale, clipped, db, db_alone, points = rows[tensor]
            assert kind == operator, (kind, operator)
            s, z = (float(v) for v in q.activations().get(tensor, q.activations().get(tensor + "_dequantized")))
            c.near(f"{tensor} scale", scale, s, s * 1e-3)
            c.near(f"{tensor} low", low, -z * s, 1e-5 * 255 * s)
            c.near(f"{tensor} high", high, (255 - z) * s, 1e-5 * 255 * s)
            v = exact[tensor].astype(np.float64)
            c.near(f"{tensor} clipped %", clipped, 100 * ((v < (-z - 0.5) * s) | (v > (255.5 - z) * s)).mean(), 0.0006)
            c.near(f"{tensor} dB", db, decibel(exact[tensor], rounded[tensor]), 0.06)
            fc, y = ("fc" if "fc" in [tensor, *inputs] else "fc_float"), ("y" if tensor == "y" else "y_float")
            one = outputs(alone(q, inputs, tensor, weights), [fc, y], x, folder, f"alone_{tensor}")
            c.near(f"{tensor} alone dB", db_alone, min(120, decibel(exact["fc"], one[fc])), 0.06)
            change = (one[y].reshape(len(x), -1).argmax(axis=1) == labels).sum() - right
            c.near(f"{tensor} alone top-1", points, 100 * change / len(x), 0.006)
        before, of, after = re.search(r"top-1: float (\d+) of (\d+), quantized (\d+)", text).groups()
        c.near("samples", of, len(x), 0)
        c.near("top-1 float", before, right, 0)
        c.near("top-1 quantized", after, (rounded["y"].reshape(len(x), -1).argmax(axis=1) == labels).sum(), 0)
        c.near("outputs dB", re.search(r"outputs ([\d.]+) dB", text)[1], decibel(exact["fc"], rounded["fc"]), 0.06)
    sys.exit(c.failed != 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Every option of `onnx2mcu quantize` on two small networks: the model says what the option promises, ONNX Runtime runs it
and stays near the float network, and the generated code computes ONNX Runtime's bits.

Needs node with tests/reference's onnxruntime-node, python3-numpy and python3-onnx; else exit status 77."""
import pathlib
import sys
import tempfile

from common import ONNX2MCU, Qdq, cnn, decibel, mlp, needs, np, onnx, onnxruntime, run, samples, tensors

PLAIN = ["--equalize", "off", "--bias-correction", "off"]  # the weights are the float model's own
PORTS = {"float": 1, "uint8": 2, "int8": 3}                # onnx.TensorProto.DataType


def has_no_float_layer(q):
    products = [n for kind in ("Conv", "Gemm", "MatMul") for n in q.nodes(kind)]
    return all(q.dequantizer(n.input[i]) for n in products for i in range(len(n.input)))


def activation_type(q, dtype):
    return all(zero_point.dtype == dtype for _, zero_point in q.activations().values())


def weight_scales(q, sizes):
    return [q.constant(q.dequantizer(n.input[1]).input[1]).size for kind in ("Conv", "Gemm") for n in q.nodes(kind)] == sizes


def weight_types(q):
    return [q.initializers[q.dequantizer(n.input[1]).input[0]].data_type for kind in ("Conv", "Gemm") for n in q.nodes(kind)]


def ports(q, x_type, y_type):
    return (q.graph.input[0].type.tensor_type.elem_type, q.graph.output[0].type.tensor_type.elem_type) == (PORTS[x_type], PORTS[y_type])


def one_scale(q, *names):
    return len({tuple(map(float, q.activations()[name])) for name in names}) == 1


def is_float(q, tensor):
    """The layer that makes this tensor has float operands, and what reads it sees float values."""
    node = q.producer[tensor]
    return not any(q.dequantizer(i) and q.dequantizer(i).input[0] in q.initializers for i in node.input)


# --- what the numbers must be, from ONNX Runtime's float tensors t of the calibration samples ---


def minmax_ranges(q, t):
    """fc1 and fc2 leave quantized behind their Relu; x is quantized as it comes."""
    def fits(tensor, low, high):
        scale, zero_point = q.activations()[tensor]
        expected = (max(high, 0.0) - min(low, 0.0)) / 255
        return np.isclose(scale, expected, rtol=1e-5) and abs(-min(low, 0.0) / expected - zero_point) <= 0.5001
    return all(fits(name, float(t[key].min()), float(t[key].max()))
               for name, key in (("relu1", "relu1"), ("relu2", "relu2"), ("fc3", "fc3"), ("x_dequantized", "x")))


def clipped_share(q, t, tensor):
    scale, zero_point = (float(v) for v in q.activations()[tensor])
    low, high = -zero_point * scale, (255 - zero_point) * scale
    v = t["x" if tensor == "x_dequantized" else tensor]
    return ((v < low - scale / 2) | (v > high + scale / 2)).mean()


def rounding_error(q, t, tensor):
    scale, zero_point = (float(v) for v in q.activations()[tensor])
    v = t["x" if tensor == "x_dequantized" else tensor].astype(np.float64)
    return ((np.clip(np.rint(v / scale) + zero_point, 0, 255) - zero_point) * scale - v).__pow__(2).sum()


def mse_is_least(q, t):
    """No other range with the same ends in proportion is better by more than the histogram's bins hide."""
    for tensor, key in (("x_dequantized", "x"), ("relu1", "relu1")):
        v, least = t[key].astype(np.float64), np.inf
        for part in np.arange(1, 101) / 100:
            low, high = min(v.min(), 0) * part, max(v.max(), 0) * part
            step = (high - low) / 255
            least = min(least, ((np.rint((np.clip(v, low, high) - low) / step) * step + low - v) ** 2).sum())
        if rounding_error(q, t, tensor) > 1.05 * least:
            return False
    return True


def balanced(q, t):
    """Behind equalization every hidden unit's largest weight in and largest weight out are alike."""
    first, second = (np.abs(q.dequantized(n.input[1])) for n in q.nodes("Gemm")[:2])
    return np.allclose(first.max(axis=1), second.max(axis=0), rtol=0.05)


def own_weights(q, t, w):
    error = np.abs(q.dequantized(q.nodes("Gemm")[0].input[1]) - w["w1"])
    return (error <= np.abs(w["w1"]).max(axis=1, keepdims=True) / 127).all()


def corrected_bias(q, t, w):
    """b - mean over the samples of x · (quantized weights - weights)"""
    for gemm, x, weight, bias in zip(q.nodes("Gemm"), ("x", "relu1", "relu2"), ("w1", "w2", "w3"), ("b1", "b2", "b3")):
        error = q.dequantized(gemm.input[1]) - w[weight]
        expected = w[bias] - (t[x].reshape(len(t[x]), -1).astype(np.float64) @ error.T).mean(axis=0)
        step = q.constant(q.dequantizer(gemm.input[2]).input[1])
        if not (np.abs(q.dequantized(gemm.input[2]) - expected) <= 0.51 * step + 1e-6).all():
            return False
    return True


def plain_bias(q, t, w):
    gemm = q.nodes("Gemm")[0]
    return (np.abs(q.dequantized(gemm.input[2]) - w["b1"]) <= 0.51 * q.constant(q.dequantizer(gemm.input[2]).input[1])).all()


# network, options, least dB of the outputs, what must be true of the model (q), the float tensors (t), the weights (w)
CASES = [
    ("cnn", [], 28, lambda q, t, w: has_no_float_layer(q) and activation_type(q, np.uint8) and weight_scales(q, [8, 8, 8, 4, 5])
     and not q.nodes("BatchNormalization") and ports(q, "float", "float") and one_scale(q, "both", "left", "right", "larger")),
    ("cnn", ["--activations", "int8"], 28, lambda q, t, w: has_no_float_layer(q) and activation_type(q, np.int8)),
    ("cnn", ["--io", "uint8"], 28, lambda q, t, w: ports(q, "uint8", "uint8")),
    ("cnn", ["--io", "int8"], 28, lambda q, t, w: ports(q, "int8", "int8")),
    ("cnn", ["--io", "int8", "--activations", "int8"], 28, lambda q, t, w: ports(q, "int8", "int8") and activation_type(q, np.int8)),
    ("cnn", ["--io", "uint8,float"], 28, lambda q, t, w: ports(q, "uint8", "float")),
    ("cnn", ["--io", "float,int8"], 28, lambda q, t, w: ports(q, "float", "int8")),
    ("cnn", ["--per-tensor"], 22, lambda q, t, w: weight_scales(q, [1] * 5)),
    ("cnn", ["--keep-float", "pointwise_node"], 28, lambda q, t, w: is_float(q, "pointwise") and not is_float(q, q.nodes("Gemm")[0].output[0])),
    ("cnn", ["--keep-float", "pointwise"], 28, lambda q, t, w: is_float(q, "pointwise")),
    ("cnn", ["--keep-float", "Conv"], 28, lambda q, t, w: all(is_float(q, n.output[0]) for n in q.nodes("Conv")) and
     q.dequantizer(q.nodes("Gemm")[0].input[1])),
    ("cnn", ["--weights", "int4", "--int4-db", "0"], 5, lambda q, t, w: weight_types(q) == [22] * 5 and q.model.opset_import[0].version >= 21),
    ("cnn", ["--weights", "int4", "--int4-db", "22"], 22, lambda q, t, w: 0 < weight_types(q).count(22) < 5),
    ("cnn", ["--weights", "int4", "--int4-db", "100"], 28, lambda q, t, w: weight_types(q) == [3] * 5),
    ("mlp", ["--method", "minmax", *PLAIN], 25, lambda q, t, w: minmax_ranges(q, t) and own_weights(q, t, w) and plain_bias(q, t, w)),
    ("mlp", ["--method", "percentile", "--percentile", "98", *PLAIN], 10, lambda q, t, w: 0.01 < clipped_share(q, t, "x_dequantized") < 0.0201 and
     0.005 < clipped_share(q, t, "relu1") < 0.0201),
    # Few values fill few bins of the histogram: the divergence then forgives clipping a good deal of them.
    ("mlp", ["--method", "entropy", *PLAIN], 10, lambda q, t, w: 0 < clipped_share(q, t, "relu1") < 0.2),
    ("mlp", ["--method", "mse", *PLAIN], 25, lambda q, t, w: mse_is_least(q, t)),
    ("mlp", ["--equalize", "on", "--bias-correction", "off"], 25, lambda q, t, w: balanced(q, t)),
    ("mlp", ["--equalize", "off", "--bias-correction", "on", "--weights", "int4", "--int4-db", "0"], 5, corrected_bias),
]


def quantized_input(q, x):
    """Float samples as the model's input type: the scale is that of the DequantizeLinear behind the input."""
    kind = q.graph.input[0].type.tensor_type.elem_type
    if kind == PORTS["float"]:
        return x
    scale, zero_point = q.scale_and_zero_point(next(n for n in q.nodes("DequantizeLinear") if n.input[0] == "x"))
    limits = np.iinfo(zero_point.dtype)
    return np.clip(np.rint(x / scale) + zero_point, limits.min, limits.max).astype(zero_point.dtype)


def real_output(q, y):
    if q.graph.output[0].type.tensor_type.elem_type == PORTS["float"]:
        return y
    scale, zero_point = q.scale_and_zero_point(q.producer[q.graph.output[0].name])
    return (y.astype(np.float64) - zero_point) * scale


class Network:
    def __init__(self, name, folder, shape, model):
        self.name, self.folder, self.shape = name, folder, shape
        onnx.save(model, str(folder / f"{name}.onnx"))
        self.weights = {t.name: onnx.numpy_helper.to_array(t).astype(np.float64) for t in model.graph.initializer}
        self.calibration = samples(100, shape, 3)
        np.save(folder / f"{name}.calibration.npy", self.calibration)
        self.tensors = tensors(model, self.calibration, folder, name)
        self.test = samples(50, shape, 4)
        np.save(folder / f"{name}.test.npy", self.test)
        onnxruntime([{"model": folder / f"{name}.onnx", "inputs": {"": folder / f"{name}.test.npy"}, "outputs": {"": str(folder / f"{name}.y.npy")}}])
        self.exact = np.load(folder / f"{name}.y.npy")


def check(network, number, options, least, promise):
    base = network.folder / f"case{number}"
    run(ONNX2MCU, "quantize", network.folder / f"{network.name}.onnx", "--calibration", network.folder / f"{network.name}.calibration.npy",
        "-o", f"{base}.onnx", *options)
    q = Qdq(f"{base}.onnx")
    np.save(f"{base}.x.npy", quantized_input(q, network.test))
    onnxruntime([{"model": f"{base}.onnx", "inputs": {"": f"{base}.x.npy"}, "outputs": {"": f"{base}.y.npy"}}])
    near = decibel(network.exact, real_output(q, np.load(f"{base}.y.npy")))
    validated = "passed" in run(ONNX2MCU, "validate", f"{base}.onnx", "--input", f"{base}.x.npy", "--expected", f"{base}.y.npy", "--cxx-flags", "-O1")
    promised = promise(q, network.tensors, network.weights)
    passed = validated and near >= least and bool(promised)
    print(f"{'ok    ' if passed else 'FAILED'} {network.name} {' '.join(options)}: {near:.1f} dB (at least {least}), bits "
          f"{'identical' if validated else 'differ'}, {'as promised' if promised else 'not what the option promises'}", flush=True)
    return passed


def main():
    needs.onnxruntime()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        networks = {"cnn": Network("cnn", folder, (3, 10, 10), cnn()), "mlp": Network("mlp", folder, (20,), mlp())}
        passed = [check(networks[network], i, options, least, promise) for i, (network, options, least, promise) in enumerate(CASES)]
    print(f"{sum(passed)} of {len(passed)} passed")
    sys.exit(not all(passed))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Records what ONNX Runtime computes for float_math.cpp: recorded.bin. Needs numpy, onnx and tests/reference with its
node_modules; x86-64 with AVX512F. A record: one line of text (name, parameters, bytes of input, bytes of output),
then both as raw little-endian data. The first line names the versions."""

import json
import pathlib
import subprocess
import tempfile

import numpy as np
import onnx
from onnx import helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = HERE.parent.parent / "reference"
F32 = np.float32
EXTREMES = np.array([0.0, -0.0, 1e-45, -1e-45, 1e-40, 1.1754944e-38, np.inf, -np.inf, np.nan, 3.4028235e38, -3.4028235e38,
                     1, -1, 0.5, -0.5, 0.921875, 3.925, 88.7, 88.8, -87.3, -103.9, -104, -104.1, 9, -9, 18, -18, 1e30], F32)
rng = np.random.default_rng(20240117)
records = []


def onnx_type(array):
    return onnx.mapping.NP_TYPE_TO_TENSOR_TYPE[array.dtype]


def case(name, parameters, op, x, constants=(), output_type=None, domain="", opset=18, model_opset=None, **attributes):
    """One node with the data input x and constant inputs. model_opset: QLinearSoftmax's attribute `opset`."""
    if model_opset:
        attributes["opset"] = model_opset
    names = ["x"] + [f"c{i}" for i in range(len(constants))]
    node = helper.make_node(op, names, ["y"], domain=domain)
    node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", onnx_type(x), x.shape)],
        [helper.make_tensor_value_info("y", output_type or onnx_type(x), None)],
        [numpy_helper.from_array(np.asarray(c), n) for c, n in zip(constants, names[1:])])
    opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    records.append((name, parameters, x, model))


def run(directory):
    lines = []
    for i, (_, _, x, model) in enumerate(records):
        base = f"{directory}/{i}"
        onnx.save(model, base + ".onnx")
        np.save(base + "x.npy", x)
        lines.append(json.dumps(dict(model=base + ".onnx", inputs={"": base + "x.npy"}, outputs={"": base + "y.npy"},
                                     whole=True)))
    done = subprocess.run(["node", REFERENCE / "batch.mjs"], input="\n".join(lines), text=True, capture_output=True, check=True)
    for line in done.stdout.splitlines():
        assert json.loads(line)["status"] == "ok", line
    return done.stderr.strip().splitlines()[0]


def normal(shape, low=-1, high=2):
    return (rng.standard_normal(shape) * 10.0 ** rng.integers(low, high, shape)).astype(F32)


def elementwise():
    ops = [("Exp", {}), ("Sigmoid", {}), ("Tanh", {}), ("Erf", {}), ("Gelu", {}), ("Relu", {}), ("LeakyRelu", dict(alpha=0.01)),
           ("HardSigmoid", dict(alpha=0.2, beta=0.5)), ("HardSwish", {}), ("Elu", dict(alpha=0.7)), ("Selu", {}),
           ("Softplus", {}), ("Log", {})]
    for op, attributes in ops:
        for n in (1, 2, 3, 7, 33):
            x = normal(n)
            case(op, [], op, np.abs(x) if op == "Log" else x, opset=20, **attributes)
        bits = rng.integers(0, 2**32, 100, dtype=np.uint32).view(F32)
        case(op, [], op, np.concatenate([EXTREMES, bits, normal(100)]), opset=20, **attributes)
    case("GeluTanh", [], "Gelu", normal(200), opset=20, approximate="tanh")


def softmax():
    for op in ("Softmax", "LogSoftmax"):
        for n in (1, 2, 3, 10, 15, 16, 17, 36, 47, 48, 49, 100, 257):
            case(op, [n], op, normal((3, n)), axis=-1)
    for n in (1, 2, 4, 10, 36, 100):
        for dtype, low, high in ((np.uint8, 0, 255), (np.int8, -128, 127)):
            for y_scale, zero_point in ((1 / 256, low), (0.004, int(rng.integers(low, high))), (2e-5, 3)):
                x_scale = F32(rng.uniform(0.001, 0.3))
                x = rng.integers(low, high + 1, (4, n)).astype(dtype)
                scales = [x_scale, np.array(0, dtype), F32(y_scale), np.array(zero_point, dtype)]
                name = "QLinearSoftmax" + ("U8" if low == 0 else "S8")
                case(name, [n, x_scale, F32(y_scale), zero_point], "QLinearSoftmax", x, scales, domain="com.microsoft",
                     axis=-1, model_opset=13)


def reductions():
    for op in ("ReduceSum", "ReduceMean"):
        for n in (1, 2, 3, 4, 5, 8, 13, 16, 31, 49, 100, 256):
            case(op + "Packets", [n], op, normal((5, n)), [np.array([1])])
        for k, name in ((1, "InOrder"), (2, "Fours")):
            for n in (1, 2, 3, 4, 7, 25, 49):
                case(op + name, [k, n, 6], op, normal((k, n, 6)), [np.array([1])])
        case(op + "PacketRuns", [3, 2, 13], op, normal((3, 2, 13)), [np.array([0, 2])])


def quantization():
    for dtype in (np.uint8, np.int8, np.uint16, np.int16):
        info = np.iinfo(dtype)
        for _ in range(3):
            scale, zero_point = F32(10.0 ** rng.uniform(-4, 1)), int(rng.integers(info.min, info.max + 1))
            x = np.concatenate([EXTREMES, (rng.integers(-300, 300, 150) * scale / 2).astype(F32), normal(100)])
            name = "QuantizeLinear" + ("U" if info.min == 0 else "S") + str(info.bits)
            case(name, [scale, zero_point], "QuantizeLinear", x, [scale, np.array(zero_point, dtype)],
                 output_type=onnx_type(np.zeros(0, dtype)), opset=21)
            q = rng.integers(info.min, info.max + 1, 60).astype(dtype)
            case("DequantizeLinear" + name[14:], [scale, zero_point], "DequantizeLinear", q, [scale, np.array(zero_point, dtype)],
                 output_type=onnx.TensorProto.FLOAT, opset=21)


def pools():
    for i in range(40):
        channels = int(rng.choice([3, 5, 16]))
        kernel = [int(v) for v in rng.integers(1, 5, 2)]
        strides, opset = [int(v) for v in rng.integers(1, 4, 2)], int(rng.choice([13, 22]))
        pads = [int(rng.integers(0, kernel[j % 2])) for j in range(4)] if i % 3 else [0, 0, 0, 0]
        size = [kernel[0] + int(rng.integers(0, 6)), kernel[1] + int(rng.integers(0, 6))]
        if i % 5 == 0:
            size, strides, pads = kernel, [1, 1], [0, 0, 0, 0]
        include, ceil = int(rng.integers(0, 2)), int(i % 4 == 1)
        blocked = channels % 16 == 0 and not (ceil and include)
        if blocked or opset >= 19 or (ceil and include):
            order = 0
        elif size == kernel and strides == [1, 1] and not any(pads):
            order = 1
        else:
            order = 2 if strides[1] <= 2 else 0
        case("AveragePool", [channels, *size, *kernel, *strides, *pads, include, order], "AveragePool",
             normal((1, channels, *size)), opset=opset, kernel_shape=kernel, strides=strides, pads=pads,
             count_include_pad=include, ceil_mode=ceil)


def main():
    elementwise()
    softmax()
    reductions()
    quantization()
    pools()
    with tempfile.TemporaryDirectory() as directory:
        versions = run(directory)
        with open(HERE / "recorded.bin", "wb") as out:
            out.write((versions + "\n").encode())
            for i, (name, parameters, x, _) in enumerate(records):
                y = np.load(f"{directory}/{i}y.npy")
                words = [name, *(format(float(p), ".9g") for p in parameters), str(x.nbytes), str(y.nbytes)]
                out.write((" ".join(words) + "\n").encode() + x.tobytes() + y.tobytes())


main()

#!/usr/bin/python3
"""Writes the folders of this directory: a model per family of float operators, its inputs, and ONNX Runtime's outputs.
Needs numpy, onnx and tests/reference with its node_modules; x86-64 with AVX512F, whose order of summation counts."""
import pathlib
import sys

import numpy as np
from onnx import helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "quantized"))
from model import Model  # noqa: E402

F32 = "float32"
SPECIAL = [0.0, -0.0, 1e-45, -1e-45, 1e-40, 1.2e-38, 3.4e38, -3.4e38, np.inf, -np.inf, np.nan, 1, -1, 0.5, -0.5, 1.5, 2.5,
           8388607.5, -8388609, 88.7, 88.8, -87.4, -104.1, 9.1, -18.1]


def weights(model, *shape):
    return model.constant(model.values(F32, shape), F32)


def conv():
    """Every kernel of ONNX Runtime: NCHWc (image, pointwise, blocks of 16 channels, depthwise), im2col with one block
    and with several, one filter a group, one pixel, a kernel as wide or as high as the image."""
    m = Model(samples=2)
    cases = [  # channels, height, width, filters, kernel, group, further attributes
        (3, 9, 8, 5, (3, 3), 1, {"pads": [1, 1, 1, 1]}), (8, 7, 7, 4, (5, 5), 1, {"strides": [2, 2], "pads": [2, 1, 0, 2]}),
        (20, 6, 5, 6, (3, 3), 1, {"dilations": [1, 2], "pads": [1, 2, 1, 2]}), (144, 4, 3, 3, (1, 1), 1, {}),
        (144, 5, 5, 3, (1, 1), 1, {"strides": [2, 2], "auto_pad": "SAME_UPPER"}), (18, 6, 6, 4, (3, 3), 1, {}),
        (32, 3, 3, 3, (1, 1), 1, {"pads": [1, 0, 0, 1]}), (8, 6, 6, 8, (3, 3), 8, {"pads": [1, 1, 1, 1]}),
        (6, 6, 6, 6, (3, 2), 6, {"pads": [1, 0, 1, 1]}), (3, 5, 5, 9, (3, 3), 3, {}), (17, 5, 4, 2, (5, 4), 1, {}),
        (6, 7, 4, 6, (3, 4), 6, {}), (6, 5, 7, 12, (5, 1), 6, {}), (32, 4, 4, 32, (2, 2), 2, {}), (19, 9, 9, 1, (3, 3), 1, {}),
        (8, 5, 5, 4, (2, 2), 2, {"auto_pad": "SAME_LOWER"}), (33, 5, 5, 7, (3, 3), 1, {})]
    for i, (channels, height, width, filters, kernel, group, attributes) in enumerate(cases):
        x = m.input(f"x{i}", F32, [1, channels, height, width])
        inputs = [x, weights(m, filters, channels // group, *kernel)] + ([weights(m, filters)] if i % 3 else [])
        m.apply("Conv", inputs, [F32], kernel_shape=list(kernel), group=group, **attributes)
    for i, (channels, width, filters, kernel, group) in enumerate([(3, 12, 4, 5, 1), (4, 9, 4, 3, 4), (2, 6, 2, 6, 2), (18, 7, 3, 3, 1)]):
        x = m.input(f"s{i}", F32, [1, channels, width])
        m.apply("Conv", [x, weights(m, filters, channels // group, kernel)], [F32], group=group)
    x, w, b = m.input("xr", F32, [2, 3, 5, 5]), m.input("wr", F32, [4, 3, 2, 2]), m.input("br", F32, [4])
    m.apply("Conv", [x, w, b], [F32])
    m.write(HERE / "conv")


def fused():
    """com.microsoft FusedConv and FusedGemm: every activation behind every kernel of a convolution, one and two dimensions."""
    m = Model(samples=2)
    for i, (activation, parameters) in enumerate([("Relu", []), ("Tanh", []), ("Sigmoid", []), ("LeakyRelu", [0.2]), ("HardSigmoid", [0.3, 0.4]), ("Clip", [-0.5, 0.7])]):
        attributes = {"activation": activation, "activation_params": parameters} if parameters else {"activation": activation}
        for channels, filters, group in (3, 5, 1), (8, 8, 1), (8, 8, 8), (6, 6, 6):
            x = m.input(f"x{i}_{channels}_{group}", F32, [1, channels, 5, 4])
            m.apply("FusedConv", [x, weights(m, filters, channels // group, 3, 3), weights(m, filters)], [F32], "com.microsoft", group=group, pads=[1, 1, 1, 1], **attributes)
        m.apply("FusedConv", [m.input(f"s{i}", F32, [1, 3, 9]), weights(m, 4, 3, 3)], [F32], "com.microsoft", **attributes)
        if activation != "Clip":
            named = dict(zip(["activation_alpha", "activation_beta"], parameters))
            m.apply("FusedGemm", [m.input(f"g{i}", F32, [2, 37]), weights(m, 5, 37), weights(m, 5)], [F32], "com.microsoft", transB=1, alpha=0.5, activation=activation, **named)
    m.write(HERE / "fused")


def gemm():
    m = Model(samples=2)
    for i, (rows, k, n) in enumerate([(1, 5, 3), (3, 300, 4), (1, 600, 7), (2, 16, 1)]):
        x = m.input(f"x{i}", F32, [rows, k])
        w, b = m.values(F32, (k, n)), weights(m, n)
        m.apply("Gemm", [x, m.constant(w, F32), b], [F32])
        m.apply("Gemm", [x, m.constant(w.T, F32)], [F32], transB=1)
        m.apply("Gemm", [x, m.constant(w, F32), weights(m, rows, 1)], [F32], alpha=0.7, beta=0.3)
        m.apply("MatMul", [x, m.constant(w, F32)], [F32])
        r = m.input(f"r{i}", F32, [k, n])
        m.apply("MatMul", [x, r], [F32])
        m.apply("Gemm", [x, r, b], [F32])
    a, b = m.input("a", F32, [2, 1, 3, 5]), m.input("b", F32, [3, 5, 4])
    m.apply("MatMul", [a, b], [F32])
    m.apply("MatMul", [m.input("row", F32, [9]), m.input("column", F32, [9])], [F32])
    m.apply("MatMul", [a, weights(m, 5)], [F32])
    t, u = m.input("t", F32, [140, 3]), m.input("u", F32, [4, 140])
    m.apply("Gemm", [t, u], [F32], transA=1, transB=1)
    m.apply("Gemm", [m.input("p", F32, [3, 33]), m.input("q", F32, [1, 33])], [F32], transB=1)
    m.write(HERE / "gemm")


def special_values(m, count=64):
    values = m.values(F32, [3, count]) * np.float32(4)
    values[0, :len(SPECIAL)] = SPECIAL
    return values


def binary():
    m = Model()
    a = m.input("a", F32, [2, 32], special_values(m).reshape(3, 2, 32))
    b = m.input("b", F32, [2, 32], special_values(m)[:, ::-1].reshape(3, 2, 32))
    for op in ["Add", "Sub", "Mul", "Div", "Min", "Max", "Sum", "Mean", "Pow"]:
        m.apply(op, [a, b], [F32])
    i, j = m.input("i", F32, [2, 1, 4]), m.input("j", F32, [3, 1])
    for op in ["Add", "Sub", "Mul", "Div", "Min", "Max", "PRelu"][:6]:
        m.apply(op, [i, j], [F32])
        m.apply(op, [weights(m, 1), i], [F32])
        m.apply(op, [i, weights(m, 4)], [F32])
    m.apply("PRelu", [a, m.constant(0.3, F32)], [F32])
    m.apply("Sum", [i, j, weights(m, 4), weights(m, 1)], [F32])
    m.apply("Mean", [i, j, weights(m, 4)], [F32])
    for exponent in [2, 3, 0.5, -1.3]:
        m.apply("Pow", [a, m.constant(exponent, F32)], [F32])
    p, q = m.input("p", "int32", [5], low=-100, high=100), m.input("q", "int32", [5], low=1, high=50)
    for op in ["Add", "Sub", "Mul", "Div", "Min", "Max", "Mod"]:
        m.apply(op, [p, q], ["int32"])
    m.write(HERE / "binary")


def unary():
    """62 elements: the functions that Eigen computes in packets of four take another way for the last two."""
    m = Model(opset=20)
    x = m.input("x", F32, [62], special_values(m, 62))
    for op in ["Abs", "Neg", "Sign", "Floor", "Ceil", "Round", "Reciprocal", "Sqrt", "Exp", "Erf", "Sigmoid", "Tanh", "Relu",
               "Softsign", "HardSwish", "Softplus", "Log", "Gelu"]:
        m.apply(op, [x], [F32])
    m.apply("Gelu", [x], [F32], approximate="tanh")
    for op in ["LeakyRelu", "ThresholdedRelu", "Elu", "Celu"]:
        m.apply(op, [x], [F32], alpha=0.7)
    m.apply("Selu", [x], [F32])
    m.apply("HardSigmoid", [x], [F32], alpha=0.3, beta=0.4)
    m.apply("Shrink", [x], [F32], lambd=1.5, bias=0.5)
    m.apply("Clip", [x, m.constant(-1.5, F32), m.constant(6, F32)], [F32])
    m.apply("Clip", [x, "", m.constant(6, F32)], [F32])
    b = m.input("b", "int8", [16])
    m.apply("Clip", [b, m.constant(-20, "int8"), m.constant(60, "int8")], ["int8"])
    m.write(HERE / "unary")


def softmax(name, opset, axes):
    m = Model(opset=opset)
    x = m.input("x", F32, [3, 5, 21])
    for op in ["Softmax", "LogSoftmax", "Hardmax"]:
        for axis in axes:
            m.apply(op, [x], [F32], axis=axis)
    m.write(HERE / name)


def average_pool(name, opset):
    m = Model(opset=opset)
    for i, shape in enumerate([[1, 3, 9, 8], [1, 16, 6, 6], [1, 4, 11]]):
        x = m.input(f"x{i}", F32, shape)
        rank = len(shape) - 2
        for kernel, stride, pad in [(2, 2, 0), (3, 1, 1), (3, 2, 1), (4, 3, 0)]:
            for include in (0, 1):
                for ceil in (0, 1):
                    m.apply("AveragePool", [x], [F32], kernel_shape=[kernel] * rank, strides=[stride] * rank,
                            pads=[pad] * rank * 2, count_include_pad=include, ceil_mode=ceil)
        m.apply("AveragePool", [x], [F32], kernel_shape=shape[2:])
        m.apply("GlobalAveragePool", [x], [F32])
        m.apply("GlobalMaxPool", [x], [F32])
    m.write(HERE / name)


def reduce():
    m = Model(opset=18)
    axes = [[0], [1], [2], [0, 2], [1, 2], [0, 1], [0, 1, 2, 3], [3], [1, 3]]
    x = m.input("x", F32, [3, 7, 2, 9])
    one = m.input("one", F32, [1, 7, 5, 4])
    for op in ["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"]:
        for i, a in enumerate(axes):
            m.apply("Reduce" + op, [x, m.constant(a, np.int64)], [F32], keepdims=i % 2)
        m.apply("Reduce" + op, [one, m.constant([2, 3], np.int64)], [F32])
        m.apply("Reduce" + op, [one, m.constant([1, 2], np.int64)], [F32])
        m.apply("Reduce" + op, [x], [F32])
    m.apply("ReduceLogSum", [m.input("p", F32, [3, 5], np.abs(m.values(F32, [3, 3, 5])))], [F32])
    for op in ["L1", "L2", "SumSquare", "Sum"]:
        m.apply("Reduce" + op, [x, m.constant([], np.int64)], [F32], noop_with_empty_axes=1)
    ties = m.input("ties", F32, [4, 6], np.round(m.values(F32, [3, 4, 6])))
    for op in ["ArgMax", "ArgMin"]:
        for axis in (0, 1):
            for last in (0, 1):
                m.apply(op, [ties], ["int64"], axis=axis, select_last_index=last, keepdims=last)
    m.write(HERE / "reduce")


def batch_normalization():
    m = Model(opset=15)
    for i, shape in enumerate([[1, 5, 4, 3], [2, 6], [1, 4, 7]]):
        c = shape[1]
        constants = [weights(m, c), weights(m, c), weights(m, c), m.constant(np.abs(m.values(F32, [c])), F32)]
        m.apply("BatchNormalization", [m.input(f"x{i}", F32, shape), *constants], [F32], epsilon=1e-3)
    names = [m.input(n, F32, [5], np.abs(m.values(F32, [3, 5]))) for n in ["scale", "shift", "mean", "var"]]
    m.apply("BatchNormalization", [m.input("x", F32, [1, 5, 3]), *names], [F32])
    m.write(HERE / "batch_normalization")


def recurrent():
    """LSTM, GRU, RNN: directions, biases, initial states, batches, lengths, activations; hidden sizes around the groups of
    four of ONNX Runtime's products, inputs beyond its blocks of 256 terms."""
    m = Model(samples=2)

    def layer(op, steps, batch, width, hidden, outputs, bias=True, state=False, lengths=None, directions=1, **attributes):
        gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
        if directions == 2:
            attributes["direction"] = "bidirectional"
        small = lambda *shape: m.constant(m.values(F32, shape) * np.float32(0.4), F32)
        x = m.input(f"x{len(m.nodes)}", F32, [steps, batch, width])
        inputs = [x, small(directions, gates * hidden, width), small(directions, gates * hidden, hidden)]
        inputs += [small(directions, 2 * gates * hidden) if bias else "", m.constant(lengths, "int32") if lengths else ""]
        for i in range(2 if op == "LSTM" else 1):
            inputs.append(m.input(f"h{len(m.nodes)}{i}", F32, [directions, batch, hidden]) if state else "")
        peepholes = attributes.pop("peepholes", False)
        if peepholes:
            inputs.append(small(directions, 3 * hidden))
        m.apply(op, inputs, outputs, hidden_size=hidden, **attributes)

    for op in "LSTM", "GRU", "RNN":
        every = [F32] * (3 if op == "LSTM" else 2)
        for hidden in 1, 2, 3, 4, 5, 7, 8:
            layer(op, 3, 1, 5, hidden, every, bias=hidden % 2)
        layer(op, 2, 1, 260, 2, every)
        layer(op, 4, 3, 6, 5, every, state=True, lengths=[4, 1, 3])
        layer(op, 4, 2, 6, 5, every, state=True, directions=2)
        layer(op, 4, 2, 6, 6, every, lengths=[2, 4], directions=2)
        layer(op, 5, 1, 3, 4, every, direction="reverse")
        layer(op, 3, 1, 4, 5, [F32], clip=0.7)
    layer("LSTM", 3, 2, 4, 5, [F32] * 3, peepholes=True, state=True)
    layer("LSTM", 3, 1, 4, 5, [F32] * 3, input_forget=1)
    layer("LSTM", 3, 1, 4, 5, [F32] * 3, activations=["HardSigmoid", "Relu", "Softsign"], activation_alpha=[0.3], activation_beta=[0.4])
    layer("LSTM", 3, 1, 4, 5, [F32] * 3, activations=["Tanh", "Sigmoid", "Relu"])
    for linear in 0, 1:
        for bias in 0, 1:
            layer("GRU", 4, 1, 4, 6, [F32] * 2, bias=bias, linear_before_reset=linear)
        layer("GRU", 3, 2, 4, 5, [F32] * 2, linear_before_reset=linear, state=True, directions=2)
        layer("GRU", 3, 1, 4, 5, [F32] * 2, linear_before_reset=linear, activations=["Tanh", "Sigmoid"])
        layer("GRU", 3, 1, 4, 5, [F32] * 2, linear_before_reset=linear, activations=["HardSigmoid", "Relu"])
    for name, alpha in ("Sigmoid", 0.0), ("Relu", 0.0), ("LeakyRelu", 0.2), ("Affine", 0.3), ("ThresholdedRelu", 0.1), ("Softsign", 0.0):
        layer("RNN", 3, 1, 4, 5, [F32] * 2, activations=[name], activation_alpha=[alpha], activation_beta=[0.1])
    m.write(HERE / "recurrent")


def trigonometry():
    m = Model(opset=18)
    wide, unit = m.input("x", F32, [40], special_values(m, 40)), m.input("u", F32, [40], m.random.uniform(-1, 1, [3, 40]))
    for op in ["Sin", "Cos", "Tan", "Sinh", "Cosh", "Asinh", "Atan", "IsNaN", "IsInf", "Mish"]:
        m.apply(op, [wide], ["bool" if op.startswith("Is") else F32])
    m.apply("IsInf", [wide], ["bool"], detect_negative=0)
    for op in ["Acos", "Asin", "Atanh"]:
        m.apply(op, [unit], [F32])
    m.apply("Acosh", [m.input("v", F32, [40], m.random.uniform(1, 30, [3, 40]))], [F32])
    m.write(HERE / "trigonometry")


def logic():
    m = Model(opset=18)
    for dtype in "int8", "uint8", "int32", "int64":
        a, b = m.input("a_" + dtype, dtype, [3, 4]), m.input("b_" + dtype, dtype, [4])
        for op in ["BitwiseAnd", "BitwiseOr", "BitwiseXor"]:
            m.apply(op, [a, b], [dtype])
        m.apply("BitwiseNot", [a], [dtype])
        for op in ["Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"]:
            if dtype in ("int32", "int64"):
                m.apply(op, [a, b], ["bool"])
    shifts = m.input("shifts", "uint8", [4], low=0, high=7)
    for direction in "LEFT", "RIGHT":
        m.apply("BitShift", ["a_uint8", shifts], ["uint8"], direction=direction)
    p, q = (m.input(n, "bool", [6], m.random.random([3, 6]) < 0.5) for n in "pq")
    for op in ["And", "Or", "Xor"]:
        m.apply(op, [p, q], ["bool"])
    m.apply("Not", [p], ["bool"])
    m.write(HERE / "logic")


def conv_transpose():
    m = Model(samples=2)
    cases = [  # shape, filters, kernel, group, further attributes
        ([1, 3, 4, 5], 4, (3, 3), 1, {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}),
        ([1, 6, 3, 3], 4, (2, 2), 2, {"strides": [2, 2]}), ([1, 5, 4, 4], 1, (1, 1), 1, {}), ([2, 1, 4, 3], 3, (3, 2), 1, {}),
        ([1, 4, 1, 1], 3, (2, 3), 1, {}), ([1, 130, 2, 2], 2, (2, 2), 1, {"strides": [2, 2]}), ([1, 4, 5, 4], 4, (3, 3), 4, {"dilations": [2, 1]}),
        ([1, 3, 3, 3], 2, (3, 3), 1, {"auto_pad": "SAME_UPPER", "strides": [2, 2]}), ([1, 20, 12, 12], 3, (2, 2), 1, {"strides": [2, 2]}),
        ([1, 2, 3, 3], 2, (3, 3), 1, {"output_shape": [7, 8], "strides": [3, 2]}), ([1, 3, 7], 4, (4,), 1, {"strides": [2], "pads": [1, 1]})]
    for i, (shape, filters, kernel, group, attributes) in enumerate(cases):
        x, w = m.input(f"x{i}", F32, shape), [shape[1], filters // group, *kernel]
        m.apply("ConvTranspose", [x, weights(m, *w), weights(m, filters)], [F32], group=group, **attributes)
        m.apply("ConvTranspose", [x, m.input(f"w{i}", F32, w)], [F32], group=group, **attributes)
    m.write(HERE / "conv_transpose")


COORDINATES = ["half_pixel", "asymmetric", "pytorch_half_pixel", "align_corners", "half_pixel_symmetric", "tf_crop_and_resize"]


def resize(name, opset, transposed):
    """All modes up and down; transposed: between convolutions, where images lie channels last."""
    m = Model(samples=1, opset=opset)
    scales, sizes = [(2, 2), (1.3, 2.6), (0.6, 0.5)], [(3, 9)]

    def image(dtype, shape):
        x = m.input("x_" + dtype, dtype, shape)
        if not transposed:
            return x
        m.nodes.append(helper.make_node("MaxPool", [x], [x + "_pool"], kernel_shape=[1, 1]))
        return x + "_pool"

    def apply(x, dtype, sc, si, mode, coordinates, **attributes):
        roi = ""
        if coordinates == "tf_crop_and_resize":
            roi = m.constant([0, 0, 0.3, -0.25, 1, 1, 0.8, 1.2], F32)
            attributes["extrapolation_value"] = 7.0
        inputs = [x, roi, m.constant([1, 1, *sc], F32)] if sc else [x, roi, "", m.constant([1, 2, *si], np.int64)]
        m.apply("Resize", inputs, [dtype], mode=mode, coordinate_transformation_mode=coordinates, **attributes)

    images = {dtype: image(dtype, [1, 2, 4, 6]) for dtype in (F32, "int8", "uint8")}
    for coordinates in COORDINATES[4:] if transposed else COORDINATES:
        for i, (sc, si) in enumerate([(s, None) for s in scales] + [(None, s) for s in sizes]):
            for nearest in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"][i % 2 :: 2]:
                apply(images["int8"], "int8", sc, si, "nearest", coordinates, nearest_mode=nearest)
            for dtype in [F32, "uint8", "int8"][: 3 - i % 3]:
                apply(images[dtype], dtype, sc, si, "linear", coordinates)
            for exclude in (0, 1):
                apply(images[F32], F32, sc, si, "cubic", coordinates, exclude_outside=exclude, cubic_coeff_a=-0.6)
                if opset >= 18 and coordinates != "tf_crop_and_resize":  # ONNX Runtime fails beyond the image
                    apply(images[F32], F32, sc, si, ["linear", "cubic"][i % 2], coordinates, antialias=1, exclude_outside=exclude)
    if not transposed:
        last = {dtype: m.input("last_" + dtype, dtype, [1, 4, 5, 3]) for dtype in (F32, "uint8", "int8")}
        for dtype, x in last.items():
            m.apply("Resize", [x, "", m.constant([1, 2.5, 1.7, 1], F32)], [dtype], mode="linear")
        m.apply("Resize", [m.input("line", F32, [1, 2, 7]), "", m.constant([1, 1, 2.3], F32)], [F32], mode="linear")
        m.apply("Resize", [m.input("volume", F32, [1, 1, 2, 3, 4]), "", m.constant([1, 1, 2, 1.5, 2.5], F32)], [F32], mode="linear")
        m.apply("Resize", [m.input("plane", F32, [4, 5]), "", m.constant([2, 0.7], F32)], [F32], mode="cubic")
        m.apply("Resize", [m.input("row", "int8", [5]), "", m.constant([2.3], F32)], ["int8"], nearest_mode="ceil")
    m.write(HERE / name)


def upsample():
    m = Model(samples=1, opset=9)
    for mode, factors in ("nearest", (2, 2)), ("nearest", (1.5, 3)), ("linear", (2, 2)), ("linear", (1.7, 2.2)):
        x = m.input(f"x{len(m.nodes)}", F32, [1, 2, 3, 4])
        m.apply("Upsample", [x, m.constant([1, 1, *factors], F32)], [F32], mode=mode)
    m.write(HERE / "upsample")


def normalization():
    m = Model(opset=17)
    for i, (shape, axis) in enumerate([([2, 3, 10], -1), ([3, 7], 1), ([2, 5, 4], 1), ([1, 70], 0), ([2, 2, 1], -1), ([3, 8], 1), ([4, 13], 1), ([5, 31], 1),
                                        ([3, 133], 1)]):
        x = m.input(f"x{i}", F32, shape)
        rest = shape[axis:]
        m.apply("LayerNormalization", [x, weights(m, *rest), weights(m, *rest)], [F32] * 3, axis=axis, epsilon=1e-4)
        m.apply("LayerNormalization", [x, weights(m, *rest)], [F32], axis=axis)
        m.apply("LpNormalization", [x], [F32], axis=axis, p=2)
        m.apply("LpNormalization", [x], [F32], axis=0, p=1)
    m.apply("LpNormalization", [m.input("zeros", F32, [2, 4], np.zeros([3, 2, 4]))], [F32])
    for i, shape in enumerate([[1, 5, 4, 3], [2, 3, 7], [1, 4, 9, 1], [2, 2, 1]]):
        x = m.input(f"i{i}", F32, shape)
        m.apply("InstanceNormalization", [x, weights(m, shape[1]), weights(m, shape[1])], [F32], epsilon=1e-3)
    m.write(HERE / "normalization")


def group_normalization():
    m = Model(opset=21)
    for i, (shape, groups) in enumerate([([1, 6, 4, 3], 2), ([2, 4, 5], 4), ([1, 8, 3, 3], 1), ([2, 6], 3)]):
        x = m.input(f"x{i}", F32, shape)
        m.apply("GroupNormalization", [x, weights(m, shape[1]), weights(m, shape[1])], [F32], num_groups=groups, epsilon=1e-3)
    m.write(HERE / "group_normalization")


def rms_normalization():
    m = Model(opset=23)
    for i, (shape, axis) in enumerate([([2, 3, 10], -1), ([2, 5, 4], 1), ([4, 15], 1), ([4, 16], 1), ([4, 31], 1)]):
        m.apply("RMSNormalization", [m.input(f"x{i}", F32, shape), weights(m, *shape[axis:])], [F32], axis=axis, epsilon=1e-4)
    m.write(HERE / "rms_normalization")


def einsum():
    """Transposition, sums, products with and without batch, several labels on each side, an ellipsis, a constant operand."""
    m = Model(samples=2, opset=18)
    shapes = {"a": [3, 4], "b": [4, 5], "c": [2, 3, 4], "d": [2, 4, 5], "e": [3], "f": [2, 3, 2, 4], "g": [2, 5, 2, 4], "h": [140, 4], "s": []}
    x = {name: m.input(name, F32, shape) for name, shape in shapes.items()}
    for equation, *names in [("ij->ji", "a"), ("ij->i", "a"), ("ij->", "a"), ("bij->jb", "c"), ("ij,jk->ik", *"ab"), ("ij,jk", *"ab"), ("ij,jk->ki", *"ab"),
                             ("bij,bjk->bik", *"cd"), ("bij,bjk->kbi", *"cd"), ("bij,jk->bik", *"cb"), ("i,i->", *"ee"), ("i,ij->j", *"ea"), ("i,ij->ij", *"ea"),
                             ("bqhd,bkhd->bhqk", *"fg"), ("bij,bkj->bik", *"cc"), ("...ij,jk->...ik", *"cb"), ("...j,jk->...k", *"ab"), ("ij,kl->ijkl", *"ab"),
                             ("bij,bij->b", *"cc"), ("bijk,bk->ij", "f", "v"), ("ij,ij->ij", *"aa"), (" i j , jk -> ik ", *"ab"), ("ij,jk->i", *"ab"), ("ki,kj->ij", *"hh"),
                             ("...,...->...", *"aa")]:
        if "v" in names and "v" not in x:
            x["v"] = m.input("v", F32, [2, 4])
        m.apply("Einsum", [x[n] for n in names], [F32], equation=equation)
    m.apply("Einsum", [x["a"], weights(m, 4, 6)], [F32], equation="ij,jk->ik")
    m.write(HERE / "einsum")


def lp_pool(name, opset):
    m = Model(samples=2, opset=opset)
    cases = [([1, 16, 6, 7], dict(kernel_shape=[2, 3])), ([1, 3, 6, 7], dict(kernel_shape=[3, 2], strides=[2, 1], pads=[1, 1, 0, 1])),
             ([1, 2, 5, 5], dict(kernel_shape=[2, 2], auto_pad="SAME_UPPER")), ([1, 4, 9], dict(kernel_shape=[3], strides=[2]))]
    if opset >= 18:
        cases += [([1, 3, 7, 7], dict(kernel_shape=[2, 2], dilations=[2, 1])), ([1, 3, 7, 6], dict(kernel_shape=[2, 2], strides=[2, 3], ceil_mode=1))]
    for i, (shape, attributes) in enumerate(cases):
        x = m.input(f"x{i}", F32, shape)
        for p in (1, 2):
            m.apply("LpPool", [x], [F32], p=p, **attributes)
            m.apply("GlobalLpPool", [x], [F32], p=p)
    m.write(HERE / name)


def volume(name, opset):
    """Three spatial dimensions; x with NaN, infinities and zeros of both signs for the pools."""
    m = Model(samples=2, opset=opset)
    pools = [([1, 3, 4, 5, 6], 2, 2, 0, {}), ([1, 2, 5, 6, 7], 3, 1, 1, {}), ([1, 16, 4, 4, 9], 3, 2, 1, {}), ([1, 2, 6, 5, 7], 2, 3, 0, {})]
    for i, (shape, kernel, stride, pad, attributes) in enumerate(pools):
        values = m.values(F32, [2, *shape])
        hostile = np.where(m.random.random(values.shape) < 0.15, m.random.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], values.shape), values)
        x, special = m.input(f"x{i}", F32, shape, values), m.input(f"special{i}", F32, shape, hostile)
        window = dict(kernel_shape=[kernel] * 3, strides=[stride] * 3, pads=[pad] * 6)
        for ceil in (0, 1):
            m.apply("MaxPool", [special], [F32], ceil_mode=ceil, **window)
            for include in (0, 1):
                m.apply("AveragePool", [x], [F32], count_include_pad=include, ceil_mode=ceil, **window)
        m.apply("MaxPool", [special], [F32], kernel_shape=[2, 1, 2], dilations=[2, 1, 3], auto_pad="VALID")
        m.apply("MaxPool", [special], [F32], kernel_shape=[1, 3, 2], strides=[1, 2, 2], auto_pad="SAME_UPPER")
        for op in ("GlobalMaxPool", "GlobalAveragePool"):
            m.apply(op, [special if op == "GlobalMaxPool" else x], [F32])
        m.apply("LpPool", [x], [F32], p=2, **window)
        if opset >= 19:
            m.apply("AveragePool", [x], [F32], kernel_shape=[2, 3, 2], dilations=[2, 1, 2], pads=[1, 0, 1, 0, 1, 1], count_include_pad=1)
    convolutions = [  # channels, size, filters, kernel, group, further attributes
        (3, (4, 5, 6), 5, (3, 3, 3), 1, {"pads": [1] * 6}), (4, (5, 4, 7), 4, (2, 3, 2), 4, {"strides": [2, 1, 2]}), (20, (3, 4, 4), 6, (3, 2, 2), 1, {"pads": [1, 0, 1, 0, 1, 0]}),
        (16, (3, 4, 4), 16, (1, 1, 1), 1, {}), (2, (5, 5, 5), 3, (2, 2, 2), 1, {"dilations": [2, 3, 1], "pads": [1, 0, 0, 1, 2, 1]}), (3, (5, 4, 5), 4, (2, 3, 2), 1, {"auto_pad": "SAME_LOWER", "strides": [2, 2, 1]}), (1, (3, 4, 5), 2, (3, 4, 5), 1, {}),
        (1, (3, 4, 5), 3, (2, 2, 5), 1, {}), (6, (4, 4, 4), 4, (2, 2, 2), 2, {}), (9, (6, 6, 6), 1, (3, 3, 3), 1, {})]
    for i, (channels, size, filters, kernel, group, attributes) in enumerate(convolutions):
        inputs = [m.input(f"c{i}", F32, [1, channels, *size]), weights(m, filters, channels // group, *kernel)] + ([weights(m, filters)] if i % 2 else [])
        m.apply("Conv", inputs, [F32], group=group, **attributes)
    transposed = [([1, 3, 3, 4, 3], 4, (3, 2, 3), 1, {"strides": [2, 2, 1], "pads": [1, 0, 1, 0, 1, 1], "output_padding": [1, 0, 0]}), ([1, 4, 2, 3, 3], 2, (2, 2, 2), 2, {"dilations": [2, 1, 2]})]
    for i, (shape, filters, kernel, group, attributes) in enumerate(transposed):
        m.apply("ConvTranspose", [m.input(f"t{i}", F32, shape), weights(m, shape[1], filters // group, *kernel), weights(m, filters)], [F32], group=group, **attributes)
    m.write(HERE / name)


def lrn():
    m = Model(samples=2)
    for i, (shape, attributes) in enumerate([([1, 7, 3, 4], dict(size=3)), ([1, 4, 5, 2], dict(size=5, alpha=0.3, beta=0.5, bias=2.0)),
                                             ([2, 3, 1, 6], dict(size=1, alpha=1.0)), ([1, 2, 2, 2], dict(size=9, alpha=0.01, beta=1.0))]):
        m.apply("LRN", [m.input(f"x{i}", F32, shape)], [F32], **attributes)
    m.write(HERE / "lrn")


F16 = "float16"


def half_alone(m, x, y):
    """Each operator between a float16 input and a float16 output."""
    k = lambda values: m.constant(values, F16)
    some = lambda *shape: k(m.values(F16, shape))
    for op in "Relu Sigmoid Tanh Exp Abs Neg Floor Softsign HardSigmoid HardSwish Erf Reciprocal Elu Softplus LeakyRelu Softmax LogSoftmax Identity Flatten".split():
        m.apply(op, [x], [F16])
    for op in "Add Sub Mul Div Max Min Pow Sum Mean".split():
        m.apply(op, [x, y], [F16])
    for op in "Equal", "Less":
        m.apply(op, [x, y], ["bool"])
    m.apply("Clip", [x, k(-0.3), k(0.7)], [F16])
    m.apply("PRelu", [x, some(3, 1, 1)], [F16])
    m.apply("Conv", [x, some(4, 3, 2, 2), some(4)], [F16])
    m.apply("ConvTranspose", [x, some(3, 2, 2, 2)], [F16])
    m.apply("MatMul", [x, some(5, 6)], [F16])
    m.apply("Gemm", [m.input("rows", F16, [2, 9]), some(9, 4), some(4)], [F16])
    m.apply("MaxPool", [x], [F16], kernel_shape=[2, 2])
    m.apply("AveragePool", [x], [F16], kernel_shape=[2, 3])
    m.apply("GlobalAveragePool", [x], [F16])
    m.apply("ReduceSum", [x], [F16], keepdims=0)
    m.apply("ReduceMax", [x], [F16], axes=[2, 3])
    m.apply("ArgMax", [x], ["int64"], axis=3)
    m.apply("LayerNormalization", [x, some(5), some(5)], [F16])
    m.apply("InstanceNormalization", [x, some(3), some(3)], [F16])
    m.apply("LSTM", [m.input("steps", F16, [3, 1, 4]), some(1, 12, 4), some(1, 12, 3)], [F16], hidden_size=3)
    m.apply("Where", [m.constant([True, False, True, False, True], bool), x, y], [F16])
    m.apply("Transpose", [x], [F16], perm=[0, 2, 3, 1])
    m.apply("Concat", [x, y, some(1, 3, 4, 2)], [F16], axis=3)
    m.apply("Gather", [x, m.constant([2, 0, -1], np.int64)], [F16], axis=2)
    m.apply("Slice", [x, *(m.constant([v], np.int64) for v in (4, -9, 3, -2))], [F16])
    m.apply("Expand", [m.input("line", F16, [3, 1]), m.constant([2, 3, 4], np.int64)], [F16])
    m.apply("Pad", [x, m.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64)], [F16])
    m.apply("Resize", [x, "", m.constant([1, 1, 2, 2], np.float32)], [F16], mode="linear")
    m.apply("Split", [x], [F16, F16, F16], axis=1)
    for to, name in ((1, F32), (6, "int32"), (3, "int8")):
        m.apply("Cast", [x], [name], to=to)


def half_chains(m):
    """Where ONNX Runtime rounds between operators and where it does not; the model's own Casts. Every chain has an input of
    its own, or ONNX Runtime would share equal beginnings."""
    def chain(*steps):
        value = m.input(f"x{len(m.inputs)}", F16, [1, 3, 4, 5], m.values(F16, [4, 1, 3, 4, 5]) * 2)
        for i, (op, inputs, attributes) in enumerate(steps):
            name = f"chain{len(m.nodes)}"
            if i + 1 == len(steps):
                kinds = [F32] if attributes.get("to") == 1 else ["uint8"] if op == "QuantizeLinear" else [F16]
                m.apply(op, [value, *inputs], kinds, **attributes)
            else:
                m.nodes.append(helper.make_node(op, [value, *inputs], [name], **attributes))
            value = name

    exp, sqrt = ("Exp", [], {}), ("Sqrt", [], {})
    turn, flat = ("Transpose", [], {"perm": [0, 3, 1, 2]}), ("Reshape", [m.constant([3, -1], np.int64)], {})
    clip = "Clip", [m.constant(0.2, F16)], {}
    chain(exp, sqrt, exp)
    chain(exp, turn, sqrt)          # one that only moves is spared the rounding
    chain(exp, turn, flat, sqrt)    # two are not
    chain(exp, turn, sqrt, clip, exp)
    chain(turn, exp, sqrt)
    chain(exp, ("Concat", ["x0"], {"axis": 0}), sqrt)
    chain(exp, clip)
    chain(("Cast", [], {"to": 1}), exp, ("Cast", [], {"to": 10}), sqrt, ("Cast", [], {"to": 1}))
    chain(exp, ("Cast", [], {"to": 1}), ("Cast", [], {"to": 10}), sqrt)
    chain(("Softmax", [], {"axis": 1}), ("LeakyRelu", [], {}), exp)
    chain(exp, ("Conv", [m.constant(m.values(F16, [4, 3, 3, 3]), F16)], {}), ("Relu", [], {}), sqrt)
    scale = m.constant(0.0372, F16)
    chain(exp, ("QuantizeLinear", [scale, m.constant(3, np.uint8)], {}))
    chain(exp, ("QuantizeLinear", [scale, m.constant(3, np.uint8)], {}), ("DequantizeLinear", [scale, m.constant(3, np.uint8)], {}))
    chain(exp, ("QuantizeLinear", [scale, m.constant(3, np.uint8)], {}), ("DequantizeLinear", [scale, m.constant(3, np.uint8)], {}), sqrt)


def half_limits():
    """Bounds of float16, given or not, where Clip has a kernel for it and where it is computed in float32. An input of its
    own for each Exp, or ONNX Runtime would make one of them (and of equal Clips)."""
    m = Model(samples=2, opset=21)

    def hostile():
        values = np.where(m.random.random([2, 3, 20]) < 0.3, m.random.choice([np.inf, -np.inf, np.nan, 65504.0, -65504.0], [2, 3, 20]), m.values(F32, [2, 3, 20]) * 9)
        return m.input(f"x{len(m.inputs)}", F16, [3, 20], values.astype(F16))

    x, low, high = hostile(), m.constant(-0.5, F16), m.constant(3.5, F16)
    for inputs in ([x], [x, low], [x, "", high], [x, low, high]):
        m.apply("Clip", inputs, [F16])
        for others in ([], ["Round"], ["Sqrt"], ["Round", "Sqrt"]):  # readers of the Exp beside a Clip between two such nodes
            y = f"between{len(m.nodes)}"
            m.nodes += [helper.make_node("Exp", [hostile()], [y]), helper.make_node("Clip", [y, *inputs[1:]], [y + "_clip"])]
            m.apply("Sqrt", [y + "_clip"], [F16])
            for op in others:
                m.apply(op, [y], [F16])
    for op in ("Max", "Min"):
        m.apply(op, [x, low], [F16])
    for scale, zero_point, dtype in (0.0372, 3, "uint8"), (6e-7, -5, "int8"):
        m.apply("QuantizeLinear", [hostile(), m.constant(scale, F16), m.constant(zero_point, dtype)], [dtype])
    m.write(HERE / "half_limits")


def half(name, opset, body):
    m = Model(samples=4, opset=opset)
    body(m, *(m.input(n, F16, [1, 3, 4, 5], m.values(F16, [4, 1, 3, 4, 5]) * 2) for n in "xy"[:body.__code__.co_argcount - 1]))
    m.write(HERE / name)


RECORDS = {
    "volume": lambda: volume("volume", 17), "volume_opset19": lambda: volume("volume_opset19", 19), "einsum": einsum, "lrn": lrn, "lp_pool": lambda: lp_pool("lp_pool", 18), "lp_pool_opset11": lambda: lp_pool("lp_pool_opset11", 11),
    "half_limits": half_limits, "half": lambda: half("half", 17, half_alone), "half_chains": lambda: half("half_chains", 21, half_chains),
    "conv": conv, "fused": fused, "gemm": gemm, "binary": binary, "unary": unary, "softmax": lambda: softmax("softmax", 13, [0, 1, 2, -1]),
    "softmax_opset11": lambda: softmax("softmax_opset11", 11, [0, 1, 2]),
    "average_pool": lambda: average_pool("average_pool", 13),
    "average_pool_opset19": lambda: average_pool("average_pool_opset19", 19), "reduce": reduce,
    "batch_normalization": batch_normalization, "recurrent": recurrent,
    "resize": lambda: resize("resize", 18, False), "resize_channels_last": lambda: resize("resize_channels_last", 18, True),
    "upsample": upsample, "normalization": normalization, "group_normalization": group_normalization,
    "rms_normalization": rms_normalization, "conv_transpose": conv_transpose,
    "trigonometry": trigonometry, "logic": logic,
}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or RECORDS:
        RECORDS[wanted]()

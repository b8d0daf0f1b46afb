#!/usr/bin/env python3
"""Writes one small model per quantized operator, its inputs, and the outputs of the pinned ONNX Runtime.

usage: record.py [OPERATOR...]      (needs numpy, onnx, node and tests/reference/node_modules)
Each folder holds model.onnx, input_NAME.npy and expected_NAME.npy. A model applies its operator many times,
each time with other corner cases; the results of one element type are flattened and joined into one output.
"""
import pathlib
import sys

import numpy as np
import onnx

from model import MICROSOFT, Model

HERE = pathlib.Path(__file__).resolve().parent


def ends(dtype):
    info = np.iinfo(dtype)
    return info.min, (info.min + info.max + 1) // 2, info.max


def add_sum(m, op, dtype, a, b, qa, qb, qc):
    a_part, b_part, c_part = (m.quantization(*q, dtype) for q in (qa, qb, qc))
    m.apply(op, [a, *a_part, b, *b_part, *c_part], [dtype], MICROSOFT)


def fma(x, y, z):
    return np.float32(np.float64(x) * np.float64(y) + np.float64(z))


def order_matters(m, dtype):
    """Scales and zero points for which the nesting of QLinearAdd's two multiply-adds shows in some result."""
    low, _, high = ends(dtype)
    b = np.arange(low, high + 1).astype(np.float32)[None, :]
    a = b.T
    while True:
        sa, sb = m.random.uniform(0.01, 0.1, 2).astype(np.float32)
        sc = np.float32(0.0625)
        za, zb, zc = (int(z) for z in m.random.integers(low, high + 1, 3))
        ra, rb = sa / sc, sb / sc
        plain = fma(a, ra, fma(b, rb, np.float32(zc) - fma(ra, za, np.float32(rb * np.float32(zb)))))
        exchanged = fma(b, rb, fma(a, ra, np.float32(zc) - fma(rb, zb, np.float32(ra * np.float32(za)))))
        if (np.clip(np.rint(plain), low, high) != np.clip(np.rint(exchanged), low, high)).any():
            return (sa, za), (sb, zb), (sc, zc)


def binary(op):
    m = Model(samples=1)
    for dtype in "uint8", "int8":
        low, middle, high = ends(dtype)
        shapes = {"image": [2, 3, 4, 5], "row": [5], "plane": [3, 1, 1], "column": [4, 1]}
        image, row, plane, column = (m.input(f"{tag}_{dtype}", dtype, shape) for tag, shape in shapes.items())
        all_values = m.input(f"all_{dtype}", dtype, [256], np.arange(low, high + 1).reshape(1, 256))
        some = m.input(f"some_{dtype}", dtype, [5, 1])
        plain = (0.05, low), (0.03, middle), (0.06, high)
        add_sum(m, op, dtype, image, image, (0.05, middle), (0.05, middle), (0.1, middle))
        for a, b in ((image, row), (row, image), (image, plane), (plane, image), (image, column),
                     (column, row), (plane, row)):
            add_sum(m, op, dtype, a, b, *plain)
        # Constants: full, per channel, one element (a table), of higher rank than the other operand.
        for shape in ([2, 3, 4, 5], [3, 1, 1], [1], [], [1, 1, 1, 1, 1]):
            k = m.constant(m.values(dtype, shape), dtype)
            add_sum(m, op, dtype, image, k, *plain)
            add_sum(m, op, dtype, k, image, *plain)
        # Ties, saturation on both sides, results beyond int32.
        for scales in ((0.5, 0.25, 0.5), (0.125, 0.125, 0.25), (1.0, 1.0, 0.001), (0.001, 0.002, 1.0),
                       (1.0, 2.0, 1e-9), (0.1, 0.1, 0.3)):
            for z in (low, high, middle), (high, low, low), (middle, middle, high):
                add_sum(m, op, dtype, some, all_values, *zip(scales, z))
        if op == "QLinearAdd":
            for _ in range(3):
                q = order_matters(m, dtype)
                add_sum(m, op, dtype, some, all_values, *q)
                add_sum(m, op, dtype, all_values, some, *q)
                add_sum(m, op, dtype, some, m.constant(m.values(dtype, [1]), dtype), *q)
    return m


def pool_cases():
    """Images [C, H, W] or [C, W] with attributes: pads on every side, overlap, remainders, the whole image."""
    image, tall, line, dot = [5, 7, 6], [3, 9, 2], [4, 11], [2, 1, 1]
    return [(image, dict(kernel_shape=[2, 2], strides=[2, 2])),
            (image, dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1])),
            (image, dict(kernel_shape=[3, 2], pads=[2, 0, 1, 1], strides=[2, 3])),
            (image, dict(kernel_shape=[3, 4], strides=[3, 2], ceil_mode=1)),
            (image, dict(kernel_shape=[7, 6])),
            (image, dict(kernel_shape=[2, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1)),
            (image, dict(kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")),
            (image, dict(kernel_shape=[2, 4], strides=[2, 3], auto_pad="SAME_LOWER")),
            (image, dict(kernel_shape=[1, 1], strides=[3, 3], auto_pad="VALID")),
            (tall, dict(kernel_shape=[4, 2], pads=[3, 1, 3, 1])),
            (line, dict(kernel_shape=[3], strides=[2], pads=[1, 1])), (line, dict(kernel_shape=[11])),
            (line, dict(kernel_shape=[4], ceil_mode=1, strides=[3])),
            (dot, dict(kernel_shape=[1, 1])), (dot, dict(kernel_shape=[2, 2], pads=[1, 1, 0, 0]))]


def pool_inputs(m, dtype):
    shapes = [5, 7, 6], [3, 9, 2], [4, 11], [2, 1, 1]
    return {str(s): m.input(f"x{i}_{dtype}", dtype, [1, *s]) for i, s in enumerate(shapes)}


def special_floats(m, shape):
    """Few different values, so that ties are frequent: signed zeros, infinities, NaN, the lowest float."""
    few = np.array([0.0, -0.0, -0.0, 1.0, np.inf, -np.inf, -np.inf, np.nan, -3.4028235e38], np.float32)
    return few[m.random.integers(0, len(few), [m.samples, *shape])]


def max_pool():
    m = Model()
    for n, shape in enumerate(([1, 16, 6, 7], [1, 3, 6, 7], [1, 5, 9])):  # each order of comparisons
        x = m.input(f"special{n}", "float32", shape, special_floats(m, shape))
        m.apply("GlobalMaxPool", [x], ["float32"])
        for a in (dict(kernel_shape=[2, 3]), dict(kernel_shape=[3, 2], strides=[1, 2], pads=[1, 1, 1, 1]),
                  dict(kernel_shape=[2, 2], strides=[2, 3]),
                  dict(kernel_shape=[2, 2], dilations=[2, 1], pads=[1, 0, 1, 1]), dict(kernel_shape=[6, 7])):
            if len(shape) == 3:
                a = {key: [value[1]] if len(value) == 2 else [value[1], value[3]] for key, value in a.items()}
            m.apply("MaxPool", [x], ["float32"], **a)
    for dtype in "uint8", "int8", "float32":
        x = pool_inputs(m, dtype)
        for shape, attributes in pool_cases():
            m.apply("MaxPool", [x[str(shape)]], [dtype], **attributes)
        for shape, a in (("[5, 7, 6]", dict(kernel_shape=[3, 2], dilations=[2, 3], pads=[2, 1, 1, 1])),
                         ("[4, 11]", dict(kernel_shape=[3], dilations=[4], pads=[2, 2], strides=[2],
                                          ceil_mode=1)),
                         # Nothing but padding in some windows:
                         ("[2, 1, 1]", dict(kernel_shape=[2, 2], dilations=[2, 2], pads=[1, 1, 1, 1]))):
            m.apply("MaxPool", [x[shape]], [dtype], **a)
    return m


def average_pool():
    m = Model()
    for dtype in "uint8", "int8":
        low, middle, high = ends(dtype)
        x = pool_inputs(m, dtype)
        # Equal scales give ties, powers of two exact sums, the rest neither; one saturates.
        for n, (shape, attributes) in enumerate(pool_cases() * 2):
            xs, ys = ((0.0235, 0.0235), (0.25, 0.125), (0.0117, 0.0093), (0.07, 0.0201), (0.1, 0.0001))[n % 5]
            q = m.quantization(xs, (low, middle, high, 3)[n % 4], dtype)
            q += m.quantization(ys, (low, middle, 1)[n % 3], dtype)
            m.apply("QLinearAveragePool", [x[str(shape)], *q], [dtype], MICROSOFT,
                    count_include_pad=n // len(pool_cases()), **attributes)
        last = m.input(f"last_{dtype}", dtype, [1, 6, 5, 3])
        q = m.quantization(0.02, low, dtype) + m.quantization(0.02, middle, dtype)
        m.apply("QLinearAveragePool", [last, *q], [dtype], MICROSOFT, kernel_shape=[2, 2], channels_last=1)
        m.apply("QLinearAveragePool", [last, *q], [dtype], MICROSOFT, kernel_shape=[6, 5], channels_last=1)
    return m


def global_average_pool():
    m = Model(samples=4)
    for dtype in "uint8", "int8":
        low, middle, high = ends(dtype)
        shapes = [1, 9, 7, 5], [1, 4, 8], [1, 3, 1, 1], [1, 2, 2, 4]
        x = [m.input(f"x{i}_{dtype}", dtype, s) for i, s in enumerate(shapes)]
        for n, (xs, ys) in enumerate(((0.05, 0.05), (0.5, 0.25), (0.031, 0.011), (0.02, 0.5), (1.0, 0.02))):
            for name in x:
                q = m.quantization(xs, (low, middle, high)[n % 3], dtype)
                q += m.quantization(ys, (middle, low, 5)[n % 3], dtype)
                m.apply("QLinearGlobalAveragePool", [name, *q], [dtype], MICROSOFT, channels_last=n % 2)
    return m


def softmax():
    m = Model()
    for dtype in "uint8", "int8":
        low, middle, high = ends(dtype)
        x = m.input(f"x_{dtype}", dtype, [2, 3, 4, 5])
        wide, one = m.input(f"wide_{dtype}", dtype, [1, 130]), m.input(f"one_{dtype}", dtype, [3, 1])
        usual = m.quantization(1 / 256, low, dtype)
        for axis in range(-4, 4):
            for opset in 11, 13:
                m.apply("QLinearSoftmax", [x, *m.quantization(0.03, middle, dtype), *usual], [dtype], MICROSOFT,
                        axis=axis, opset=opset)
        for xs in 0.0001, 0.1, 2.0, 90.0:
            for ys, z in (1 / 256, low), (1 / 255, low), (0.01, middle), (3.0, high), (1e-5, middle):
                for name in wide, one:
                    q = m.quantization(xs, 0, dtype) + m.quantization(ys, z, dtype)
                    m.apply("QLinearSoftmax", [name, *q], [dtype], MICROSOFT, axis=-1, opset=13)
    return m


def unary(op, variants):
    m = Model(samples=1)
    for dtype in "uint8", "int8":
        low, middle, high = ends(dtype)
        x = m.input(f"x_{dtype}", dtype, [4, 64], np.arange(low, high + 1).reshape(1, 4, 64))
        for n, (xs, ys) in enumerate(((0.05, 1 / 256), (0.5, 0.004), (0.0625, 0.0625), (0.01, 0.03))):
            for attributes in variants:
                q = m.quantization(xs, (low, middle, high)[n % 3], dtype)
                q += m.quantization(ys, (low, high, middle)[n % 3], dtype)
                m.apply(op, [x, *q], [dtype], MICROSOFT, **attributes)
    return m


def concat():
    m = Model()
    for dtype in "uint8", "int8":
        low, middle, high = ends(dtype)
        a, b = m.input(f"a_{dtype}", dtype, [1, 3, 4, 2]), m.input(f"b_{dtype}", dtype, [1, 3, 4, 2])
        wide = m.input(f"wide_{dtype}", dtype, [1, 3, 4, 5])
        k = m.constant(m.values(dtype, [1, 3, 4, 1]), dtype)
        same = (0.05, middle)
        for axis, parts in ((1, [(a, same), (b, same)]), (0, [(a, same), (b, (0.03, low))]),
                            (-1, [(a, (0.2, high)), (wide, same), (k, (0.05, low))]),
                            (2, [(a, (0.01, middle))]), (3, [(k, same), (a, same), (wide, (0.5, 3))])):
            tensors = [t for x, q in parts for t in (x, *m.quantization(*q, dtype))]
            m.apply("QLinearConcat", [*m.quantization(*same, dtype), *tensors], [dtype], MICROSOFT, axis=axis)
    return m


def matmul_integer():
    m = Model()
    for a_type, b_type in ("uint8", "uint8"), ("uint8", "int8"), ("int8", "int8"):
        tag = f"{a_type}_{b_type}"
        shapes = {"a": [3, 7], "stack": [2, 1, 3, 7], "row": [7]}
        a, stack, row = (m.input(f"{name}_{tag}", a_type, shape) for name, shape in shapes.items())
        b, many = m.input(f"b_{tag}", b_type, [7, 4]), m.input(f"many_{tag}", b_type, [3, 7, 4])
        za, zb = m.input(f"za_{tag}", a_type, [1]), m.input(f"zb_{tag}", b_type, [4])
        k, kz = m.constant(m.values(b_type, [7, 4]), b_type), m.constant(m.values(b_type, [4]), b_type)
        az, bz = m.constant(ends(a_type)[2], a_type), m.constant([ends(b_type)[0] + 5], b_type)
        stack_of_constants = m.constant(m.values(b_type, [3, 7, 4]), b_type)
        for inputs in ([a, k], [a, k, az], [a, k, za, bz], [a, k, za, kz], [a, k, az, zb], [row, k, za, kz],
                       [stack, k, az, kz], [a, b], [a, b, za, zb], [row, b, az, bz], [stack, many, za, bz],
                       [stack, b, za, kz], [a, many, "", bz], [stack, stack_of_constants, za]):
            m.apply("MatMulInteger", inputs, ["int32"])
    return m


def matmul_integer_to_float():
    m = Model()
    for a_type, b_type in ("uint8", "uint8"), ("uint8", "int8"), ("int8", "int8"):
        tag = f"{a_type}_{b_type}"
        a, stack = m.input(f"a_{tag}", a_type, [3, 37]), m.input(f"stack_{tag}", a_type, [2, 1, 3, 7])
        b, many = m.input(f"b_{tag}", b_type, [37, 18]), m.input(f"many_{tag}", b_type, [3, 7, 4])
        za, sa = m.input(f"za_{tag}", a_type, [1]), m.input(f"sa_{tag}", "float32", [1])
        k, kz = m.constant(m.values(b_type, [37, 18]), b_type), m.constant(m.values(b_type, [18]), b_type)
        ks = m.constant(m.random.uniform(0.001, 0.1, 18), np.float32)
        qs, qz = m.quantization(0.0173, ends(b_type)[1], b_type)
        bias = m.constant(m.random.standard_normal(18) * 10, np.float32)
        one, az = m.quantization(0.0371, ends(a_type)[1], a_type)
        for inputs in ([a, k, one, qs, az, qz], [a, k, one, ks, az, kz, bias], [a, k, sa, qs, za, qz, bias],
                       [a, k, sa, ks], [a, b, sa, ks, za, kz, bias], [stack, many, one, qs, az, qz]):
            m.apply("MatMulIntegerToFloat", inputs, ["float32"], MICROSOFT)
    return m


def qlinear_matmul():
    m = Model()
    for a_type, b_type in ("uint8", "uint8"), ("uint8", "int8"), ("int8", "int8"):
        tag = f"{a_type}_{b_type}"
        shapes = {"a": [3, 7], "stack": [2, 1, 3, 7], "row": [7]}
        a, stack, row = (m.input(f"{name}_{tag}", a_type, shape) for name, shape in shapes.items())
        b, many = m.input(f"b_{tag}", b_type, [7, 4]), m.input(f"many_{tag}", b_type, [3, 7, 4])
        k = m.constant(m.values(b_type, [7, 4]), b_type)
        one = m.quantization(0.02, ends(b_type)[1], b_type)
        each = m.quantization(m.random.uniform(0.001, 0.05, 4), m.values(b_type, [4]), b_type)
        for n, (x, y, q) in enumerate((
                (a, k, one), (a, k, each), (row, k, each), (stack, k, one), (a, b, one), (a, b, each),
                (stack, many, one), (a, many, one), (row, b, each), (stack, b, each))):
            qa = m.quantization(0.03, ends(a_type)[n % 3], a_type)
            qy = m.quantization((0.05, 0.25, 1.0)[n % 3], ends(a_type)[(n + 1) % 3], a_type)
            m.apply("QLinearMatMul", [x, *qa, y, *q, *qy], [a_type])
    return m


def qgemm():
    m = Model()
    for a_type, b_type in ("uint8", "uint8"), ("uint8", "int8"), ("int8", "int8"):
        tag = f"{a_type}_{b_type}"
        a, turned = m.input(f"a_{tag}", a_type, [3, 9]), m.input(f"turned_{tag}", a_type, [9, 3])
        one = m.quantization(0.02, ends(b_type)[1], b_type)
        each = m.quantization(m.random.uniform(0.001, 0.05, 5), m.values(b_type, [5]), b_type)
        for n, bias in enumerate((None, [], [1], [5], [1, 5], [1, 1]) * 2):
            for to_float in False, True:
                attributes = {"alpha": (1.0, 0.37)[n % 2], "transB": n // 2 % 2, "transA": n // 3 % 2}
                weights = m.constant(m.values(b_type, [5, 9] if attributes["transB"] else [9, 5]), b_type)
                c = "" if bias is None else m.constant(m.random.integers(-2000, 2000, bias), np.int32)
                inputs = [turned if attributes["transA"] else a]
                inputs += m.quantization(0.03, ends(a_type)[n % 3], a_type)
                inputs += [weights, *(each if n % 2 else one), c]
                if not to_float:
                    inputs += m.quantization(0.05, ends(a_type)[(n + 1) % 3], a_type)
                m.apply("QGemm", inputs, ["float32" if to_float else a_type], MICROSOFT, **attributes)
    return m


def qlinear_conv():
    """3 x 3 windows of many channels, which have a form of their own on cores with DSP instructions, beside other windows; as QLinearConv, and
    between DequantizeLinear and QuantizeLinear, where ONNX Runtime computes some in float. Small weights: few outputs saturate."""
    m = Model()
    for dtype in "uint8", "int8":
        low, middle, high = ends(dtype)
        image, odd = m.input(f"image_{dtype}", dtype, [1, 16, 12, 12]), m.input(f"odd_{dtype}", dtype, [1, 8, 7, 9])
        cases = ((image, [16, 16, 3, 3], dict(pads=[1, 1, 1, 1])), (odd, [6, 8, 3, 3], dict()), (odd, [10, 8, 3, 3], dict(pads=[1, 0, 2, 1])),
                 (image, [8, 16, 3, 3], dict(pads=[0, 0, 1, 1], strides=[2, 2])), (image, [5, 16, 1, 1], dict()),
                 (odd, [8, 1, 3, 3], dict(group=8, pads=[1, 1, 1, 1])))
        for n, (x, shape, attributes) in enumerate(cases):
            w, xs, ws = m.constant(m.values("int8", shape, -40, 40), "int8"), 0.03, 0.004
            bias = m.constant(m.random.integers(-3000, 3000, shape[0]), np.int32)
            of_x = m.quantization(xs, (middle, low, high)[n % 3], dtype)
            of_y = m.quantization((0.06, 0.09)[n % 2], (low, middle)[n % 2], dtype)
            if n % 2:
                ws = m.random.uniform(0.001, 0.01, shape[0])
            of_w = m.quantization(ws, np.zeros(np.shape(ws)), "int8")
            m.apply("QLinearConv", [x, *of_x, w, *of_w, *of_y, bias], [dtype], **attributes)
            name = f"conv_{dtype}_{n}"
            of_bias = m.quantization(np.float32(xs) * np.float32(ws), np.zeros(np.shape(ws)), "int32")
            for part, inputs, axis in ("x", [x, *of_x], 1), ("w", [w, *of_w], 0), ("b", [bias, *of_bias], 0):
                m.nodes.append(onnx.helper.make_node("DequantizeLinear", inputs, [f"{name}_{part}"], axis=axis))
            m.nodes.append(onnx.helper.make_node("Conv", [f"{name}_x", f"{name}_w", f"{name}_b"], [name], name=name, **attributes))
            m.apply("QuantizeLinear", [name, *of_y], [dtype])
    return m


def conv_integer():
    m = Model()
    x, line = m.input("x", "uint8", [1, 4, 6, 5]), m.input("line", "uint8", [1, 2, 9])
    z = m.input("z", "uint8", [1])
    for image, weights, attributes in (
            (x, [3, 4, 3, 3], dict()), (x, [3, 4, 3, 2], dict(pads=[1, 0, 2, 1], strides=[2, 1])),
            (x, [6, 2, 2, 2], dict(group=2, pads=[1, 1, 1, 1])),
            (x, [4, 1, 3, 3], dict(group=4, dilations=[2, 1], pads=[2, 2, 2, 2])), (x, [2, 4, 1, 1], dict()),
            (line, [3, 2, 3], dict(pads=[1, 1])), (line, [3, 2, 4], dict(strides=[2], dilations=[2]))):
        w = m.constant(m.values("uint8", weights), "uint8")
        seven, middle, high = m.constant(7, "uint8"), m.constant([128], "uint8"), m.constant(255, "uint8")
        for zero_points in [], [z], [seven, middle], [z, high]:
            m.apply("ConvInteger", [image, w, *zero_points], ["int32"], **attributes)
    return m


def dynamic_quantize_linear():
    m = Model(samples=1)
    random = m.random.standard_normal((1, 5, 7))
    data = [random, random * 1000, random * 1e-20, np.abs(random), -np.abs(random), random * 0, random * 0 + 3,
            np.round(random * 4) / 2, random + 100]
    for n, values in enumerate(data):
        x = m.input(f"x{n}", "float32", [5, 7], values)
        m.apply("DynamicQuantizeLinear", [x], ["uint8", "float32", "uint8"])
    return m


def reduce_mean():
    """Between DequantizeLinear and QuantizeLinear, where ONNX Runtime computes it in float."""
    m = Model()
    for n, (dtype, shape, keep) in enumerate([("uint8", [1, 5, 7, 7], 1), ("int8", [1, 3, 4, 6], 0), ("uint8", [1, 4, 9], 0),
                                              ("int8", [1, 6, 1, 3], 1), ("uint8", [1, 2, 1, 1], 0), ("int8", [1, 8, 8, 8], 0)]):
        low, middle, high = ends(dtype)
        x = m.input(f"x{n}", dtype, shape)
        for k, (xs, xz, ys, yz) in enumerate([(0.1, middle, 0.013, middle), (0.0473, low, 0.0473, low), (0.02, high, 0.005, high)]):
            name = f"mean{n}_{k}"
            m.nodes.append(onnx.helper.make_node("DequantizeLinear", [x, *m.quantization(xs, xz, dtype)], [name + "_real"]))
            m.nodes.append(onnx.helper.make_node("ReduceMean", [name + "_real"], [name], axes=list(range(2, len(shape))), keepdims=keep))
            m.apply("QuantizeLinear", [name, *m.quantization(ys, yz, dtype)], [dtype])
    return m


def max_pool_indices():
    """The second output of MaxPool: ties, NaN, windows of nothing but the lowest value or padding, both orders."""
    m = Model()
    for n, shape in enumerate(([1, 3, 6, 7], [1, 5, 9])):
        x = m.input(f"special{n}", "float32", shape, special_floats(m, shape))
        for a in (dict(kernel_shape=[2, 3]), dict(kernel_shape=[3, 2], strides=[1, 2], pads=[1, 1, 1, 1]),
                  dict(kernel_shape=[2, 2], dilations=[2, 1], pads=[1, 0, 1, 1], storage_order=1)):
            if n == 1:
                a = {key: v if key == "storage_order" else [v[1]] if len(v) == 2 else [v[1], v[3]] for key, v in a.items()}
            m.apply("MaxPool", [x], ["float32", "int64"], **a)
    for dtype in "uint8", "int8", "float32":
        x = pool_inputs(m, dtype)
        for shape, attributes in pool_cases():
            m.apply("MaxPool", [x[str(shape)]], [dtype, "int64"], **attributes)
            if len(shape) == 3:
                m.apply("MaxPool", [x[str(shape)]], [dtype, "int64"], storage_order=1, **attributes)
    return m


def quantize_blocks():
    """QuantizeLinear and DequantizeLinear with one scale per block (opset 21), the blocks along the last axis and others,
    the last block shorter; values that leave int32, infinities, NaN, ties."""
    m = Model(opset=21)
    special = np.array([np.inf, -np.inf, np.nan, 3e9, -3e9, 2.2e9, 0.5, 1.5, -0.5, 1e-30, 40000.5, -40000.5], np.float32)
    for n, (shape, axis, block) in enumerate([([4, 6], 1, 3), ([4, 6], 0, 2), ([2, 7, 3], 1, 4), ([3, 5], -1, 2), ([6], 0, 3)]):
        scales = [*shape]
        scales[axis] = -(-shape[axis] // block)
        x = m.values("float32", [3, *shape]) * np.float32(20)
        x.reshape(3, -1)[0, :12] = special[:x[0].size]
        x = m.input(f"x{n}", "float32", shape, x)
        for dtype in "uint8", "int8", "uint16", "int16":
            scale = m.constant(2.0 ** m.random.integers(-3, 3, scales), np.float32)
            zero = m.constant(m.values(dtype, scales), dtype)
            attributes = dict(axis=axis, block_size=block)
            m.apply("QuantizeLinear", [x, scale, zero], [dtype], **attributes)
            q = m.input(f"q{n}_{dtype}", dtype, shape)
            m.nodes.append(onnx.helper.make_node("DequantizeLinear", [q, m.constant(m.random.uniform(0.01, 1, scales), np.float32), zero],
                                                 [q + "_real"], **attributes))
            m.apply("Neg", [q + "_real"], ["float32"])  # ONNX Runtime moves a DequantizeLinear past a Reshape, and fails
            if dtype == "uint8":
                m.apply("QuantizeLinear", [x, scale], [dtype], **attributes)
    return m


def quantize_computed():
    """Scale and zero point computed at run time."""
    m = Model()
    special = np.array([np.inf, -np.inf, np.nan, 3e9, -3e9, 0.5, 1.5, 2.5, -0.5, 1e-30], np.float32)
    x = m.values("float32", [3, 40]) * np.float32(50)
    x[0, :len(special)] = special
    x = m.input("x", "float32", [40], x)
    scale = m.input("scale", "float32", [], np.array([1, 0.25, 0.0371], np.float32))
    for dtype in "uint8", "int8":
        zero = m.input(f"zero_{dtype}", dtype, [])
        q = m.input(f"q_{dtype}", dtype, [33])
        m.apply("QuantizeLinear", [x, scale, zero], [dtype])
        m.apply("QuantizeLinear", [x, scale, m.constant(3, dtype)], [dtype])
        m.apply("QuantizeLinear", [x, m.constant(0.5, np.float32), zero], [dtype])
        m.apply("DequantizeLinear", [q, scale, zero], ["float32"])
    m.apply("QuantizeLinear", [x, scale], ["uint8"])
    m.apply("DequantizeLinear", [m.input("q_int32", "int32", [9]), scale], ["float32"])
    return m


def matmul_nbits():
    """4- and 8-bit weights in blocks: one row and several, with bias and zero points and without, K no multiple of the
    block, columns left over from groups of four, scales of either sign."""
    m = Model()
    for n, (rows, k, columns, block) in enumerate([([1], 32, 4, 16), ([1], 70, 7, 32), ([1], 200, 5, 64), ([1, 3], 70, 7, 32), ([2, 2], 300, 9, 128),
                                                   ([1], 40, 3, 16), ([5], 17, 1, 16), ([1], 300, 8, 128)]):
        x = m.input(f"x{n}", "float32", [*rows, k])
        blocks = -(-k // block)
        for bits in 4, 8:
            for zeros in False, True:
                for bias in False, True:
                    b = m.constant(m.values("uint8", [columns, blocks, block * bits // 8]), "uint8")
                    inputs = [x, b, m.constant(m.values("float32", [columns * blocks]) * np.float32(0.1), "float32")]
                    inputs.append(m.constant(m.values("uint8", [columns * (-(-blocks * bits // 8))]), "uint8") if zeros else "")
                    inputs += ["", m.constant(m.values("float32", [columns]), "float32")] if bias else []
                    while not inputs[-1]:
                        inputs.pop()
                    m.apply("MatMulNBits", inputs, ["float32"], MICROSOFT, K=k, N=columns, bits=bits, block_size=block)
    return m


OPERATORS = {
    "matmul_nbits": matmul_nbits,
    "max_pool_indices": max_pool_indices, "quantize_blocks": quantize_blocks, "quantize_computed": quantize_computed,
    "qlinear_add": lambda: binary("QLinearAdd"), "qlinear_mul": lambda: binary("QLinearMul"),
    "max_pool": max_pool, "qlinear_average_pool": average_pool,
    "qlinear_global_average_pool": global_average_pool, "qlinear_softmax": softmax,
    "qlinear_sigmoid": lambda: unary("QLinearSigmoid", [{}]),
    "qlinear_leaky_relu": lambda: unary("QLinearLeakyRelu", [{}, *({"alpha": a} for a in (0.3, -0.5, 0.0))]),
    "qlinear_concat": concat, "matmul_integer": matmul_integer,
    "matmul_integer_to_float": matmul_integer_to_float, "qlinear_matmul": qlinear_matmul, "qgemm": qgemm,
    "qlinear_conv": qlinear_conv, "conv_integer": conv_integer, "dynamic_quantize_linear": dynamic_quantize_linear,
    "reduce_mean": reduce_mean,
}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or OPERATORS:
        OPERATORS[wanted]().write(HERE / wanted)

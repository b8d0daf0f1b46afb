"""Random graphs of quantized operators (QLinearConv, com.microsoft.QLinearAdd, …), 8-bit in and out."""
import numpy as np

from graphs import Graph, Tensor, conv_geometry, random_window, weights
from qdq_graphs import shaped


def parameters(g, t):
    return [g.constant(t.scale, "s"), g.constant(t.zero_point, "z")]


def result(g, dtype, spread):
    return Tensor("", [], spread, dtype, g.scale(spread / 90), g.zero_point(dtype))


def qlinear_conv(g, x):
    groups, out = conv_geometry(g, x.shape[1])
    kernel, strides, dilations, pads = random_window(g, x.shape[2], x.shape[3])
    values, scale, zero = weights(g, [out, x.shape[1] // groups] + kernel, 0)
    if x.dtype == "uint8" and values.dtype == np.uint8 and np.ndim(zero) == 0 and g.chance(0.3):
        zero = np.array(128, np.uint8)
    taps = int(np.prod(values.shape[1:]))
    y = result(g, x.dtype, x.spread * float(np.mean(scale)) * 50 * np.sqrt(taps))
    b = [g.constant(g.rng.integers(-4000, 4000, out).astype(np.int32))] if g.chance(0.7) else []
    y.name = g.node("QLinearConv", [x.name, *parameters(g, x), g.constant(values, "w"), g.constant(scale), g.constant(zero), *parameters(g, y), *b],
                    kernel_shape=kernel, strides=strides, dilations=dilations, pads=pads, group=groups)
    return y


def product(g, x):
    k, n = x.shape[-1], int(g.rng.integers(1, 20))
    gemm = g.chance(0.5)
    transposed = gemm and g.chance(0.6)
    values, scale, zero = weights(g, [n, k] if transposed else [k, n], 0 if transposed else 1)
    y = result(g, x.dtype, x.spread * float(np.mean(scale)) * 50 * np.sqrt(k))
    y.shape = [x.shape[0], n]
    b = [g.constant(values, "w"), g.constant(scale), g.constant(zero)]
    if gemm:
        c = g.constant(g.rng.integers(-3000, 3000, n).astype(np.int32)) if g.chance(0.7) else ""
        alpha = float(np.float32(g.pick(1.0, 1.0, 0.5, 0.3)))
        y.name = g.node("QGemm", [x.name, *parameters(g, x), *b, c, *parameters(g, y)], domain="com.microsoft", alpha=alpha, transB=int(transposed))
    else:
        y.name = g.node("QLinearMatMul", [x.name, *parameters(g, x), *b, *parameters(g, y)])
    return y


def elementwise(g, x):
    op = g.pick("QLinearAdd", "QLinearMul")
    other = Tensor("", g.pick(x.shape, [1], x.shape[-1:], [x.shape[1]] + [1] * (len(x.shape) - 2)), x.spread, x.dtype, g.scale(x.spread / 100), g.zero_point(x.dtype))
    low, high = (0, 256) if x.dtype == "uint8" else (-128, 128)
    other.name = x.name if g.chance(0.3) else g.constant(g.rng.integers(low, high, other.shape).astype(x.dtype))
    if other.name == x.name:
        other = x
    y = result(g, x.dtype, x.spread * 2 if op == "QLinearAdd" else x.spread * x.spread)
    y.shape = x.shape
    pair = [[x.name, *parameters(g, x)], [other.name, *parameters(g, other)]]
    if g.chance(0.3):
        pair.reverse()
    y.name = g.node(op, pair[0] + pair[1] + parameters(g, y), domain="com.microsoft")
    return y


def unary(g, x):
    op = g.pick("QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax")
    y = result(g, x.dtype, x.spread if op == "QLinearLeakyRelu" else 1.0)
    attributes = {"alpha": float(np.float32(g.rng.random()))} if op == "QLinearLeakyRelu" else {}
    if op == "QLinearSoftmax":
        attributes = {"axis": -1, "opset": 13}
        y.scale, y.zero_point = np.float32(1 / 256), np.array(0 if x.dtype == "uint8" else -128, x.dtype)
    y.shape = x.shape
    y.name = g.node(op, [x.name, *parameters(g, x), *parameters(g, y)], domain="com.microsoft", **attributes)
    return y


def pool(g, x):
    op = g.pick("QLinearAveragePool", "QLinearGlobalAveragePool", "MaxPool")
    if op == "MaxPool":
        kernel, strides, _, pads = random_window(g, x.shape[2], x.shape[3])
        return Tensor(g.node("MaxPool", [x.name], kernel_shape=kernel, strides=strides, pads=pads), [], x.spread, x.dtype, x.scale, x.zero_point)
    y = result(g, x.dtype, x.spread)
    y.name = "pending"
    if op == "QLinearGlobalAveragePool":
        y.shape = x.shape[:2] + [1, 1]
        y.name = g.node(op, [x.name, *parameters(g, x), *parameters(g, y)], domain="com.microsoft", channels_last=0)
        return y
    kernel, strides, _, pads = random_window(g, x.shape[2], x.shape[3])
    y.shape = x.shape[:2] + [(d + pads[i] + pads[i + 2] - k) // s + 1 for i, (d, k, s) in enumerate(zip(x.shape[2:], kernel, strides))]
    y.name = g.node(op, [x.name, *parameters(g, x), *parameters(g, y)], domain="com.microsoft", kernel_shape=kernel, strides=strides, pads=pads,
                    count_include_pad=int(g.chance(0.3)))
    return y


def concat(g, x):
    y = result(g, x.dtype, x.spread)
    other = elementwise(g, x)
    axis = int(g.rng.integers(1, len(x.shape)))
    y.shape = [d * (2 if i == axis else 1) for i, d in enumerate(x.shape)]
    y.name = g.node("QLinearConcat", [*parameters(g, y), x.name, *parameters(g, x), other.name, *parameters(g, other)], domain="com.microsoft", axis=axis)
    return y


def random_qoperator(rng):
    g = Graph(rng, int(rng.choice([11, 13, 15])))
    dtype = g.dtype()
    images = g.chance(0.75)
    shape = [1, int(rng.integers(1, 9)), int(rng.integers(1, 13)), int(rng.integers(1, 13))] if images else [1, int(rng.integers(1, 65))]
    scale = g.scale(0.02)
    x = Tensor(g.add_input(dtype, shape), shape, float(scale) * 128, dtype, scale, g.zero_point(dtype))
    for _ in range(int(rng.integers(1, 5))):
        kinds = [elementwise, unary, concat] + ([qlinear_conv, qlinear_conv, pool] if len(x.shape) == 4 else [product, product])
        x = g.pick(*kinds)(g, x)
        x = shaped(g, x) if not x.shape else x
        if not x.shape or 0 in x.shape or np.prod(x.shape) > 6000:
            return None
    g.outputs.append(x.name)
    return g

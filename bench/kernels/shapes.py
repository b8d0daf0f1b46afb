"""The layers of bench/kernels: one ONNX network each, with weights and scales drawn like those of trained networks."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

SAMPLES = 20  # as many as bench/run.py takes: the first finds the caches cold

# name, kind, geometry, and CMSIS-NN's cycles a MAC (maxpool: an input element) on F103, F446 and H750
# conv: (k, in_c, out_c, height, width, pad, groups); fc: (in, out); pool: (channels, height, width)
SHAPES = [
    ("fc 784 -> 128", "fc", (784, 128), (11.8, 2.74, 2.12)),
    ("fc 128 -> 64", "fc", (128, 64), (12.2, 3.18, 2.00)),
    ("fc 64 -> 10", "fc", (64, 10), (13.7, 4.35, 2.62)),
    ("conv 3x3 1 -> 8, 28x28", "conv", (3, 1, 8, 28, 28, 1, 1), (28.0, 19.2, 10.8)),
    ("conv 3x3 8 -> 16, 14x14", "conv", (3, 8, 16, 14, 14, 1, 1), (10.4, 3.71, 2.30)),
    ("conv 3x3 16 -> 32, 14x14", "conv", (3, 16, 32, 14, 14, 1, 1), (9.0, 2.69, 1.67)),
    ("depthwise 3x3 16, 14x14", "conv", (3, 16, 16, 14, 14, 1, 16), (15.5, 13.0, 6.4)),
    ("pointwise 16 -> 32, 14x14", "conv", (1, 16, 32, 14, 14, 0, 1), (10.6, 4.47, 2.51)),
    ("pointwise 64 -> 64, 25x5", "conv", (1, 64, 64, 25, 5, 0, 1), (8.2, 2.61, 1.36)),
    ("depthwise 3x3 64, 25x5", "conv", (3, 64, 64, 25, 5, 1, 64), (14.7, 11.6, 5.8)),
    ("conv 3x3 16 -> 16, 32x32", "conv", (3, 16, 16, 32, 32, 1, 1), (9.6, 2.96, 1.80)),
    ("maxpool 2x2 16, 28x28", "pool", (16, 28, 28), (13.9, 11.5, 7.9)),
]


def work(kind, g):
    """MACs, or input elements of a pool."""
    if kind == "fc":
        return g[0] * g[1]
    if kind == "pool":
        return g[0] * g[1] * g[2]
    k, in_c, out_c, h, w, _, groups = g
    return h * w * out_c * k * k * in_c // groups


def scalar(name, value, dtype):
    return numpy_helper.from_array(np.array(value, dtype), name)


def weights(rng, shape):
    """int8 by channel: a normal distribution whose largest magnitude is 127."""
    w = rng.normal(size=shape)
    largest = np.abs(w).reshape(shape[0], -1).max(axis=1).reshape((-1,) + (1,) * (len(shape) - 1))
    return np.round(w / largest * 127).astype(np.int8)


def scales(rng, w, taps):
    """By channel, so that the accumulators fill the output's range."""
    spread = np.sqrt((w.reshape(len(w), -1).astype(float) ** 2).sum(axis=1)) * 70
    return (40 / spread * rng.uniform(0.8, 1.2, len(w)) * 0.05 / 0.02).astype(np.float32)


def product_nodes(kind, g, rng):
    fc = kind == "fc"
    shape = (g[1], g[0]) if fc else (g[2], g[1] // g[6], g[0], g[0])
    w = weights(rng, shape)
    s = scales(rng, w, w[0].size)
    inits = [scalar("x_scale", 0.02, np.float32), scalar("x_zp", -128 + 5, np.int8), scalar("y_scale", 0.05, np.float32), scalar("y_zp", -7, np.int8),
             numpy_helper.from_array(w.T.copy() if fc else w, "w"), numpy_helper.from_array(s, "w_scale"),
             numpy_helper.from_array(np.zeros(shape[0], np.int8), "w_zp"),
             numpy_helper.from_array(rng.integers(-2000, 2000, shape[0]).astype(np.int32), "b")]
    if fc:
        return [helper.make_node("QGemm", ["x", "x_scale", "x_zp", "w", "w_scale", "w_zp", "b", "y_scale", "y_zp"], ["y"], name="kernel", domain="com.microsoft")], inits
    return [helper.make_node("QLinearConv", ["x", "x_scale", "x_zp", "w", "w_scale", "w_zp", "y_scale", "y_zp", "b"], ["y"], name="kernel",
                             kernel_shape=[g[0], g[0]], pads=[g[5]] * 4, group=g[6])], inits


def make(path, kind, g, seed):
    """Writes the network, channels last where it has any, and returns its samples."""
    rng = np.random.default_rng(seed)
    if kind == "pool":
        nodes, inits = [helper.make_node("MaxPool", ["x"], ["y"], name="kernel", kernel_shape=[2, 2], strides=[2, 2])], []
        x_shape, y_shape = [1, g[0], g[1], g[2]], [1, g[0], g[1] // 2, g[2] // 2]
    else:
        nodes, inits = product_nodes(kind, g, rng)
        x_shape, y_shape = ([1, g[0]], [1, g[1]]) if kind == "fc" else ([1, g[1], g[3], g[4]], [1, g[2], g[3], g[4]])
    if kind != "fc":  # channels last, so that no transposed copy takes the RAM of the smallest chip
        nodes[0].input[0], nodes[0].output[0] = "x_planar", "y_planar"
        nodes = [helper.make_node("Transpose", ["x"], ["x_planar"], perm=[0, 3, 1, 2]), *nodes, helper.make_node("Transpose", ["y_planar"], ["y"], perm=[0, 2, 3, 1])]
        x_shape, y_shape = ([shape[i] for i in (0, 2, 3, 1)] for shape in (x_shape, y_shape))
    graph = helper.make_graph(nodes, "layer", [helper.make_tensor_value_info("x", TensorProto.INT8, x_shape)],
                              [helper.make_tensor_value_info("y", TensorProto.INT8, y_shape)], inits)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid("com.microsoft", 1)])
    model.ir_version = 8
    with open(path, "wb") as f:
        f.write(model.SerializeToString())
    return rng.integers(-128, 128, [SAMPLES] + x_shape[1:]).astype(np.int8)

#!/usr/bin/env python3
"""Five small networks of the kinds microcontrollers run, with seeded random weights: make.py FOLDER writes NAME.onnx
(float32) and NAME_x.npy (samples) of each. run.py quantizes, compiles and runs them."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SAMPLES = 24


class Network:
    def __init__(self, seed, shape, opset=17):
        self.random, self.shape, self.opset = np.random.default_rng(seed), shape, opset
        self.nodes, self.constants = [], []

    def constant(self, values, dtype=np.float32):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def ints(self, *values):
        return self.constant(values, np.int64)

    def weights(self, *shape, terms):
        """Normal, so that outputs are about as large as inputs."""
        return self.constant(self.random.standard_normal(shape) / np.sqrt(terms))

    def node(self, op, *inputs, outputs=1, **attributes):
        names = [f"{op.lower()}_{len(self.nodes)}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=names[0], **attributes))
        return names[0] if outputs == 1 else names

    def conv(self, x, channels, filters, *kernel, **attributes):
        terms = channels * int(np.prod(kernel))
        attributes.setdefault("pads", [(k - 1) // 2 * attributes.get("dilations", [1])[0] for k in kernel] * 2)
        return self.node("Conv", x, self.weights(filters, channels, *kernel, terms=terms / 2), self.weights(filters, terms=50),
                         kernel_shape=list(kernel), **attributes)

    def relu_conv(self, *arguments, **attributes):
        return self.node("Relu", self.conv(*arguments, **attributes))

    def dense(self, x, inputs, outputs):
        return self.node("Gemm", x, self.weights(outputs, inputs, terms=inputs), self.weights(outputs, terms=50), transB=1)

    def linear(self, x, inputs, outputs):
        """A dense layer for every token."""
        return self.node("Add", self.node("MatMul", x, self.weights(inputs, outputs, terms=inputs)), self.weights(outputs, terms=50))

    def write(self, folder, name, y):
        self.nodes[-1].output[0] = "y"
        assert y == self.nodes[-1].name
        value = lambda n, shape: helper.make_tensor_value_info(n, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, name, [value("x", self.shape)], [value("y", None)], self.constants)
        model = helper.make_model(graph, producer_name="onnx2mcu tests", opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        onnx.save(model, str(folder / f"{name}.onnx"))
        samples = self.random.standard_normal((SAMPLES, *self.shape[1:])).astype(np.float32)
        np.save(folder / f"{name}_x.npy", np.cumsum(samples, axis=-1) / 2 if len(self.shape) < 4 else samples)


def recurrent(folder, name, op, gates, directions, width=8, hidden=16, steps=20):
    """A sequence of sensor readings -> LSTM or GRU -> class of its last state."""
    n = Network(1, [1, steps, width])
    x = n.node("Transpose", "x", perm=[1, 0, 2])
    layer = [n.weights(directions, gates * hidden, width, terms=width), n.weights(directions, gates * hidden, hidden, terms=hidden),
             n.weights(directions, 2 * gates * hidden, terms=8)]
    direction = "bidirectional" if directions == 2 else "forward"
    _, last = n.node(op, x, *layer, outputs=2, hidden_size=hidden, direction=direction)
    state = n.node("Reshape", n.node("Transpose", last, perm=[1, 0, 2]), n.ints(1, -1))
    hidden_layer = n.node("Relu", n.dense(state, directions * hidden, 24))
    n.write(folder, name, n.node("Softmax", n.dense(hidden_layer, 24, 5), axis=1))


def conv1d(folder):
    """Three channels of a signal -> dilated 1-D convolutions -> class."""
    n = Network(2, [1, 3, 64])
    x = n.relu_conv("x", 3, 12, 5, strides=[2])
    x = n.node("MaxPool", n.relu_conv(x, 12, 16, 3, dilations=[2]), kernel_shape=[2], strides=[2])
    x = n.relu_conv(n.relu_conv(x, 16, 16, 3, group=1), 16, 24, 1)
    n.write(folder, "conv1d", n.dense(n.node("Flatten", n.node("GlobalAveragePool", x)), 24, 6))


def unet(folder):
    """An image -> down, down, up by Resize, up by Resize, with Concats across -> a mask."""
    n = Network(3, [1, 1, 16, 16])
    up = lambda x, mode, how: n.node("Resize", x, "", n.constant([1, 1, 2, 2]), mode=mode, coordinate_transformation_mode=how)
    pool = lambda x: n.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    first = n.relu_conv("x", 1, 8, 3, 3)
    second = n.relu_conv(pool(first), 8, 12, 3, 3)
    bottom = n.relu_conv(pool(second), 12, 16, 3, 3)
    x = n.relu_conv(n.node("Concat", up(bottom, "nearest", "asymmetric"), second, axis=1), 28, 12, 3, 3)
    x = n.relu_conv(n.node("Concat", up(x, "linear", "half_pixel"), first, axis=1), 20, 8, 3, 3)
    n.write(folder, "unet", n.node("Sigmoid", n.conv(x, 8, 2, 1, 1)))


def attention(folder, tokens=12, width=16, heads=2):
    """Tokens -> one block of a transformer -> class."""
    n = Network(4, [1, tokens, width])
    normalized = lambda x: n.node("LayerNormalization", x, n.constant(np.linspace(0.8, 1.2, width)), n.weights(width, terms=50), axis=-1)
    split = lambda x, perm: n.node("Transpose", n.node("Reshape", x, n.ints(1, tokens, heads, width // heads)), perm=perm)
    x = normalized("x")
    q, k, v = (split(n.linear(x, width, width), perm) for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]))
    scores = n.node("Mul", n.node("MatMul", q, k), n.constant((width // heads) ** -0.5))
    mixed = n.node("MatMul", n.node("Softmax", scores, axis=-1), v)
    joined = n.node("Reshape", n.node("Transpose", mixed, perm=[0, 2, 1, 3]), n.ints(1, tokens, width))
    x = n.node("Add", "x", n.linear(joined, width, width))
    inner = n.node("Relu", n.linear(normalized(x), width, 2 * width))
    x = n.node("Add", x, n.linear(inner, 2 * width, width))
    n.write(folder, "attention", n.dense(n.node("ReduceMean", x, axes=[1], keepdims=0), width, 4))


def volume(folder):
    """Frames of a small depth camera -> two 3-D convolutions, which stay float -> class."""
    n = Network(5, [1, 1, 6, 8, 8])
    x = n.node("MaxPool", n.relu_conv("x", 1, 4, 3, 3, 3), kernel_shape=[2, 2, 2], strides=[2, 2, 2])
    x = n.node("AveragePool", n.relu_conv(x, 4, 6, 3, 3, 3), kernel_shape=[3, 2, 2], strides=[3, 2, 2])
    n.write(folder, "volume", n.dense(n.node("Flatten", x), 24, 5))


def make(folder):
    recurrent(folder, "lstm", "LSTM", 4, 1)
    recurrent(folder, "gru", "GRU", 3, 2)
    conv1d(folder)
    unet(folder)
    attention(folder)
    volume(folder)
    return ["lstm", "gru", "conv1d", "unet", "attention", "volume"]


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1])
    target.mkdir(exist_ok=True)
    make(target)

"""Random small quantized graphs for the differential test: operators, shapes, attributes, scales and zero points,
nasty ones included (power-of-two scales, saturating scales, zero points at the ends, 1x1 images, one channel)."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from needs import random_array

ONNX_TYPE = {"uint8": TensorProto.UINT8, "int8": TensorProto.INT8, "float32": TensorProto.FLOAT}


class Graph:
    """Builds one model; `rng` decides everything, so a seed is a graph."""

    def __init__(self, rng, opset):
        self.rng, self.opset = rng, opset
        self.nodes, self.initializers, self.inputs, self.outputs, self.counter = [], [], [], [], 0

    def name(self, stem):
        self.counter += 1
        return f"{stem}_{self.counter}"

    def constant(self, array, stem="c"):
        name = self.name(stem)
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, op, inputs, outputs=1, domain="", **attributes):
        names = [self.name(op.lower()) for _ in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, self.name("n"), domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def add_input(self, dtype, shape):
        name = self.name("x")
        self.inputs.append((name, dtype, list(shape)))
        return name

    def model(self):
        values = [helper.make_tensor_value_info(n, ONNX_TYPE[t], s) for n, t, s in self.inputs]
        results = [helper.make_empty_tensor_value_info(n) for n in self.outputs]
        graph = helper.make_graph(self.nodes, "random", values, results, self.initializers)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets)
        model.ir_version = 8
        return model

    # Random parameters -------------------------------------------------------------------------------------------

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, *options):
        return options[self.rng.integers(len(options))]

    def scale(self, around):
        """A scale near `around`; sometimes a power of two, far too small (saturates) or far too large."""
        kind = self.rng.random()
        value = around * np.exp(self.rng.normal(0, 0.5))
        if kind < 0.15:
            value = 2.0 ** np.round(np.log2(value))
        elif kind < 0.22:
            value /= 16
        elif kind < 0.26:
            value *= 16
        return np.float32(value)

    def zero_point(self, dtype):
        low, high = (0, 255) if dtype == "uint8" else (-128, 127)
        kind = self.rng.random()
        value = low if kind < 0.3 else high if kind < 0.34 else (low + high + 1) // 2 if kind < 0.5 else self.rng.integers(low, high + 1)
        return np.array(value, dtype)

    def dtype(self):
        return self.pick("uint8", "uint8", "int8")


class Tensor:
    """A value of the graph: its name, shape, and (quantized) type, scale and zero point; spread is its rough range."""

    def __init__(self, name, shape, spread, dtype="float32", scale=None, zero_point=None):
        self.name, self.shape, self.spread = name, list(shape), float(spread)
        self.dtype, self.scale, self.zero_point = dtype, scale, zero_point


def weights(g, shape, channels_axis):
    """8-bit weights with their scale and zero point, per tensor or per channel."""
    per_channel = g.chance(0.6)
    n = shape[channels_axis]
    dtype = "int8" if per_channel or g.chance(0.85) else "uint8"
    low, high = (-127, 128) if dtype == "int8" else (0, 256)
    values = g.rng.integers(low, high, shape) if g.chance(0.8) else np.clip(g.rng.normal((low + high) / 2, 12, shape), low, high - 1)
    scales = np.array([g.scale(0.01) for _ in range(n)], np.float32) if per_channel else g.scale(0.01)
    zero = 0 if dtype == "int8" and g.chance(0.85) else None
    if per_channel:
        zero_points = np.zeros(n, dtype)
    else:
        zero_points = np.array(zero if zero is not None else g.rng.integers(low, high), dtype)
    return values.astype(dtype), scales, zero_points


def random_window(g, h, w, pads_allowed=True):
    """kernel, strides, dilations, pads (top, left, bottom, right) that fit an h x w image."""
    kernel = [int(g.rng.integers(1, min(5, d) + 1)) for d in (h, w)]
    strides = [int(g.rng.integers(1, 4)) for _ in range(2)]
    dilations = [int(g.rng.integers(1, 3)) if (k - 1) * 2 < d else 1 for k, d in zip(kernel, (h, w))]
    pads = [int(g.rng.integers(0, k)) for k in kernel + kernel] if pads_allowed and g.chance(0.6) else [0] * 4
    return kernel, strides, dilations, pads


def conv_geometry(g, channels):
    """(groups, out_channels)"""
    kind = g.rng.random()
    if kind < 0.3 and channels > 1:
        return channels, channels * int(g.pick(1, 1, 1, 2))
    if kind < 0.4 and channels % 2 == 0:
        return 2, 2 * int(g.rng.integers(1, 6))
    return 1, int(g.rng.integers(1, 20))


def inputs_for(g, count):
    """`count` samples for each input, in the model's types."""
    samples = {}
    for name, dtype, shape in g.inputs:
        low, high = (0, np.exp(g.rng.normal(0, 0.5))) if dtype == "float32" else (-128, 255)
        samples[name] = random_array(g.rng, dtype, (count, *shape), low, high)
    return samples

"""Evaluates a small float ONNX model in numpy, over a whole batch of samples, and returns every tensor.

Knows the operators that onnx_export.py writes. Serves the calibration, which needs the inner tensors' ranges.
"""
import numpy as np
from onnx import helper, numpy_helper
from numpy.lib.stride_tricks import sliding_window_view


def windows(x, kernel, strides):
    """(N, C, OH, OW, KH, KW): the window under each output position."""
    return sliding_window_view(x, kernel, axis=(2, 3))[:, :, :: strides[0], :: strides[1]]


def conv(x, w, b, kernel_shape, strides, pads, dilations, group):
    if list(dilations) != [1, 1]:
        raise ValueError("Conv: dilations are not known here")
    top, left, bottom, right = pads
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    inputs, outputs = x.shape[1] // group, w.shape[0] // group
    parts = []
    for g in range(group):
        columns = windows(x[:, g * inputs : (g + 1) * inputs], kernel_shape, strides)
        filters = w[g * outputs : (g + 1) * outputs]
        parts.append(np.einsum("nchwij,ocij->nohw", columns, filters, optimize=True))
    return np.concatenate(parts, axis=1) + b.reshape(1, -1, 1, 1)


def softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


OPERATORS = {
    "Conv": conv,
    "Gemm": lambda x, w, b, transB: x @ w.T + b,
    "Relu": lambda x: np.maximum(x, 0),
    "MaxPool": lambda x, kernel_shape, strides: windows(x, kernel_shape, strides).max(axis=(4, 5)),
    "GlobalAveragePool": lambda x: x.mean(axis=(2, 3), keepdims=True),
    "Flatten": lambda x, axis: x.reshape(x.shape[0], -1),
    "Softmax": softmax,
}


def evaluate(model, samples):
    """Every tensor of the graph by name; samples: (N, …the input's shape without its batch)."""
    tensors = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    tensors[model.graph.input[0].name] = samples.astype(np.float32)
    for node in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        tensors[node.output[0]] = OPERATORS[node.op_type](*(tensors[i] for i in node.input), **attributes)
    return tensors

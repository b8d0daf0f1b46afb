"""Writes a trained torch.nn.Sequential as a float ONNX model (opset 13, batch 1), batch normalization folded.

Written node by node, so that the file holds nothing but the network, whatever the version of torch.
"""
import copy

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

OPSET = 13
IR_VERSION = 7  # the one of opset 13


def fold_batch_norm(network):
    """The named layers without normalization: y = (Wx + b - mean) * gain + beta, gain = gamma / sigma."""
    named = list(copy.deepcopy(network).eval().named_children())
    folded = []
    for name, layer in named:
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            before = folded[-1][1]
            gain = (layer.weight.double() / (layer.running_var.double() + layer.eps).sqrt()).detach()
            weight, bias = before.weight.detach().double(), before.bias.detach().double()
            before.weight.data = (weight * gain.view(-1, *[1] * (weight.dim() - 1))).float()
            before.bias.data = ((bias - layer.running_mean) * gain + layer.bias.detach()).float()
        else:
            folded.append((name, layer))
    return folded


class Writer:
    """Collects nodes and initializers; `tensor` is the name of the last node's output."""

    def __init__(self, input_name):
        self.tensor = input_name
        self.nodes, self.initializers = [], []
        self.pads = [0, 0, 0, 0]

    def node(self, name, op_type, inputs=(), **attributes):
        output = f"{name}_output"
        self.nodes.append(helper.make_node(op_type, [self.tensor, *inputs], [output], name, **attributes))
        self.tensor = output

    def parameters(self, name, layer):
        for kind in ("weight", "bias"):
            array = getattr(layer, kind).detach().numpy().astype(np.float32)
            self.initializers.append(numpy_helper.from_array(array, f"{name}.{kind}"))
        return [f"{name}.weight", f"{name}.bias"]

    def layer(self, name, layer):
        if isinstance(layer, nn.ZeroPad2d):  # becomes the pads of the convolution behind it
            left, right, top, bottom = layer.padding
            self.pads = [top, left, bottom, right]
        elif isinstance(layer, nn.Conv2d):
            pads = [a + b for a, b in zip(self.pads, list(layer.padding) * 2)]
            self.node(name, "Conv", self.parameters(name, layer), kernel_shape=layer.kernel_size,
                      strides=layer.stride, pads=pads, dilations=layer.dilation, group=layer.groups)
            self.pads = [0, 0, 0, 0]
        elif isinstance(layer, nn.Linear):
            self.node(name, "Gemm", self.parameters(name, layer), transB=1)
        elif isinstance(layer, nn.ReLU):
            self.node(name, "Relu")
        elif isinstance(layer, nn.MaxPool2d):
            self.node(name, "MaxPool", kernel_shape=[layer.kernel_size] * 2, strides=[layer.stride] * 2)
        elif isinstance(layer, nn.AdaptiveAvgPool2d):
            self.node(name, "GlobalAveragePool")
        elif isinstance(layer, nn.Flatten):
            self.node(name, "Flatten", axis=1)
        else:
            raise TypeError(f"{name}: {type(layer).__name__} has no rule here")


def export(network, path, graph_name, softmax=False, input_shape=(1, 1, 28, 28)):
    """Writes `network` to `path`; the input is called "image", the output "logits" or "probabilities"."""
    writer = Writer("image")
    for name, layer in fold_batch_norm(network):
        writer.layer(name, layer)
    if softmax:
        writer.node("softmax", "Softmax", axis=-1)
    output = "probabilities" if softmax else "logits"
    writer.nodes[-1].output[0] = output
    with torch.no_grad():
        output_shape = network.eval()(torch.zeros(input_shape)).shape
    graph = helper.make_graph(
        writer.nodes, graph_name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, input_shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, list(output_shape))], writer.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                              producer_name="onnx2mcu examples/training")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)

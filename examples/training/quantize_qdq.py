"""Static post-training quantization of a float ONNX model into QDQ form:

  python3 quantize_qdq.py FLOAT.onnx INT8.onnx [--uint8-input] [--mnist FOLDER] [--samples 500]

Activations: uint8, one scale and zero point per tensor, from the least and the greatest value seen on
training images. Weights: int8, symmetric, per output channel. Biases: int32 at scale x_scale * w_scale. A
Relu needs no pair of its own: the uint8 range of the pair behind it begins at 0. Operators that only move or
select values (MaxPool, Flatten) keep the scale of their input. With --uint8-input the model takes the bytes
of an image instead of floats.
"""
import argparse
import copy

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import mnist
from evaluate_float import evaluate

PIXEL_SCALE = np.float32(1 / 255)
KEEPS_SCALE = ("MaxPool", "Flatten")
HAS_WEIGHTS = ("Conv", "Gemm")


def activation_parameters(values):
    """Scale and zero point of a uint8 tensor; 0 is always represented exactly."""
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    scale = np.float32((high - low) / 255) or np.float32(1)
    return scale, np.uint8(np.clip(round(-low / scale), 0, 255))


class Quantizer:
    def __init__(self, model, samples, uint8_input):
        self.float_model = model
        self.values = evaluate(model, samples)
        self.uint8_input = uint8_input
        self.nodes, self.initializers = [], []
        self.parameters = {}  # tensor -> (scale, zero point)

    def constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def pair(self, tensor, source, target, scale, zero_point):
        """QuantizeLinear and DequantizeLinear around `tensor`: reads `source`, writes `target`."""
        s, z = self.constant(f"{tensor}_scale", scale), self.constant(f"{tensor}_zero_point", zero_point)
        self.parameters[tensor] = scale, zero_point
        quantized = f"{tensor}_quantized"
        self.nodes += [
            helper.make_node("QuantizeLinear", [source, s, z], [quantized], f"{tensor}_quantize"),
            helper.make_node("DequantizeLinear", [quantized, s, z], [target], f"{tensor}_dequantize")]

    def dequantized(self, name, array, scale):
        """A constant behind a per-channel DequantizeLinear."""
        inputs = [self.constant(f"{name}_quantized", array), self.constant(f"{name}_scale", scale),
                  self.constant(f"{name}_zero_point", np.zeros(len(scale), array.dtype))]
        self.nodes.append(helper.make_node("DequantizeLinear", inputs, [f"{name}_dequantized"],
                                           f"{name}_dequantize", axis=0))
        return f"{name}_dequantized"

    def weights(self, node):
        w, b = (self.values[i] for i in node.input[1:])
        x_scale, _ = self.parameters[node.input[0]]
        peaks = np.abs(w).reshape(len(w), -1).max(axis=1)
        w_scale = np.where(peaks > 0, peaks / 127, 1).astype(np.float32)
        w_quantized = np.rint(w / w_scale.reshape(-1, *[1] * (w.ndim - 1))).astype(np.int8)
        b_scale = x_scale * w_scale
        b_quantized = np.rint(b / b_scale.astype(np.float64)).astype(np.int32)
        return [self.dequantized(node.input[1], w_quantized, w_scale),
                self.dequantized(node.input[2], b_quantized, b_scale)]

    def input(self, tensor):
        if self.uint8_input:
            self.parameters[tensor] = PIXEL_SCALE, np.uint8(0)
            inputs = [tensor, self.constant(f"{tensor}_scale", PIXEL_SCALE),
                      self.constant(f"{tensor}_zero_point", np.uint8(0))]
            self.nodes.append(helper.make_node("DequantizeLinear", inputs, [f"{tensor}_dequantized"],
                                               f"{tensor}_dequantize"))
        else:
            self.pair(tensor, tensor, f"{tensor}_dequantized", *activation_parameters(self.values[tensor]))

    def node(self, node, followed_by_relu, is_last):
        new = copy.deepcopy(node)
        tensor = node.output[0]
        if node.op_type != "Relu":
            new.input[0] = f"{node.input[0]}_dequantized"
        if node.op_type in HAS_WEIGHTS:
            new.input[1:] = self.weights(node)
        self.nodes.append(new)
        if followed_by_relu:
            return
        if node.op_type in KEEPS_SCALE:
            parameters = self.parameters[node.input[0]]
        elif node.op_type == "Softmax":
            parameters = np.float32(1 / 256), np.uint8(0)
        else:
            parameters = activation_parameters(self.values[tensor])
        new.output[0] = f"{tensor}_float"
        self.pair(tensor, new.output[0], tensor if is_last else f"{tensor}_dequantized", *parameters)

    def run(self):
        graph = self.float_model.graph
        self.input(graph.input[0].name)
        nodes = list(graph.node)
        for node, after in zip(nodes, [*nodes[1:], None]):
            self.node(node, after is not None and after.op_type == "Relu", after is None)
        inputs = copy.deepcopy(list(graph.input))
        if self.uint8_input:
            inputs[0].type.tensor_type.elem_type = TensorProto.UINT8
        quantized = helper.make_graph(self.nodes, graph.name, inputs, list(graph.output), self.initializers)
        model = helper.make_model(quantized, opset_imports=list(self.float_model.opset_import),
                                  producer_name=self.float_model.producer_name)
        model.ir_version = self.float_model.ir_version
        onnx.checker.check_model(model, full_check=True)
        return model


def calibration_samples(count, folder, seed=1):
    """`count` training images, drawn at random, as the float models take them."""
    images, _ = mnist.load("train", folder)
    chosen = np.random.RandomState(seed).permutation(len(images))[:count]
    return images[np.sort(chosen)][:, np.newaxis].astype(np.float32) / 255


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("float_model")
    parser.add_argument("quantized_model")
    parser.add_argument("--uint8-input", action="store_true", help="take the image's bytes, not floats")
    parser.add_argument("--mnist", help="folder with the four IDX files (.gz or not)")
    parser.add_argument("--samples", type=int, default=500, help="training images used for calibration")
    options = parser.parse_args()
    samples = calibration_samples(options.samples, options.mnist)
    model = Quantizer(onnx.load(options.float_model), samples, options.uint8_input).run()
    onnx.save(model, options.quantized_model)


if __name__ == "__main__":
    main()

"""Random chains of layers, float or quantized in QDQ form: what the cost model is fitted to."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

KINDS = ["conv3", "conv3", "conv5", "strided", "pointwise", "pointwise", "depthwise", "depthwise", "pool"]
PLANES = ["depthwise", "depthwise", "depthwise", "pointwise", "pool"]  # for what few of the other chains have
OTHERS = ["pointwise", "pool", "average", "add", "add", "activation", "activation"]
ACTIVATIONS = ["Relu", "Sigmoid", "Tanh"]


class Chain:
    def __init__(self, seed, signed, quantized=True):
        self.rng, self.quantized = np.random.default_rng(seed), quantized
        self.act = np.int8 if signed else np.uint8
        self.zero_point = int(self.rng.integers(-20, 20)) if signed else int(self.rng.integers(100, 150))
        self.nodes, self.inits, self.count, self.layers = [], [], 0, 0
        self.scale, self.tensor = np.float32(0.02), "x"
        self.most = 16000 if quantized else 2000  # elements of a tensor, as far as they can be chosen: the F103 has 20 KiB
        largest = 33 if quantized else 16
        self.shape = [int(self.rng.choice([1, 3, 4, 8, 16] if quantized else [1, 3, 4, 8])), int(self.rng.integers(12, largest)), int(self.rng.integers(10, largest))]

    def name(self, stem):
        self.count += 1
        return f"{stem}{self.count}"

    def const(self, value, dtype):
        name = self.name("c")
        self.inits.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def node(self, op, inputs, **attributes):
        out = self.name("t")
        self.nodes.append(helper.make_node(op, inputs, [out], name=self.name(op.lower()), **attributes))
        return out

    def dequantized(self):
        return self.tensor if not self.quantized else self.node("DequantizeLinear", [self.tensor, self.const(self.scale, np.float32), self.const(self.zero_point, self.act)])

    def quantize(self, tensor, scale):
        self.scale = np.float32(scale)
        if not self.quantized:
            self.tensor = tensor
            return
        self.tensor = self.node("QuantizeLinear", [tensor, self.const(scale, np.float32), self.const(self.zero_point, self.act)])

    def product(self, op, shape, **attributes):
        w = self.rng.normal(size=shape)
        largest = np.abs(w).reshape(shape[0], -1).max(axis=1).reshape((-1,) + (1,) * (len(shape) - 1))
        scales = self.rng.uniform(0.8, 1.2, shape[0]).astype(np.float32) * np.float32(0.004)
        x = self.dequantized()
        if not self.quantized:
            gain = np.float32(1 / np.sqrt(np.prod(shape[1:])))
            self.tensor = self.node(op, [x, self.const(w * gain, np.float32), self.const(self.rng.normal(size=shape[0]), np.float32)], **attributes)
            return
        weights = self.node("DequantizeLinear", [self.const(np.round(w / largest * 127), np.int8), self.const(scales, np.float32),
                                                 self.const(np.zeros(shape[0]), np.int8)], axis=0)
        bias = self.node("DequantizeLinear", [self.const(self.rng.integers(-2000, 2000, shape[0]), np.int32),
                                              self.const((scales * self.scale).astype(np.float32), np.float32), self.const(np.zeros(shape[0]), np.int32)], axis=0)
        y = self.node(op, [x, weights, bias], **attributes)
        if self.rng.random() < 0.4:
            y = self.node("Relu", [y])
        self.quantize(y, self.scale * 0.14 * np.sqrt(np.prod(shape[1:])))

    def conv(self, kernel, stride, out_c, groups=1):
        c, h, w = self.shape
        pad = kernel // 2 if groups > 1 or self.rng.random() < 0.5 else 0
        self.product("Conv", [out_c, c // groups, kernel, kernel], group=groups, pads=[pad] * 4, kernel_shape=[kernel] * 2, strides=[stride] * 2)
        self.shape = [out_c, (h + 2 * pad - kernel) // stride + 1, (w + 2 * pad - kernel) // stride + 1]

    def add(self):
        """What a pixel-wise convolution makes of the tensor, and the tensor itself."""
        before = self.dequantized()
        self.conv(1, 1, self.shape[0])
        self.quantize(self.node("Add", [before, self.dequantized()]), self.scale)

    def pool(self, op="MaxPool"):
        self.quantize(self.node(op, [self.dequantized()], kernel_shape=[2, 2], strides=[2, 2]), self.scale)
        self.shape = [self.shape[0], self.shape[1] // 2, self.shape[2] // 2]

    def layer(self, kinds):
        kind, (c, h, w) = self.rng.choice(kinds), self.shape
        small = min(h, w) < 7
        if kind == "pool":
            return None if small else self.pool()
        if kind == "average":
            return None if small else self.pool("AveragePool")
        if kind == "activation":
            return self.quantize(self.node(str(self.rng.choice(ACTIVATIONS)), [self.dequantized()]), self.scale)
        if kind == "add":
            return self.add()
        if kind == "depthwise":
            return None if small or c % 4 else self.conv(3, int(self.rng.choice([1, 1, 2])), c, c)
        if kind != "pointwise" and small:
            return None
        out = int(self.rng.choice([6, 8, 10, 16, 24, 32]))
        return self.conv({"pointwise": 1, "conv5": 5}.get(kind, 3), 2 if kind == "strided" else 1, 8 if h * w * out > self.most else out)


def write_chain(path, seed, kinds=KINDS, quantized=True):
    """A network of about eight layers; every other one has int8 activations. Returns one sample."""
    chain = Chain(seed, seed % 2 == 1, quantized)
    x_shape = [1] + chain.shape
    for _ in range(6 if kinds is KINDS else 9):
        chain.layer(kinds)
    while np.prod(chain.shape) > 1500 and min(chain.shape[1:]) >= 2:
        chain.pool()
    flat = chain.node("Flatten", [chain.dequantized()])
    chain.quantize(flat, chain.scale)
    features = int(np.prod(chain.shape))
    for out in (int(chain.rng.choice([16, 20, 32])), int(chain.rng.choice([7, 10, 12, 36]))):
        chain.product("Gemm", [out, features], transB=1)
        features = out
    if kinds is OTHERS:
        chain.quantize(chain.node("Softmax", [chain.dequantized()], axis=1), 1 / 256)
    kind = TensorProto.FLOAT if not quantized else TensorProto.INT8 if chain.act == np.int8 else TensorProto.UINT8
    graph = helper.make_graph(chain.nodes, "chain", [helper.make_tensor_value_info("x", kind, x_shape)],
                              [helper.make_tensor_value_info(chain.tensor, kind, [1, features])], chain.inits)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    with open(path, "wb") as f:
        f.write(model.SerializeToString())
    return chain.rng.integers(0, 256, x_shape).astype(np.uint8).view(chain.act) if quantized else chain.rng.normal(size=x_shape).astype(np.float32)

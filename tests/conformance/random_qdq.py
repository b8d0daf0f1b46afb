"""Random QDQ graphs that exercise the fusion rules: operators with and without Q/DQ pairs around them, int8 and uint8,
several readers, shared and separate constants, graph outputs in the middle. At most one Transpose: where two of them
cancel, ONNX Runtime sees Q/DQ pairs of different parameters side by side and merges them; we do not."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

TYPES = {"u8": (np.uint8, TensorProto.UINT8), "s8": (np.int8, TensorProto.INT8), "f32": (np.float32, TensorProto.FLOAT)}


class RandomGraph:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []
        self.values = []  # (name, shape): float values an operator can read
        self.shared = {}
        self.count = 0
        self.opset = int(self.rng.choice([11, 12, 13, 13, 13, 17]))
        self.usual_type = self.pick(["u8", "s8"])

    def pick(self, choices):
        return choices[int(self.rng.integers(len(choices)))]

    def chance(self, p):
        return self.rng.random() < p

    def name(self, prefix="v"):
        self.count += 1
        return f"{prefix}{self.count}"

    def constant(self, array, share=False):
        array = np.asarray(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if share and key in self.shared and self.chance(0.7):
            return self.shared[key]
        name = self.name("c")
        self.constants.append(numpy_helper.from_array(array, name))
        self.shared[key] = name
        return name

    def op(self, op_type, inputs, outputs=1, **attributes):
        made = [self.name() for _ in range(outputs)]
        self.nodes.append(helper.make_node(op_type, inputs, made, name=self.name("node_"), **attributes))
        return made[0] if outputs == 1 else made

    # Q and DQ ----------------------------------------------------------------------------------------------------
    def parameters(self, quantization):
        scale, zero_point, kind = quantization
        return [self.constant(np.float32(scale), True), self.constant(TYPES[kind][0](zero_point), True)]

    def quantization(self):
        kind = self.usual_type if self.chance(0.85) else self.pick(["u8", "s8"])
        lowest = 0 if kind == "u8" else -128
        return float(self.pick([0.02, 6 / 255, 0.1, 0.1])), int(self.pick([lowest, lowest, 3])), kind

    def pair(self, x, quantization=None, dqs=1):
        """x -> Q -> dqs times DQ; returns the float values."""
        quantization = quantization or self.quantization()
        q = self.op("QuantizeLinear", [x] + self.parameters(quantization))
        if self.chance(0.03):
            self.outputs.append((q, quantization[2]))
        return [self.op("DequantizeLinear", [q] + self.parameters(quantization)) for _ in range(dqs)], quantization

    def weight(self, shape, kind=None, axis=None):
        kind = kind or self.pick(["s8", "s8", "s8", "u8"])
        info = np.iinfo(TYPES[kind][0])
        data = self.constant(self.rng.integers(info.min, info.max + 1, shape).astype(TYPES[kind][0]))
        if axis is None:
            return self.op("DequantizeLinear", [data, self.constant(np.float32(0.01), True), self.constant(TYPES[kind][0](0), True)]), 0.01
        scales = (0.01 * (1 + np.arange(shape[axis]))).astype(np.float32)
        zero_points = np.zeros(shape[axis], TYPES[kind][0])
        return self.op("DequantizeLinear", [data, self.constant(scales), self.constant(zero_points)], axis=axis), scales

    def bias(self, size, scale):
        form = self.pick(["none", "int32", "int32", "float"])
        if form == "none":
            return []
        if form == "float":
            return [self.constant(self.rng.standard_normal(size).astype(np.float32))]
        data = self.constant(self.rng.integers(-999, 999, size).astype(np.int32))
        scale = np.asarray(scale, np.float32)
        attributes = {"axis": 0} if scale.ndim and self.opset >= 13 else {}
        zero_point = self.constant(np.zeros(scale.shape, np.int32))
        return [self.op("DequantizeLinear", [data, self.constant(scale), zero_point], **attributes)]

    # Operators ---------------------------------------------------------------------------------------------------
    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def image_op(self, x, shape, x_scale):
        n, c, h, w = shape
        kind = self.pick(["conv", "conv", "conv", "MaxPool", "AveragePool", "GlobalAveragePool", "flatten", "reshape", "transpose", "pad", "slice", "bn"])
        if kind == "conv":
            per_channel = self.opset >= 13 and self.chance(0.5)
            if self.chance(0.1):
                weight, scale = self.constant(self.rng.standard_normal((4, c, 3, 3)).astype(np.float32)), 0.01
            else:
                weight, scale = self.weight((4, c, 3, 3), axis=0 if per_channel else None)
            return self.op("Conv", [x, weight] + self.bias(4, x_scale * scale), pads=[1, 1, 1, 1]), (n, 4, h, w)
        if kind in ("MaxPool", "AveragePool") and min(h, w) > 1:
            return self.op(kind, [x], kernel_shape=[2, 2]), (n, c, h - 1, w - 1)
        if kind.endswith("Pool"):
            return self.op("GlobalAveragePool", [x]), (n, c, 1, 1)
        if kind == "flatten":
            return self.op("Flatten", [x]), (n, c * h * w)
        if kind == "reshape":
            return self.op("Reshape", [x, self.ints(n, c * h * w)]), (n, c * h * w)
        if kind == "transpose" and not any(node.op_type == "Transpose" for node in self.nodes):
            return self.op("Transpose", [x], perm=[0, 1, 3, 2]), (n, c, w, h)
        if kind == "pad":
            return self.op("Pad", [x, self.ints(0, 0, 1, 1, 0, 0, 1, 1)]), (n, c, h + 2, w + 2)
        if kind == "slice" and h > 1:
            return self.op("Slice", [x, self.ints(1), self.ints(h), self.ints(2)]), (n, c, h - 1, w)
        statistics = [self.constant(np.abs(self.rng.standard_normal(c)).astype(np.float32)) for _ in range(4)]
        return self.op("BatchNormalization", [x] + statistics), shape

    def matrix_op(self, x, shape, x_scale):
        k, n = shape[-1], 4
        kind = self.pick(["gemm", "gemm", "matmul", "matmul_add", "Softmax", "reshape"])
        if kind == "gemm":
            transposed = self.chance(0.5)
            per_channel = self.opset >= 13 and self.chance(0.5)
            weight, scale = self.weight((n, k) if transposed else (k, n), axis=(0 if transposed else 1) if per_channel else None)
            return self.op("Gemm", [x, weight] + self.bias(n, x_scale * scale), transB=int(transposed)), (shape[0], n)
        if kind == "matmul":
            return self.op("MatMul", [x, self.weight((k, n))[0]]), (shape[0], n)
        if kind == "matmul_add":
            product = self.op("MatMul", [x, self.weight((k, n))[0]])
            return self.op("Add", [product, self.constant(self.rng.standard_normal(n).astype(np.float32))]), (shape[0], n)
        if kind == "Softmax":
            return self.op("Softmax", [x], axis=1), shape
        return self.op("Reshape", [x, self.ints(shape[0], k, 1, 1)]), (shape[0], k, 1, 1)

    def any_op(self, x, shape):
        kind = self.pick(["Relu", "Relu", "Clip", "Sigmoid", "LeakyRelu", "Tanh", "Identity", "Add", "Mul", "Sub", "Concat", "const", "twice"])
        if kind == "Clip":
            return self.op("Clip", [x, self.constant(np.float32(0)), self.constant(np.float32(6))]), shape
        if kind in ("Relu", "Sigmoid", "LeakyRelu", "Tanh", "Identity"):
            return self.op(kind, [x]), shape
        if kind == "twice":
            return self.op(self.pick(["Add", "Mul"]), [x, x]), shape
        if kind == "const":
            return self.op("Add", [x, self.weight(shape[1:], self.usual_type)[0]]), shape
        same = [v for v, s in self.values if s == shape]
        other = self.pick(same) if same else x
        if kind == "Concat":
            return self.op("Concat", [x, other], axis=1), (shape[0], 2 * shape[1]) + tuple(shape[2:])
        return self.op(kind, [x, other]), shape

    def step(self):
        before = len(self.nodes)
        x, shape = self.values[int(self.rng.integers(max(0, len(self.values) - 3), len(self.values)))]
        x_scale = 0.1
        if self.chance(0.15):
            (x,), q = self.pair(x)
            x_scale = q[0]
        else:
            x_scale = self.scales.get(x, 0.1)
        if self.chance(0.45):
            y, y_shape = self.any_op(x, shape)
        elif len(shape) == 4:
            y, y_shape = self.image_op(x, shape, x_scale)
        else:
            y, y_shape = self.matrix_op(x, shape, x_scale)
        if min(y_shape) < 1 or np.prod(y_shape) > 4096:
            made = {name for node in self.nodes[before:] for name in node.output}
            self.outputs = [(name, kind) for name, kind in self.outputs if name not in made]
            del self.nodes[before:]  # no dead nodes: ONNX Runtime would count them as readers
            return
        if self.chance(0.8):
            made, q = self.pair(y, dqs=int(self.pick([1, 1, 1, 1, 2])))
            for value in made:
                self.scales[value] = q[0]
                self.values.append((value, y_shape))
        else:
            self.values.append((y, y_shape))

    def build(self, steps):
        self.scales = {}
        for _ in range(int(self.pick([1, 1, 2]))):
            shape, kind = (1, 4, 6, 6), self.pick(["f32", "f32", "f32", "u8", "s8"])
            name = self.name("in")
            self.inputs.append(helper.make_tensor_value_info(name, TYPES[kind][1], shape))
            if kind == "f32":
                values, q = self.pair(name) if self.chance(0.9) else ([name], (0.1, 0, "u8"))
            else:
                q = (0.1, 3, kind)
                values = [self.op("DequantizeLinear", [name] + self.parameters(q))]
            for value in values:
                self.scales[value] = q[0]
                self.values.append((value, shape))
        for _ in range(steps):
            self.step()
        read = {i for node in self.nodes for i in node.input}
        inputs = {i.name for i in self.inputs}
        for value, _ in self.values:
            if value not in inputs and (value not in read or self.chance(0.05)):
                self.outputs.append((value, "f32"))
        return self.model()

    def model(self):
        outputs = []
        for name, kind in dict(self.outputs).items():
            maker = next(n for n in self.nodes if name in n.output)
            only_use = not any(name in n.input for n in self.nodes)
            if maker.op_type == "DequantizeLinear" and only_use and self.chance(0.3) and any(maker.input[0] in n.output for n in self.nodes):
                zero_point = next(t for t in self.constants if t.name == maker.input[2])
                self.nodes.remove(maker)
                name, kind = maker.input[0], "u8" if zero_point.data_type == TensorProto.UINT8 else "s8"
            outputs.append((name, kind))
        infos = [helper.make_tensor_value_info(name, TYPES[kind][1], None) for name, kind in dict(outputs).items()]
        graph = helper.make_graph(self.nodes, "random", self.inputs, infos, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        return model

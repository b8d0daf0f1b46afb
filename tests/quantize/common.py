"""What the scripts of this folder share: running commands, the live ONNX Runtime, reading QDQ models, and two
small float networks with the layers that quantization treats differently."""
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import needs  # noqa: E402
from needs import REFERENCE  # noqa: E402

ONNX2MCU = os.environ.get("ONNX2MCU", "onnx2mcu")

needs.packages("numpy", "onnx")
import numpy as np  # noqa: E402
import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def onnxruntime(jobs):
    """Jobs as tests/reference/batch.mjs describes them; every one must succeed."""
    lines = "".join(json.dumps(job, default=str) + "\n" for job in jobs)
    for line in run("node", REFERENCE / "batch.mjs", input=lines).splitlines():
        status = json.loads(line)
        if status["status"] != "ok":
            raise RuntimeError(f"ONNX Runtime: {status['model']}: {status['message']}")


def decibel(exact, approximate):
    exact, noise = exact.astype(np.float64), approximate.astype(np.float64) - exact.astype(np.float64)
    return 10 * np.log10((exact ** 2).sum() / max((noise ** 2).sum(), 1e-300))


# --- reading a QDQ model ---


def array(tensor):
    """numpy_helper.to_array, and int4, which Debian's onnx does not know."""
    if tensor.data_type != 22:
        return numpy_helper.to_array(tensor)
    packed = np.frombuffer(tensor.raw_data, np.uint8)
    values = np.stack([packed & 15, packed >> 4], axis=1).reshape(-1)[:int(np.prod(tensor.dims))].astype(np.int8)
    return np.where(values > 7, values - 16, values).reshape(tensor.dims)


class Qdq:
    """A QDQ model with its constants and who makes each tensor."""

    def __init__(self, path):
        self.model = onnx.load(str(path))
        self.graph = self.model.graph
        self.initializers = {t.name: t for t in self.graph.initializer}
        self.producer = {output: node for node in self.graph.node for output in node.output}

    def constant(self, name):
        return array(self.initializers[name])

    def nodes(self, op_type):
        return [n for n in self.graph.node if n.op_type == op_type]

    def dequantizer(self, tensor):
        node = self.producer.get(tensor)
        return node if node is not None and node.op_type == "DequantizeLinear" else None

    def scale_and_zero_point(self, node):
        return self.constant(node.input[1]), self.constant(node.input[2])

    def dequantized(self, tensor):
        """The real values of a constant behind a DequantizeLinear."""
        node = self.dequantizer(tensor)
        q = self.constant(node.input[0]).astype(np.float64)
        scale = self.constant(node.input[1]).astype(np.float64)
        axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
        shape = [-1 if d == axis else 1 for d in range(q.ndim)] if scale.size > 1 else []
        return q * scale.reshape(shape)

    def activations(self):
        """{tensor: (scale, zero point)} of every tensor computed at run time."""
        return {n.output[0]: self.scale_and_zero_point(n) for n in self.nodes("DequantizeLinear") if n.input[0] not in self.initializers}


# --- networks ---


class Builder:
    def __init__(self, seed):
        self.random, self.nodes, self.constants = np.random.RandomState(seed), [], []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def weights(self, name, *shape, spread=0.0):
        """Uniform weights whose output channels (the first axis) differ in size by up to e^±spread."""
        values = self.random.uniform(-1, 1, shape) * np.exp(self.random.uniform(-spread, spread, (shape[0],) + (1,) * (len(shape) - 1)))
        return self.constant(name, values * (3.0 / np.prod(shape[1:])) ** 0.5)

    def bias(self, name, count):
        return self.constant(name, self.random.uniform(-0.3, 0.3, count))

    def node(self, op_type, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op_type, inputs, [output], name=output + "_node", **attributes))
        return output

    def model(self, x_shape, y, y_shape):
        graph = helper.make_graph(self.nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x_shape)],
                                  [helper.make_tensor_value_info(y, TensorProto.FLOAT, y_shape)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model


def mlp(seed=1):
    """20 -> 16 -> 12 -> 5, Relu between, Softmax behind: fc1's channels differ much in size."""
    b = Builder(seed)
    y = b.node("Relu", [b.node("Gemm", ["x", b.weights("w1", 16, 20, spread=2.0), b.bias("b1", 16)], "fc1", transB=1)], "relu1")
    y = b.node("Relu", [b.node("Gemm", [y, b.weights("w2", 12, 16), b.bias("b2", 12)], "fc2", transB=1)], "relu2")
    y = b.node("Gemm", [y, b.weights("w3", 5, 12), b.bias("b3", 5)], "fc3", transB=1)
    return b.model([1, 20], b.node("Softmax", [y], "y", axis=-1), [1, 5])


def cnn(seed=2):
    """Conv + BatchNormalization + Relu, a depthwise Conv + Clip, a residual Add, MaxPool, two branches into a Concat,
    Resize, GlobalAveragePool and a Gemm."""
    b = Builder(seed)
    b.node("Conv", ["x", b.weights("w1", 8, 3, 3, 3, spread=1.0)], "conv1", pads=[1, 1, 1, 1])
    normal = [b.constant("bn_scale", b.random.uniform(0.5, 1.5, 8)), b.bias("bn_b", 8), b.bias("bn_mean", 8),
              b.constant("bn_var", b.random.uniform(0.5, 1.5, 8))]
    b.node("BatchNormalization", ["conv1"] + normal, "bn1")
    b.node("Relu", ["bn1"], "relu1")
    b.node("Conv", ["relu1", b.weights("w2", 8, 1, 3, 3), b.bias("b2", 8)], "depthwise", group=8, pads=[1, 1, 1, 1])
    b.node("Clip", ["depthwise", b.constant("zero", 0.0), b.constant("six", 6.0)], "clip")
    b.node("Conv", ["clip", b.weights("w3", 8, 8, 1, 1), b.bias("b3", 8)], "pointwise")
    b.node("Relu", [b.node("Add", ["pointwise", "relu1"], "sum")], "relu2")
    b.node("MaxPool", ["relu2"], "pool", kernel_shape=[2, 2], strides=[2, 2])
    b.node("Relu", [b.node("Conv", ["pool", b.weights("w4", 4, 8, 1, 1), b.bias("b4", 4)], "narrow")], "left")
    b.node("AveragePool", ["pool"], "right", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    b.node("Concat", ["left", "right"], "both", axis=1)
    b.node("Resize", ["both", "", b.constant("twice", [1, 1, 2, 2])], "larger", mode="nearest")
    b.node("Flatten", [b.node("GlobalAveragePool", ["larger"], "means")], "flat")
    return b.model([1, 3, 10, 10], b.node("Gemm", ["flat", b.weights("w5", 5, 12), b.bias("b5", 5)], "y", transB=1), [1, 5])


def samples(count, shape, seed=3):
    """Smooth, skewed and with a few large values, as real inputs are."""
    random = np.random.RandomState(seed)
    x = random.standard_normal((count, *shape)) ** 3 * 0.3 + random.uniform(-0.5, 1.0, (count, *shape))
    return x.astype(np.float32)


def with_all_outputs(model):
    """The model with every tensor computed at run time as an output."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    inferred = onnx.shape_inference.infer_shapes(model)
    known = {o.name for o in result.graph.output}
    result.graph.output.extend(v for v in inferred.graph.value_info if v.name not in known)
    return result


def tensors(model, x, folder, name):
    """{tensor: (N, …)}: what ONNX Runtime, unoptimized, computes for every tensor of the float network."""
    whole = with_all_outputs(model)
    onnx.save(whole, str(folder / f"{name}.all.onnx"))
    np.save(folder / f"{name}.x.npy", x)
    files = {o.name: folder / f"{name}.{o.name}.npy" for o in whole.graph.output}
    onnxruntime([{"model": folder / f"{name}.all.onnx", "inputs": {"x": folder / f"{name}.x.npy"},
                  "outputs": {k: str(v) for k, v in files.items()}, "level": "disabled"}])
    return {**{k: np.load(v) for k, v in files.items()}, "x": x[:, np.newaxis]}

#!/usr/bin/python3
"""Writes the folders of this directory: networks whose outputs feed inputs of the next run (states.txt: --state of each),
the inputs of several runs, and what ONNX Runtime makes of them when it is handed its previous outputs, zeros at first.
Needs numpy, onnx and tests/reference with its node_modules; x86-64 with AVX512F, whose order of summation counts."""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = HERE.parents[1] / "reference"
TYPES = {"float32": TensorProto.FLOAT, "int32": TensorProto.INT32, "uint8": TensorProto.UINT8, "int8": TensorProto.INT8}
RUNS = 9
random = np.random.default_rng(7)


class Network:
    def __init__(self, name):
        self.name, self.nodes, self.constants, self.inputs, self.outputs, self.states = name, [], [], {}, {}, []

    def constant(self, values, dtype=np.float32):
        name = f"k{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def weights(self, *shape):
        return self.constant(random.standard_normal(shape) * 0.5)

    def node(self, op, inputs, outputs, **attributes):
        self.nodes.append(helper.make_node(op, inputs, outputs, **attributes))
        return outputs[0]

    def input(self, name, dtype, shape):
        self.inputs[name] = (dtype, shape)
        return name

    def output(self, name, dtype, shape):
        self.outputs[name] = (dtype, shape)
        return name

    def state(self, name, dtype, shape):
        """An input; the output of the same name with _next is for the caller to make."""
        self.states.append((self.input(name, dtype, shape), self.output(name + "_next", dtype, shape)))
        return name

    def write(self):
        folder = HERE / self.name
        folder.mkdir(exist_ok=True)
        info = lambda ports: [helper.make_tensor_value_info(n, TYPES[d], s) for n, (d, s) in ports.items()]
        graph = helper.make_graph(self.nodes, self.name, info(self.inputs), info(self.outputs), self.constants)
        model = helper.make_model(graph, producer_name="onnx2mcu tests", opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        onnx.save(model, folder / "model.onnx")
        (folder / "states.txt").write_text("".join(f"{a}={b}\n" for a, b in self.states))
        with tempfile.TemporaryDirectory() as name:
            self.record(folder, pathlib.Path(name))

    def record(self, folder, files):
        """ONNX Runtime, one run after the other: what it writes as a state is what it reads next."""
        states = dict(self.states)
        jobs, results = [], {n: [] for n in self.outputs if n not in states.values()}
        data = {}
        for name, (dtype, shape) in self.inputs.items():
            if name in states:
                np.save(files / f"{states[name]}_0.npy", np.zeros(shape, dtype))
                continue
            values = random.standard_normal([RUNS, *shape]) if dtype == "float32" else random.integers(0, 100, [RUNS, *shape])
            data[name] = values.astype(dtype)
            np.save(folder / f"input_{name}.npy", data[name])
            for run in range(RUNS):
                np.save(files / f"{name}_{run}.npy", data[name][run])
        for run in range(RUNS):
            jobs.append(json.dumps(dict(
                model=str(folder / "model.onnx"), whole=True,
                inputs={n: str(files / f"{states.get(n, n)}_{run}.npy") for n in self.inputs},
                outputs={n: str(files / f"{n}_{run + (n in states.values())}.npy") for n in self.outputs})))
        done = subprocess.run(["node", "batch.mjs"], cwd=REFERENCE, input="\n".join(jobs), capture_output=True, text=True)
        for line in done.stdout.splitlines():
            if json.loads(line)["status"] != "ok":
                sys.exit(f"{self.name}: {line}")
        for name in results:
            np.save(folder / f"expected_{name}.npy", np.stack([np.load(files / f"{name}_{run}.npy") for run in range(RUNS)]))
        print(f"{self.name}: {RUNS} runs, {done.stderr.strip()}")


def recurrent(op, gates, directions):
    """Two layers, one step a run, with a classifier behind them."""
    n = Network(op.lower())
    hidden, x = 6, n.input("x", "float32", [1, 1, 5])
    for layer in range(2):
        size = 5 if layer == 0 else hidden * directions
        shape = [directions, 1, hidden]
        h = n.state(f"h{layer}", "float32", shape)
        inputs = [x, n.weights(directions, gates * hidden, size), n.weights(directions, gates * hidden, hidden),
                  n.weights(directions, 2 * gates * hidden), "", h]
        outputs = [f"y{layer}", f"h{layer}_next"]
        if op == "LSTM":
            inputs.append(n.state(f"c{layer}", "float32", shape))
            outputs.append(f"c{layer}_next")
        n.node(op, inputs, outputs, hidden_size=hidden, **({"direction": "bidirectional"} if directions == 2 else {}))
        x = n.node("Reshape", [outputs[0], n.constant([1, 1, -1], np.int64)], [f"z{layer}"])
    flat = n.node("Flatten", [x], ["flat"])
    logits = n.node("Gemm", [flat, n.weights(hidden * directions, 4), n.weights(4)], ["logits"])
    n.node("Softmax", [logits], [n.output("scores", "float32", [1, 4])])
    n.write()


def causal_conv():
    """A window of the past: the last frames join the new one, and the oldest leaves. The second layer reads its state
    only after the first has made a new one; a quantized copy of the sum is a state too."""
    n = Network("causal_conv")
    x, old = n.input("x", "float32", [1, 3, 1]), n.state("frames", "float32", [1, 3, 4])
    window = n.node("Concat", [old, x], ["window"], axis=2)
    n.node("Slice", [window, n.constant([1], np.int64), n.constant([5], np.int64), n.constant([2], np.int64)], ["frames_next"])
    conv = n.node("Conv", [window, n.weights(2, 3, 5), n.weights(2)], ["conv"])
    mean = n.state("mean", "float32", [1, 2, 1])
    decayed = n.node("Mul", [mean, n.constant(0.75)], ["decayed"])
    n.node("Add", [decayed, conv], ["mean_next"])
    bytes_ = n.state("bytes", "uint8", [1, 2, 1])
    scale, zero = n.constant(0.05), n.constant(128, np.uint8)
    n.node("QuantizeLinear", ["mean_next", scale, zero], ["bytes_next"])
    before = n.node("DequantizeLinear", [bytes_, scale, zero], ["before"])
    n.node("Sub", ["mean_next", before], [n.output("change", "float32", [1, 2, 1])])
    n.write()


def shuffle():
    """States that only move or count: two that change places, a delay line of three, a counter, one never changed."""
    n = Network("shuffle")
    x = n.input("x", "int32", [2])
    a, b = n.state("a", "int32", [2]), n.state("b", "int32", [2])
    n.node("Identity", [a], ["b_next"])
    n.node("Add", [b, x], ["a_next"])
    d = [n.state(f"d{i}", "int32", [2]) for i in range(3)]
    for i in (2, 1):
        n.node("Identity", [d[i - 1]], [f"d{i}_next"])
    n.node("Identity", [x], ["d0_next"])
    n.node("Add", [n.state("count", "int32", [2]), n.constant([1, 2], np.int32)], ["count_next"])
    n.node("Identity", [n.state("same", "int32", [2])], ["same_next"])
    total = "count_next"
    for i, name in enumerate([a, b, *d, "same"]):
        total = n.node("Mul", [total, n.constant(3, np.int32)], [f"m{i}"])
        total = n.node("Add", [total, name], [f"s{i}"] if i < 5 else [n.output("total", "int32", [2])])
    n.write()


recurrent("LSTM", 4, 1)
recurrent("GRU", 3, 2)
recurrent("RNN", 1, 1)
causal_conv()
shuffle()

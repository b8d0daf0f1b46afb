"""Builds a model that applies one operator many times, and records what the pinned ONNX Runtime makes of it."""
import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

REFERENCE = pathlib.Path(__file__).resolve().parents[2] / "reference"
MICROSOFT = "com.microsoft"
TYPES = {"uint8": TensorProto.UINT8, "int8": TensorProto.INT8, "uint16": TensorProto.UINT16, "int16": TensorProto.INT16, "float32": TensorProto.FLOAT,
         "float16": TensorProto.FLOAT16, "int32": TensorProto.INT32, "int64": TensorProto.INT64, "bool": TensorProto.BOOL}


class Model:
    def __init__(self, samples=3, seed=1, opset=17):
        self.samples, self.random, self.opset = samples, np.random.default_rng(seed), opset
        self.nodes, self.constants, self.inputs, self.data, self.parts = [], {}, [], {}, {}

    def values(self, dtype, shape, low=None, high=None):
        if dtype.startswith("float"):
            return self.random.standard_normal(shape).astype(dtype)
        info = np.iinfo(dtype)
        low, high = info.min if low is None else low, info.max if high is None else high
        return self.random.integers(low, high + 1, shape, dtype=np.int64).astype(dtype)

    def input(self, name, dtype, shape, data=None, **limits):
        if data is None:
            data = self.values(dtype, [self.samples, *shape], **limits)
        self.inputs.append(helper.make_tensor_value_info(name, TYPES[dtype], shape))
        self.data[name] = np.asarray(data, dtype)
        return name

    def constant(self, value, dtype):
        value = np.asarray(value, dtype)
        name = f"k{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(value, name)
        return name

    def quantization(self, scale, zero_point, dtype):
        return [self.constant(scale, np.float32), self.constant(zero_point, dtype)]

    def apply(self, op, inputs, dtypes, domain="", **attributes):
        """Adds one node; its outputs, of these element types, become part of the model's outputs."""
        outputs = [f"{op}_{len(self.nodes)}_{i}" for i in range(len(dtypes))]
        self.nodes.append(helper.make_node(op, inputs, outputs, domain=domain, name=outputs[0], **attributes))
        for name, dtype in zip(outputs, dtypes):
            flat = [name, self.constant([-1], np.int64)]
            self.nodes.append(helper.make_node("Reshape", flat, [name + "_flat"]))
            self.parts.setdefault(dtype, []).append(name + "_flat")

    def write(self, folder):
        folder.mkdir(exist_ok=True)
        outputs = []
        for dtype, parts in self.parts.items():
            self.nodes.append(helper.make_node("Concat", parts, ["y_" + dtype], axis=0))
            outputs.append(helper.make_tensor_value_info("y_" + dtype, TYPES[dtype], None))
        constants = list(self.constants.values())
        graph = helper.make_graph(self.nodes, folder.name, self.inputs, outputs, constants)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, producer_name="onnx2mcu tests", opset_imports=opsets)
        model.ir_version = 8
        onnx.save(model, folder / "model.onnx")
        for name, data in self.data.items():
            np.save(folder / f"input_{name}.npy", data)
        job = {"model": str(folder / "model.onnx"),
               "inputs": {n: str(folder / f"input_{n}.npy") for n in self.data},
               "outputs": {"y_" + d: str(folder / f"expected_y_{d}.npy") for d in self.parts}}
        done = subprocess.run(["node", "batch.mjs"], cwd=REFERENCE, input=json.dumps(job) + "\n",
                              capture_output=True, text=True)
        status = json.loads(done.stdout)
        if status["status"] != "ok":
            sys.exit(f"{folder.name}: {status['message']}")
        total = sum(np.load(f).size for f in job["outputs"].values())
        print(f"{folder.name}: {total} values, {done.stderr.strip()}")

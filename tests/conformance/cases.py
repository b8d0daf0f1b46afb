"""Conformance cases: ONNX's backend node tests, from a folder or made by the installed onnx package, and ONNX
Runtime's own test models. A case is a model, its inputs and what its outputs should be."""

import dataclasses

import numpy as np
import onnx
from onnx import numpy_helper

from needs import random_array

# Inputs that a static network has as constants, though ONNX's tests feed them at run time: those that say how large
# tensors are or along which axes to work, and quantization parameters. Operator (Reduce stands for all reductions)
# -> positions.
CONSTANT_INPUTS = {
    "CenterCropPad": [1], "ConstantOfShape": [0], "ConvInteger": [1, 2, 3], "CumSum": [1],
    "DequantizeLinear": [1, 2], "Expand": [1], "GRU": [1, 2, 3, 4], "If": [0], "LSTM": [1, 2, 3, 4, 7],
    "Loop": [0, 1], "OneHot": [1], "Pad": [1, 3], "QLinearConv": [1, 2, 3, 4, 5, 6, 7, 8],
    "QLinearMatMul": [1, 2, 4, 5, 6, 7], "QuantizeLinear": [1, 2], "RNN": [1, 2, 3, 4], "Range": [0, 1, 2],
    "Reduce": [1], "Reshape": [1], "Resize": [1, 2, 3], "Slice": [1, 2, 3, 4], "Split": [1], "Squeeze": [1],
    "Tile": [1], "TopK": [1], "Trilu": [1], "Unsqueeze": [1], "Upsample": [1],
}
WEIGHTS_ONLY = (21, 22)  # uint4, int4: types of constants, not of run-time tensors


@dataclasses.dataclass
class Case:
    name: str
    model: onnx.ModelProto
    inputs: dict    # name -> array
    outputs: list   # arrays, or None where only ONNX Runtime knows
    rtol: float = 1e-3
    atol: float = 1e-7


def array_of(tensor):
    """numpy_helper of onnx 1.12 knows no newer types; their tests are out of scope, but must be read."""
    try:
        return numpy_helper.to_array(tensor)
    except (KeyError, TypeError, ValueError):
        return np.frombuffer(tensor.raw_data, np.uint8)


def read_tensor(path, declared):
    if not declared.type.HasField("tensor_type"):
        return onnx.TensorProto()  # a sequence or an optional: out of scope
    tensor = onnx.TensorProto()
    tensor.ParseFromString(path.read_bytes())
    return tensor


def values_behind_constants(graph):
    """Names of all values that end up at an input that must be constant, through whatever arithmetic on inputs."""
    inputs, wanted = {value.name for value in graph.input}, set()
    for node in reversed(graph.node):
        op = "Reduce" if node.op_type.startswith("Reduce") else node.op_type
        wanted |= {node.input[i] for i in CONSTANT_INPUTS.get(op, []) if i < len(node.input)}
        if wanted & set(node.output) and node.op_type not in ("Shape", "Size"):
            wanted |= set(node.input)
    return wanted & inputs


def freeze(model, tensors):
    """Makes constants of the inputs that must be constant; returns the others as arrays."""
    wanted, remaining = values_behind_constants(model.graph), {}
    for value in list(model.graph.input):
        tensor = tensors.get(value.name)
        if tensor is not None and (value.name in wanted or tensor.data_type in WEIGHTS_ONLY):
            model.graph.input.remove(value)
            model.graph.initializer.append(tensor)
            model.graph.initializer[-1].name = value.name
        elif tensor is not None:
            remaining[value.name] = array_of(tensor)
    return remaining


def node_case(name, model, inputs, outputs, **tolerance):
    tensors = {value.name: tensor for value, tensor in zip(model.graph.input, inputs)}
    return Case(name, model, freeze(model, tensors), [array_of(t) for t in outputs], **tolerance)


def read_node_case(folder):
    model = onnx.load(str(folder / "model.onnx"))
    data = folder / "test_data_set_0"
    read = lambda role, values: [read_tensor(data / f"{role}_{i}.pb", value) for i, value in enumerate(values)]
    return node_case(folder.name, model, read("input", model.graph.input), read("output", model.graph.output))


def generated_node_cases():
    """The node tests that the installed onnx package makes. Its 1.12 uses aliases that NumPy 1.24 has dropped."""
    for alias, kind in ("float", float), ("int", int), ("bool", bool), ("object", object):
        if alias not in np.__dict__:
            setattr(np, alias, kind)
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases(None) if collect_testcases.__code__.co_argcount else collect_testcases():
        inputs, outputs = case.data_sets[0]
        first_versions = case.model.opset_import[0].version < 7  # of operators that have not changed since
        if not first_versions and all(isinstance(a, (np.ndarray, np.generic)) for a in [*inputs, *outputs]):
            protos = [[numpy_helper.from_array(np.asarray(a)) for a in side] for side in (inputs, outputs)]
            yield node_case(case.name, case.model, *protos, rtol=case.rtol, atol=case.atol)


NUMPY = {1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
         11: "float64", 12: "uint32", 13: "uint64"}


def random_input(value, seed):
    """Seeded values for a graph input: floats around 0, integers over their range; open dimensions are 1."""
    tensor = value.type.tensor_type
    shape = [d.dim_value if d.dim_value > 0 else 1 for d in tensor.shape.dim]
    dtype = np.dtype(NUMPY[tensor.elem_type])
    return random_array(np.random.default_rng([seed, *value.name.encode()]), dtype, shape, -1000, 1 if dtype.kind == "f" else 1000)


def read_model_case(path):
    """A model without data: inputs are random, what comes out of ONNX Runtime is right."""
    model = onnx.load(str(path))
    constants = {t.name for t in model.graph.initializer}
    inputs = {v.name: random_input(v, 1) for v in model.graph.input if v.name not in constants}
    return Case(path.stem, model, inputs, [None] * len(model.graph.output))

#!/usr/bin/env python3
"""Writes a small model per operator that moves data, its inputs, and the outputs of the pinned ONNX Runtime.

usage: record.py [MODEL...]      (needs numpy, onnx, node and tests/reference/node_modules)
Each folder holds model.onnx, input_NAME.npy and expected_NAME.npy. A model applies its operator many times, each
time with other corner cases; the results of one element type are flattened and joined into one output.
"""
import itertools
import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = HERE.parents[1] / "reference"
FLOATS = ["float32", "float64"]
INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
FIRST, LAST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def onnx_type(dtype):
    return helper.mapping.NP_TYPE_TO_TENSOR_TYPE[np.dtype(dtype)]


class Model:
    def __init__(self, opset=13, samples=2):
        self.opset, self.samples, self.random = opset, samples, np.random.default_rng(1)
        self.nodes, self.constants, self.data, self.parts = [], {}, {}, {}

    def values(self, dtype, shape):
        if dtype == "bool":
            return self.random.integers(0, 2, shape).astype(bool)
        if dtype in INTEGERS:
            info = np.iinfo(dtype)
            return self.random.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
        return self.random.standard_normal(shape).astype(dtype)

    def input(self, dtype, shape, data=None):
        """A run-time input; data has the sample axis in front."""
        name = f"{dtype}_{len(self.data)}"
        data = self.values(dtype, [self.samples, *shape]) if data is None else data
        self.data[name] = np.asarray(data, dtype)
        return name

    def constant(self, value, dtype="int64"):
        name = f"k{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(np.asarray(value, dtype), name)
        return name

    def node(self, op, inputs, outputs=1, **attributes):
        names = [f"{op}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=names[0], **attributes))
        return names[0] if outputs == 1 else names

    def keep(self, dtype, names):
        """Makes these tensors part of the model's output of this element type."""
        for name in [names] if isinstance(names, str) else names:
            self.parts.setdefault(str(dtype), []).append(self.node("Reshape", [name, self.constant([-1])]))

    def apply(self, dtype, op, inputs, outputs=1, **attributes):
        self.keep(dtype, self.node(op, inputs, outputs, **attributes))

    def write(self, folder):
        folder.mkdir(exist_ok=True)
        outputs = ["y_" + dtype for dtype in self.parts]
        for output, parts in zip(outputs, self.parts.values()):
            self.nodes.append(helper.make_node("Concat", parts, [output], axis=0))
        info = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes, folder.name, [info(n, onnx_type(d.dtype), d.shape[1:]) for n, d in self.data.items()],
            [info("y_" + d, onnx_type(d), None) for d in self.parts], list(self.constants.values()))
        model = helper.make_model(graph, producer_name="onnx2mcu tests",
                                  opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        onnx.save(model, folder / "model.onnx")
        for name, data in self.data.items():
            np.save(folder / f"input_{name}.npy", data)
        job = {"model": str(folder / "model.onnx"),
               "inputs": {n: str(folder / f"input_{n}.npy") for n in self.data},
               "outputs": {y: str(folder / f"expected_{y}.npy") for y in outputs}}
        done = subprocess.run(["node", "batch.mjs"], cwd=REFERENCE, input=json.dumps(job) + "\n",
                              capture_output=True, text=True)
        status = json.loads(done.stdout)
        if status["status"] != "ok":
            sys.exit(f"{folder.name}: {status['message']}")
        total = sum(np.load(f).size for f in job["outputs"].values())
        print(f"{folder.name}: {len(self.nodes)} nodes, {total} values, {done.stderr.strip()}")


def transpose():
    m = Model()
    for dtype, shape in ("int8", [2, 3, 4]), ("float32", [2, 1, 3, 2]), ("int64", [3, 2]):
        x = m.input(dtype, shape)
        for perm in itertools.permutations(range(len(shape))):
            m.apply(dtype, "Transpose", [x], perm=perm)
    m.apply("int64", "Transpose", [x])
    x = m.input("uint8", [2, 3, 1, 2, 4])
    for perm in [4, 3, 2, 1, 0], [0, 3, 1, 4, 2], [2, 0, 1, 3, 4], [1, 0, 3, 2, 4], [0, 1, 4, 3, 2]:
        m.apply("uint8", "Transpose", [x], perm=perm)
    return m


def reshape():
    m = Model(opset=14)
    x, flat, ones = m.input("float32", [2, 3, 4]), m.input("int8", [12]), m.input("int16", [1, 3, 1, 1])
    for shape in [6, 4], [-1], [0, -1], [0, 0, -1, 1], [4, 0, 2], [1, 24, 1]:
        m.apply("float32", "Reshape", [x, m.constant(shape)])
    m.apply("float32", "Reshape", [x, m.constant([4, -1])], allowzero=1)
    for axis in range(-3, 4):
        m.apply("float32", "Flatten", [x], axis=axis)
    for shape in [3, 4], [2, -1, 2]:
        m.apply("int8", "Transpose", [m.node("Reshape", [flat, m.constant(shape)])])
    m.apply("int16", "Squeeze", [ones])
    for axes in [0], [-1, 0], [2, 3, 0]:
        m.apply("int16", "Squeeze", [ones, m.constant(axes)])
    for axes in [0], [-1, 1], [4, 0, 2]:
        m.apply("float32", "Transpose", [m.node("Unsqueeze", [x, m.constant(axes)])])
    return m


def squeeze_opset11():
    m = Model(opset=11)
    x = m.input("float32", [1, 3, 1, 2])
    for axes in dict(), dict(axes=[0]), dict(axes=[-2, 0]):
        m.apply("float32", "Transpose", [m.node("Squeeze", [x], **axes)])
    for axes in [0], [5, 0], [-1, 2]:
        m.apply("float32", "Transpose", [m.node("Unsqueeze", [x], axes=axes)])
    return m


def in_place():
    """Concat and Split of contiguous pieces: written and read in place, but for what cannot be."""
    m = Model()
    for dtype in "int8", "float32":
        x = m.input(dtype, [6, 5])
        sizes = m.constant([2, 1, 3])
        a, b, c = m.node("Split", [x, sizes], 3, axis=0)
        turned = [m.node("Transpose", [m.node("Transpose", [p], perm=[1, 0])], perm=[1, 0]) for p in (a, b, c)]
        mirrored = [m.node("Slice", [p, m.constant([-1]), m.constant([-100]), m.constant([1]), m.constant([-1])]) for p in (a, b, c)]
        joined = m.node("Concat", [mirrored[2], mirrored[0], mirrored[1]], axis=0)
        m.keep(dtype, m.node("Transpose", [joined], perm=[1, 0]))
        m.keep(dtype, mirrored[0])  # read again behind the Concat
        nested = m.node("Concat", [joined, m.constant(m.values(dtype, [2, 5]), dtype), mirrored[1], mirrored[1], x, turned[0]], axis=0)
        first, second = m.node("Split", [nested, m.constant([7, 11])], 2, axis=0)
        upper, lower = m.node("Split", [second, m.constant([4, 7])], 2, axis=0)
        for piece in first, upper, lower:
            m.keep(dtype, m.node("Transpose", [piece], perm=[1, 0]))
        m.keep(dtype, m.node("Concat", [m.node("Transpose", [lower], perm=[1, 0]), m.node("Transpose", [upper], perm=[1, 0])], axis=1))
    return m


def concat():
    m = Model()
    for dtype in "int8", "float32", "bool", "uint64":
        x = m.input(dtype, [2, 3, 4])
        for axis in 0, 1, 2, -1, -3:
            other = [2, 3, 4]
            other[axis] = 2
            k, empty = m.constant(m.values(dtype, other), dtype), list(other)
            empty[axis] = 0
            nothing = m.constant(np.zeros(empty, dtype), dtype)
            m.apply(dtype, "Concat", [x, k, nothing, x, m.input(dtype, other)], axis=axis)
            m.apply(dtype, "Concat", [nothing, x], axis=axis)
    return m


def split(opset):
    m = Model(opset)
    for dtype in "int8", "float32":
        x = m.input(dtype, [2, 6, 5])
        for axis, sizes in (0, [1, 1]), (1, [1, 3, 2]), (-1, [3, 2]), (1, [6]), (2, [0, 5]):
            if opset >= 13:
                m.apply(dtype, "Split", [x, m.constant(sizes)], len(sizes), axis=axis)
            elif 0 not in sizes:
                m.apply(dtype, "Split", [x], len(sizes), axis=axis, split=sizes)
        if opset < 18:
            m.apply(dtype, "Split", [x], 3, axis=1)
        else:  # the last piece may be smaller
            for axis, pieces in (1, 3), (2, 2), (2, 3), (-2, 1):
                m.apply(dtype, "Split", [x], pieces, axis=axis, num_outputs=pieces)
    return m


def slice_opset9():
    m = Model(opset=9)
    x = m.input("float32", [4, 5, 3])
    for attributes in (dict(starts=[1], ends=[3]), dict(starts=[-2, 1], ends=[100, -1]),
                       dict(starts=[0], ends=[LAST], axes=[2]), dict(starts=[1, 2], ends=[2, 4], axes=[2, 1]),
                       dict(starts=[3], ends=[1])):
        m.apply("float32", "Slice", [x], **attributes)
    return m


def slice_opset13():
    m = Model()
    for dtype in "int8", "float32", "bool":
        x = m.input(dtype, [4, 5, 6])
        for starts, ends, axes, steps in (
                ([1], [3], [0], [1]), ([0, 1], [4, 5], [-1, 1], [2, 3]), ([-1], [-100], [1], [-1]),
                ([5, 3], [0, -5], [2, 0], [-2, -1]), ([100], [FIRST], [2], [-3]), ([2], [LAST], [0], [-1]),
                ([3], [2 ** 31 - 1], [0], [-2]), ([2], [LAST], [0], [1]), ([-100], [100], [1], [7]),
                ([0], [1], [0], [LAST]), ([3], [0], [0], [FIRST]), ([2], [2], [1], [1])):
            m.apply(dtype, "Slice", [x, *(m.constant(v) for v in (starts, ends, axes, steps))])
        m.apply(dtype, "Slice", [x, m.constant([1, 2], "int32"), m.constant([3, 5], "int32")])
        m.apply(dtype, "Slice", [x, m.constant([1]), m.constant([3]), "", m.constant([-1])])
    return m


def pad_opset10():
    m = Model(opset=10)
    x = m.input("float32", [3, 4])
    for pads in [1, 2, 3, 0], [0, -1, 0, 2], [-3, 1, 1, 0], [0, 0, 0, 0]:
        m.apply("float32", "Pad", [x], pads=pads, value=1.5)
    for mode in "reflect", "edge":
        m.apply("float32", "Pad", [x], mode=mode, pads=[1, 3, 2, 0])
    return m


def pad_opset21():
    m = Model(opset=21)
    for dtype in "int8", "uint8", "float32", "int64":
        x, value = m.input(dtype, [2, 3, 4]), m.input(dtype, [])
        known = m.constant(m.values(dtype, []), dtype)
        for pads in ([0, 0, 1, 0, 0, 2], [1, 2, 3, 3, 2, 1], [0, 1, 0, 0, 1, 0], [0, -1, 2, 1, -1, -3],
                     [-1, 0, 0, 0, 0, 0], [0, -4, 0, 0, 3, 0], [0] * 6):
            for inputs in [], [known], [value]:
                m.apply(dtype, "Pad", [x, m.constant(pads), *inputs])
        m.apply(dtype, "Pad", [x, m.constant([1, 2, 0, 1]), "", m.constant([-1, 0])])
        mirrored = [0, 2, 3, 0, 1, 2], [1, 0, 0, 1, 0, 0], [0, -1, 1, 0, 1, -2], [0] * 6
        for mode, pads in [*itertools.product(["reflect", "edge", "wrap"], mirrored),
                           ("edge", [4, 7, 0, 0, 5, 9]), ("wrap", [1, 0, 4, 0, 7, 9])]:
            m.apply(dtype, "Pad", [x, m.constant(pads)], mode=mode)
    return m


def wild(m, dtype, count):
    """Values of all magnitudes, the ends of all integer types and their neighbours, infinities, NaN."""
    if dtype == "bool":
        return m.values(dtype, [m.samples, count])
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        values = m.values(dtype, count) >> m.random.integers(0, info.bits, count).astype(dtype)
        return np.stack([values, np.roll(values, 3)])
    ends = [v for bits in (7, 8, 15, 16, 31, 32, 63, 64) for v in (
        2.0 ** bits, -(2.0 ** bits), np.nextafter(2.0 ** bits, 0), 2.0 ** bits - 1, -(2.0 ** bits) - 1, 1.5 * 2 ** bits)]
    others = [0, -0.0, 0.5, -0.5, 0.999, -0.999, 1e-40, np.inf, -np.inf, np.nan]
    values = np.array([*ends, *others, *m.random.standard_normal(count) * 10.0 ** m.random.uniform(-2, 25, count)])
    return np.stack([m.random.permutation(values)[:count] for _ in range(m.samples)]).astype(dtype)


def cast():
    m = Model(opset=19)
    for source in FLOATS + INTEGERS + ["bool"]:
        count = 57 if source in FLOATS else 11  # not a multiple of four: the rest is converted in another way
        x = m.input(source, [count], wild(m, source, count))
        for target in FLOATS + INTEGERS + ["bool"]:
            m.apply(target, "Cast", [x], to=onnx_type(target))
    return m


def gather():
    m = Model()
    for dtype in "int8", "float32":
        x = m.input(dtype, [3, 4, 5])
        for axis, n in (0, 3), (1, 4), (-1, 5):
            shape = m.random.integers(1, 5, 2)
            random = m.random.integers(-n, n, [2, *shape])
            for indices in (m.constant(random[0]), m.constant(-1), m.constant([2, 1, 0], "int32"),
                            m.input("int64", shape, random), m.input("int32", [], random[:, 0, 0])):
                m.apply(dtype, "Gather", [x, indices], axis=axis)
                m.apply(dtype, "Gather", [m.constant(m.values(dtype, [n, 2]), dtype), indices])
            like = [3, 2, 5] if axis == 1 else [2, 3, 5]
            elements = m.random.integers(-n, n, [2, *like])
            for indices in (m.constant(elements[0]), m.input("int64", like, elements),
                            m.constant(elements[1], "int32")):
                m.apply(dtype, "GatherElements", [x, indices], axis=axis)
        for batch, length in (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (2, 1):
            shape = [[], [3], [3, 4]][batch] + [2]
            sizes = [3, 4, 5][batch:batch + length]
            tuples = np.stack([m.random.integers(-n, n, [2, *shape]) for n in sizes], -1)
            for indices in m.constant(tuples[0]), m.input("int64", tuples.shape[1:], tuples):
                m.apply(dtype, "GatherND", [x, indices], batch_dims=batch)
    return m


def expand():
    m = Model()
    for dtype in "int8", "float32", "bool":
        x, scalar = m.input(dtype, [3, 1, 2]), m.input(dtype, [])
        for shape in [3, 4, 2], [1, 1, 1], [2, 1, 5, 1], [3], [2]:
            if shape != [3]:
                m.apply(dtype, "Expand", [x, m.constant(shape)])
            m.apply(dtype, "Expand", [scalar, m.constant(shape)])
        for repeats in [1, 1, 1], [2, 1, 1], [1, 3, 1], [1, 1, 2], [2, 3, 2]:
            m.apply(dtype, "Tile", [x, m.constant(repeats)])
    return m


def where():
    m = Model(opset=16)
    for dtype in "uint8", "float32", "int64":
        full, row, column, one = (m.input(dtype, s) for s in ([2, 3, 4], [4], [3, 1], []))
        for condition in ([2, 3, 4], [3, 1], [4], [2, 1, 1], []):
            c = m.input("bool", condition)
            k = m.constant(m.values(dtype, [2, 3, 4]), dtype)
            for a, b in (full, full), (full, row), (column, full), (one, k), (row, column):
                m.apply(dtype, "Where", [c, a, b])
        m.apply(dtype, "Where", [m.constant([True, False, False, True], "bool"), full, one])
    return m


def depth_to_space():
    m = Model()
    x = m.input("float32", [2, 12, 6, 4])
    for mode in "DCR", "CRD":
        m.apply("float32", "DepthToSpace", [x], blocksize=2, mode=mode)
    for block in 1, 2:
        m.apply("float32", "SpaceToDepth", [x], blocksize=block)
    return m


def shape_arithmetic():
    """All of it folds: nothing but the Reshapes and Transposes of x remains."""
    m = Model(opset=15)
    x = m.input("float32", [2, 6, 4, 5])
    number = m.constant
    shape = m.node("Shape", [x])
    dim = lambda i: m.node("Gather", [shape, number(i)])
    listed = lambda v: m.node("Unsqueeze", [v, number([0])])
    flat = m.node("Concat", [listed(dim(0)), number([-1])], axis=0)
    m.apply("float32", "Transpose", [m.node("Reshape", [x, flat])])
    # Channel shuffle.
    half = m.node("Div", [m.node("Sub", [m.node("Add", [dim(1), number(1)]), number(1)]), number(2)])
    image = m.node("Slice", [shape, number([2]), number([4])])
    groups = m.node("Concat", [listed(dim(0)), number([2]), listed(m.node("Mul", [half, number(1)])), image], axis=0)
    shuffled = m.node("Transpose", [m.node("Reshape", [x, groups])], perm=[0, 2, 1, 3, 4])
    m.apply("float32", "Transpose", [m.node("Reshape", [shuffled, shape])])
    # PyTorch's expand: -1 keeps a dimension.
    wish = number([2, -1, -1, 5])
    ones = m.node("ConstantOfShape", [m.node("Shape", [wish])], value=numpy_helper.from_array(np.array([1])))
    unknown = m.node("Equal", [wish, m.node("Mul", [ones, number(-1)])])
    row = m.node("Slice", [x, number([0, 0]), number([1, 1]), number([1, 2])])
    m.apply("float32", "Expand", [row, m.node("Where", [unknown, number([1]), wish])])
    # Sizes computed in float.
    real = m.node("Mul", [m.node("Cast", [shape], to=1), m.constant([1, 1, 0.5, 0.4], "float32")])
    scaled = m.node("Cast", [m.node("Floor", [real])], to=7)
    m.apply("float32", "Slice", [x, number([0, 0, 0, 0]), scaled])
    for start, end in (0, 4), (-3, -1), (2, 100), (3, 1):
        m.apply("int64", "Shape", [x], start=start, end=end)
    m.apply("int64", "Size", [x])
    ranges = (0, 10, 3), (10, 4, -2), (0, 1, 0.1), (-1, 1, 0.03), (3, 3, 1)
    for dtype, (start, limit, delta) in itertools.product(["float32", "float64", "int32", "int64"], ranges):
        if int(delta) == delta or dtype in FLOATS:
            m.apply(dtype, "Range", [m.constant(v, dtype) for v in (start, limit, delta)])
    for dtype in "float32", "bool", "uint8":
        one = numpy_helper.from_array(np.array([1]).astype(dtype))
        m.apply(dtype, "ConstantOfShape", [number([2, 3])], value=one)
    halves = m.random.integers(0, 65536, 500).astype(np.uint16).view(np.float16)
    m.apply("float32", "Cast", [m.constant(halves[~np.isnan(halves)], "float16")], to=1)
    for source in FLOATS:
        values = m.random.standard_normal(500) * 10.0 ** m.random.uniform(-9, 6, 500)
        m.apply("float32", "Cast", [m.node("Cast", [m.constant(values, source)], to=10)], to=1)
    return m


def constants():
    """Element-wise operators on constants."""
    m = Model(opset=16)
    m.apply("float32", "Identity", [m.input("float32", [1])])
    for dtype in FLOATS + ["int32", "int64"]:
        a, b = m.values(dtype, [3, 1, 4]), m.values(dtype, [2, 1])
        if dtype in FLOATS:
            a[0, 0], b[0, 0] = [np.nan, np.inf, -0.0, 0.5], -0.5
        else:
            a[0, 0], b[0, 0] = [-7, 7, 0, 3], -3
        modulo = {"fmod": 1} if dtype in FLOATS else {}
        for x, y in itertools.permutations([m.constant(a, dtype), m.constant(b, dtype)]):
            for op in "Add", "Sub", "Mul", "Min", "Max":
                m.apply(dtype, op, [x, y])
            for op in "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual":
                m.apply("bool", op, [x, y])
        for op, attributes in ("Div", {}), ("Mod", modulo), ("Mod", {"fmod": 1}):
            m.apply(dtype, op, [m.constant(a, dtype), m.constant(b, dtype)], **attributes)
        for op in ["Neg", "Abs", "Sign"] + (["Floor", "Ceil", "Round", "Sqrt"] if dtype == "float32" else []):
            m.apply(dtype, op, [m.constant(a, dtype)])
    p, q = m.constant([True, False], "bool"), m.constant([[True], [False]], "bool")
    for op in "And", "Or", "Xor":
        m.apply("bool", op, [p, q])
    m.apply("bool", "Not", [p])
    m.apply("int64", "Max", [m.constant([1, 5]), m.constant([[3], [4]]), m.constant(2)])
    return m


def select():
    m = Model(opset=18)
    small = lambda dtype, shape: m.random.integers(0, 5, [2, *shape]).astype(dtype)  # many ties
    for dtype in "float32", "int32", "int64":
        x = m.input(dtype, [3, 4, 5], small(dtype, [3, 4, 5]))
        for axis, k in (0, 2), (1, 4), (-1, 3):
            for largest in 0, 1:
                values, indices = m.node("TopK", [x, m.constant([k])], 2, axis=axis, largest=largest)
                m.keep(dtype, values)
                m.keep("int64", indices)
        for axis in range(3):
            for exclusive, reverse in itertools.product((0, 1), (0, 1)):
                m.apply(dtype, "CumSum", [x, m.constant(axis)], exclusive=exclusive, reverse=reverse)
        for k in -3, -1, 0, 2, 9:
            for upper in 0, 1:
                m.apply(dtype, "Trilu", [x, m.constant(k)], upper=upper)
    for dtype in "float32", "int64", "int32":
        x, row = m.input(dtype, [4, 5]), m.input(dtype, [4, 2])
        for reduction in "none", "add", "mul", "min", "max":
            if dtype != "int32" or reduction == "none":
                where = m.input("int64", [4, 2], m.random.permuted(np.tile(np.arange(-5, 5) % 5 - 5, (8, 1)), axis=1)[:, :2].reshape(2, 4, 2))
                m.apply(dtype, "ScatterElements", [x, where, row], axis=1, reduction=reduction)
                m.apply(dtype, "ScatterElements", [x, m.constant([[0, 1], [2, 3]]), m.constant(m.values(dtype, [2, 2]), dtype)], reduction=reduction)
                m.apply(dtype, "ScatterND", [x, m.constant([[1], [-2]]), m.input(dtype, [2, 5])], reduction=reduction)
                m.apply(dtype, "ScatterND", [x, m.constant([[1, 2], [0, -1], [3, 3]]), m.input(dtype, [3])], reduction=reduction)
    for axis in 0, 1, -1:
        indices = m.input("int64", [2, 3], m.random.integers(-6, 7, [2, 2, 3]))
        m.apply("float32", "OneHot", [indices, m.constant(5), m.constant([-1, 2.5], "float32")], axis=axis)
        m.apply("int64", "OneHot", [indices, m.constant([4]), m.constant([7, 9])], axis=axis)
    return m


def branches():
    """If with a condition known at compile time: a constant, or made of shapes; values from outside, constants of a branch, several outputs, one If in another, the same names in both branches."""
    m = Model(opset=13)
    x = m.input("float32", [2, 3, 4])

    def branch(nodes, outputs, constants=()):
        made = [helper.make_node(op, inputs, [y], **attributes) for op, inputs, y, attributes in nodes]
        return helper.make_graph(made, "branch", [], [helper.make_tensor_value_info(y, onnx_type("float32"), None) for y in outputs],
                                 [numpy_helper.from_array(np.asarray(v), n) for n, v in constants])

    def choose(condition, then_branch, else_branch, outputs=1):
        m.keep("float32", m.node("If", [condition], outputs, then_branch=then_branch, else_branch=else_branch))

    axis = ("axis", np.array([1], np.int64))
    negated = branch([("Neg", [x], "z", {})], ["z"])
    same = branch([("Identity", [x], "z", {})], ["z"])
    extent = m.node("Gather", [m.node("Shape", [x]), m.constant(1)], axis=0)
    is_one = m.node("Equal", [extent, m.constant(1)])
    choose(is_one, negated, same)
    choose(m.node("Not", [is_one]), same, negated)
    one = m.node("Unsqueeze", [m.input("float32", [4]), m.constant([1])])
    is_one = m.node("Equal", [m.node("Gather", [m.node("Shape", [one]), m.constant(1)], axis=0), m.constant(1)])
    choose(is_one, branch([("Squeeze", [one, "axis"], "z", {}), ("Neg", ["z"], "y", {})], ["y"], [axis]), branch([("Identity", [one], "y", {})], ["y"]))
    outside = m.node("Exp", [x])
    choose(m.constant(True, "bool"), branch([("Add", [x, outside], "a", {}), ("Mul", ["a", "two"], "b", {})], ["b", "a"], [("two", np.float32(2))]),
           branch([("Sub", [x, outside], "a", {}), ("Sub", [outside, x], "b", {})], ["a", "b"]), outputs=2)
    inner = helper.make_node("If", ["no"], ["w"], then_branch=branch([("Neg", ["v"], "u", {})], ["u"]), else_branch=branch([("Abs", ["v"], "u", {})], ["u"]))
    nested = branch([("Sub", [outside, x], "v", {})], ["w"], [("no", np.array(False))])
    nested.node.append(inner)
    choose(m.constant([False], "bool"), branch([("Neg", [x], "w", {})], ["w"]), nested)
    return m


def repetitions(opset):
    """Loop and Scan: states, values and constants from outside, collected slices along other axes and backwards, one inside the other, an If that looks at the number of the iteration, fused operators at the border of the body."""
    m = Model(opset=opset)
    info, number = helper.make_tensor_value_info, iter(range(99))

    def body(inputs, nodes, outputs, constants=()):
        types, shapes = {"i": "int64", "go": "bool", "on": "bool"}, {"i": [], "go": [], "on": [], "v": [3], "all": [2, 3]}
        made = [helper.make_node(op, given, [y], name=f"{y}_{next(number)}", **attributes) for op, given, y, attributes in nodes]
        ports = [[info(v, onnx_type(types.get(v, "float32")), shapes.get(v)) for v in names] for names in (inputs, outputs)]
        return helper.make_graph(made, "body", *ports, [numpy_helper.from_array(np.asarray(v), n) for n, v in constants])

    x, w = m.input("float32", [2, 3]), m.constant(m.values("float32", [3, 3]), "float32")
    outside = m.node("Exp", [x])
    on = ("Identity", ["go"], "on", {})
    steps, true = m.constant(4), m.constant(True, "bool")
    step = body(["i", "go", "s"], [on, ("MatMul", ["s", w], "p", {}), ("Add", ["p", outside], "a", {}), ("Tanh", ["a"], "t", {}), ("Cast", ["i"], "f", {"to": 1}), ("Mul", ["t", "f"], "c", {})], ["on", "t", "c"])
    m.keep("float32", m.node("Loop", [steps, true, x], 2, body=step))
    border = body(["i", "go", "s", "r"], [("Add", ["s", "k"], "a", {}), ("MatMul", ["a", w], "t", {}), ("Neg", ["r"], "u", {})], ["go", "t", "u"], [("k", m.values("float32", [3]))])
    m.keep("float32", m.node("Add", [m.node("Loop", [steps, "", m.node("MatMul", [x, w]), outside], 2, body=border)[0], m.constant(m.values("float32", [3]), "float32")]))
    counted = body(["i", "go"], [on, ("Gather", [x, "i"], "row", {"axis": 0})], ["on", "row"])
    m.keep("float32", m.node("Loop", [m.constant([2]), ""], 1, body=counted))
    first = body(["i", "go", "s"], [on, ("Equal", ["i", "nought"], "first", {})], ["on", "t"], [("nought", np.int64(0))])
    first.node.append(helper.make_node("If", ["first"], ["t"], name="if", then_branch=body([], [("Mul", ["s", outside], "t1", {})], ["t1"]), else_branch=body([], [("Sub", ["s", outside], "t2", {})], ["t2"])))
    m.keep("float32", m.node("Loop", [steps, true, x], 1, body=first))
    m.keep("float32", m.node("Loop", [m.constant(0), true, x], 1, body=body(["i", "go", "s"], [on, ("Neg", ["s"], "t", {})], ["on", "t"])))

    inner = body(["i", "go", "q"], [on, ("Add", ["q", "s"], "n", {}), ("Abs", ["n"], "e", {})], ["on", "n", "e"])
    odd = helper.make_node("If", ["odd"], ["v"], then_branch=body([], [("Neg", ["t"], "v1", {})], ["v1"]), else_branch=body([], [("Identity", ["t"], "v2", {})], ["v2"]))
    outer = body(["h", "s"], [("Add", ["h", "s"], "t", {}), ("Constant", [], "two", {"value": numpy_helper.from_array(np.array(2, np.int64))})], ["v", "all"])
    outer.node.append(helper.make_node("Loop", ["two", "", "t"], ["last", "all"], name="inner", body=inner))
    outer.node.append(helper.make_node("Greater", ["zero", "one"], ["odd"], name="greater"))
    outer.node.append(odd)
    outer.initializer.extend([numpy_helper.from_array(np.float32(0), "zero"), numpy_helper.from_array(np.float32(1), "one")])
    m.keep("float32", m.node("Scan", [m.constant(np.zeros(3), "float32"), x], 2, body=outer, num_scan_inputs=1))
    y = m.input("float32", [3, 2, 4])
    both = body(["s", "u", "b"], [("Mul", ["u", "b"], "p", {}), ("Add", ["s", "p"], "t", {}), ("Sub", ["t", "u"], "d", {}), ("Neg", ["t"], "e", {})], ["t", "e", "d"])
    m.keep("float32", m.node("Scan", [m.constant(np.ones((3, 4)), "float32"), y, m.node("Transpose", [y], perm=[1, 0, 2])], 3, body=both, num_scan_inputs=2,
                             scan_input_axes=[-2, 0], scan_input_directions=[1, 0], scan_output_axes=[1, 0], scan_output_directions=[0, 1]))
    return m


def sequences():
    """ReverseSequence along both axes, with lengths of nothing, one, some and all; EyeLike; NonZero of constants."""
    m = Model()
    for dtype, shape in ("float32", [4, 3, 2]), ("int8", [3, 5]), ("int64", [1, 4, 3]):
        x = m.input(dtype, shape)
        for time_axis in 0, 1:
            time, batch = shape[time_axis], shape[1 - time_axis]
            m.apply(dtype, "ReverseSequence", [x, m.constant(m.random.integers(0, time + 1, batch))], time_axis=time_axis, batch_axis=1 - time_axis)
            m.apply(dtype, "ReverseSequence", [x, m.constant([time] * batch)], time_axis=time_axis, batch_axis=1 - time_axis)
    x = m.input("float32", [3, 4])
    for k in 0, 1, -2, 3, -3, 9, -9:
        m.apply("float32", "EyeLike", [x], k=k)
    m.keep("int64", m.node("EyeLike", [x], dtype=7))
    m.apply("int64", "NonZero", [m.constant([[0, 1, 0], [2, 0, -3]])])
    m.apply("int64", "NonZero", [m.constant([True, False, True], "bool")])
    return m


MODELS = {
    "sequences": sequences,
    "branches": branches, "repetitions_opset11": lambda: repetitions(11), "repetitions": lambda: repetitions(13),
    "transpose": transpose, "reshape": reshape, "squeeze_opset11": squeeze_opset11, "concat": concat, "in_place": in_place,
    "split_opset11": lambda: split(11), "split_opset13": lambda: split(13), "split_opset18": lambda: split(18),
    "slice_opset9": slice_opset9, "slice_opset13": slice_opset13, "pad_opset10": pad_opset10,
    "pad_opset21": pad_opset21, "cast": cast, "gather": gather, "expand": expand, "where": where,
    "select": select, "depth_to_space": depth_to_space, "shape_arithmetic": shape_arithmetic, "constants": constants,
}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or MODELS:
        MODELS[wanted]().write(HERE / wanted)

"""Mutations of shapes: swapped, changed, huge and empty dimensions of inputs, initializers and results."""
import numpy as np
from onnx import TensorProto, helper

from mutation_tools import HUGE, array_of, edge, initializers, pick, replace


def input_dims(m):
    return [(v, d) for v in m.graph.input for d in v.type.tensor_type.shape.dim]


def swap_input_dims(rng, m):
    v = pick(rng, [v for v in m.graph.input if len(v.type.tensor_type.shape.dim) > 1])
    if v is None:
        return None
    dims = v.type.tensor_type.shape.dim
    i, j = rng.choice(len(dims), 2, replace=False)
    a, b = dims[i].dim_value, dims[j].dim_value
    dims[i].dim_value, dims[j].dim_value = b, a
    return f"input {v.name}: dimensions {i} and {j} swapped"


def nudge_input_dim(rng, m):
    v, d = pick(rng, input_dims(m)) or (None, None)
    if d is None:
        return None
    d.dim_value = max(1, int(d.dim_value + rng.integers(-2, 3))) if rng.random() < 0.7 else int(d.dim_value * 2)
    return f"input {v.name}: a dimension is {d.dim_value}"


def odd_input_dim(rng, m):
    v, d = pick(rng, input_dims(m)) or (None, None)
    if d is None:
        return None
    kind = rng.integers(4)
    if kind == 0:
        d.Clear()
        d.dim_param = pick(rng, ["N", "batch", "", 'a"b'])
    elif kind == 1:
        d.dim_value = edge(rng)
    elif kind == 2:
        v.type.tensor_type.ClearField("shape")
    else:
        v.type.tensor_type.shape.dim.add().dim_value = int(rng.integers(1, 3))
    return f"input {v.name}: shape kind {kind}"


def huge_input(rng, m):
    v = pick(rng, list(m.graph.input))
    if v is None:
        return None
    for d in v.type.tensor_type.shape.dim:
        if rng.random() < 0.5:
            d.dim_value = pick(rng, HUGE)
    return f"input {v.name}: huge dimensions"


def huge_initializer(rng, m):
    t = pick(rng, initializers(m))
    if t is None:
        return None
    if not t.dims:
        t.dims.append(1)
    t.dims[int(rng.integers(len(t.dims)))] = edge(rng) if rng.random() < 0.5 else pick(rng, HUGE)
    return f"initializer {t.name}: dims {list(t.dims)}"


def swap_initializer_dims(rng, m):
    t = pick(rng, initializers(m, lambda t: len(t.dims) > 1))
    if t is None:
        return None
    i, j = (int(x) for x in rng.choice(len(t.dims), 2, replace=False))
    t.dims[i], t.dims[j] = t.dims[j], t.dims[i]
    return f"initializer {t.name}: dims {list(t.dims)}"


def resize_initializer(rng, m):
    """Another shape with data that fits it: what is wrong is only seen by the operator, or nothing is."""
    t = pick(rng, initializers(m))
    a = None if t is None else array_of(t)
    if a is None or a.size > 100_000:
        return None
    shape = list(a.shape)
    kind = rng.integers(4)
    if kind == 0 and shape:
        shape[int(rng.integers(len(shape)))] += int(rng.integers(-1, 2))
    elif kind == 1:
        shape.insert(int(rng.integers(len(shape) + 1)), 1)
    elif kind == 2 and shape:
        shape.pop(int(rng.integers(len(shape))))
    else:
        shape = [max(a.size, 1)]
    replace(t, np.resize(a, [max(0, s) for s in shape]))
    return f"initializer {t.name}: shape {shape}"


def huge_result(rng, m):
    """A node whose result is far larger than its inputs."""
    x = pick(rng, [v.name for v in m.graph.input] + [o for n in m.graph.node for o in n.output])
    big = pick(rng, [[2**40], [65536, 65536], [1, 2**62, 4], [2**31 - 1], [10**9, 10**9, 10**9], [1 << 20, 1 << 12], [-2**63, 2]])
    shape = helper.make_tensor("huge_shape", TensorProto.INT64, [len(big)], big)
    kind = rng.integers(4)
    m.graph.initializer.append(shape)
    if kind == 0:
        node = helper.make_node("ConstantOfShape", ["huge_shape"], ["huge"])
    elif kind == 1:
        node = helper.make_node(pick(rng, ["Expand", "Reshape", "Tile"]), [x, "huge_shape"], ["huge"])
    elif kind == 2:
        m.graph.initializer.append(helper.make_tensor("zero", TensorProto.INT64, [], [0]))
        m.graph.initializer.append(helper.make_tensor("far", TensorProto.INT64, [], [pick(rng, [2**62, 2**63 - 1, 2**33])]))
        m.graph.initializer.append(helper.make_tensor("step", TensorProto.INT64, [], [pick(rng, [1, -1, 0, -2**63])]))
        node = helper.make_node("Range", ["zero", "far", "step"], ["huge"])
    else:
        m.graph.initializer.append(helper.make_tensor("huge_pads", TensorProto.INT64, [8], [int(edge(rng)) for _ in range(8)]))
        node = helper.make_node("Pad", [x, "huge_pads"], ["huge"])
    m.graph.node.append(node)
    m.graph.output.append(helper.make_empty_tensor_value_info("huge"))
    return f"{node.op_type} of {big}"

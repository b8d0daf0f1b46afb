"""Mutations of attributes, element types and opsets."""
import numpy as np
from onnx import AttributeProto, helper, numpy_helper

from mutation_tools import SCALES, array_of, edge, initializers, pick, replace


def attribute(rng, m, keep=lambda a: True):
    return pick(rng, [(n, a) for n in m.graph.node for a in n.attribute if keep(a)]) or (None, None)


def attribute_type(rng, m):
    n, a = attribute(rng, m)
    if a is None:
        return None
    name = a.name
    kind = rng.integers(7)
    if kind == 6:
        a.type = int(rng.integers(0, 16))
    else:
        a.CopyFrom(helper.make_attribute(name, [3, 1.5, "text", [1, 2], [1.5], numpy_helper.from_array(np.zeros(2, np.float32))][kind]))
    return f"node {n.name}: attribute {name} has another type"


def attribute_value(rng, m):
    n, a = attribute(rng, m)
    if a is None:
        return None
    small = lambda: int(rng.integers(-1, 5))  # noqa: E731
    value = small() if rng.random() < 0.6 else edge(rng)
    if a.type == AttributeProto.INTS and a.ints:
        a.ints[int(rng.integers(len(a.ints)))] = value
    elif a.type == AttributeProto.INT:
        a.i = value
    elif a.type == AttributeProto.FLOAT:
        a.f = pick(rng, SCALES)
    elif a.type == AttributeProto.STRING:
        a.s = pick(rng, [b"SAME_UPPER", b"SAME_LOWER", b"VALID", b"NOTSET", b"\xff", b"", b"linear"])
    else:
        return None
    return f"node {n.name}: attribute {a.name} = {helper.get_attribute_value(a)!r:.60}"


def negative_pads(rng, m):
    n, a = attribute(rng, m, lambda a: a.name == "pads" and len(a.ints))
    if a is None:
        return None
    for i in range(len(a.ints)):
        if rng.random() < 0.5:
            a.ints[i] = int(rng.integers(-3, 3))
    return f"node {n.name}: pads {list(a.ints)}"


def attributes(rng, m):
    n, a = attribute(rng, m)
    kind = rng.integers(4)
    if a is None:
        return None
    if kind == 0:
        n.attribute.remove(a)
    elif kind == 1:
        n.attribute.add().CopyFrom(a)
    elif kind == 2:
        n.attribute.append(helper.make_attribute(pick(rng, ["unknown", "axis", "strides", "pads", "dilations", "alpha", "channels_last", "computed_weights", "auto_pad"]), pick(rng, [1, 0, -1, [2, 2], "SAME_UPPER"])))
    elif len(a.ints):
        if rng.random() < 0.5:
            a.ints.append(1)
        else:
            a.ints.pop()
    return f"node {n.name}: attributes, kind {kind}"


def initializer_type(rng, m):
    t = pick(rng, initializers(m))
    if t is None:
        return None
    if rng.random() < 0.4:
        t.data_type = int(rng.integers(0, 26)) if rng.random() < 0.9 else edge(rng) % 2**31
        return f"initializer {t.name}: declared as type {t.data_type}"
    a = array_of(t)
    if a is None:
        return None
    with np.errstate(all="ignore"):
        replace(t, a.astype(pick(rng, [np.float32, np.float64, np.int8, np.uint8, np.int32, np.int64, np.float16, np.uint16, np.int16, bool])))
    return f"initializer {t.name}: converted to type {t.data_type}"


def input_type(rng, m):
    v = pick(rng, list(m.graph.input))
    if v is None:
        return None
    v.type.tensor_type.elem_type = int(rng.integers(0, 25))
    return f"input {v.name}: type {v.type.tensor_type.elem_type}"


def opset(rng, m):
    for o in m.opset_import:
        if o.domain in ("", "ai.onnx"):
            o.version = pick(rng, list(range(5, 28)) + [0, -1, 2**62])
            return f"opset {o.version}"
    return None

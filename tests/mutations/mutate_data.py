"""Mutations of quantization parameters, data and where they are, and of names."""
import numpy as np
from onnx import TensorProto

from mutate_graph import any_node, values
from mutation_tools import HOSTILE, SCALES, array_of, initializers, parameters, pick, rename, replace


def bad_scale(rng, m):
    t = pick(rng, parameters(m, 1))
    a = None if t is None else array_of(t)
    if a is None or a.dtype != np.float32 or not a.size:
        return None
    a = a.copy()
    a.reshape(-1)[int(rng.integers(a.size))] = pick(rng, SCALES)
    replace(t, a)
    return f"scale {t.name}: {a.reshape(-1)[:4]}"


def other_scale(rng, m):
    t = pick(rng, parameters(m, 1))
    a = None if t is None else array_of(t)
    if a is None or a.dtype != np.float32:
        return None
    replace(t, (a * np.exp(rng.normal(0, 1.0, a.shape))).astype(np.float32))
    return f"scale {t.name}: multiplied"


def zero_point(rng, m):
    t = pick(rng, parameters(m, 2))
    a = None if t is None else array_of(t)
    if a is None or a.dtype.kind not in "iu":
        return None
    low, high = np.iinfo(a.dtype).min, np.iinfo(a.dtype).max
    replace(t, np.array(rng.integers(low, high, a.shape, endpoint=True), a.dtype) if rng.random() < 0.7 else np.full(a.shape, pick(rng, [low, high, 0]), a.dtype))
    return f"zero point {t.name}: changed"


def new_data(rng, m):
    t = pick(rng, initializers(m))
    a = None if t is None else array_of(t)
    if a is None or not a.size or a.dtype.kind not in "iuf":
        return None
    if a.dtype.kind == "f":
        kind = rng.integers(3)
        b = rng.normal(0, 1, a.shape) if kind == 0 else a * pick(rng, [1e-30, 1e10, -1, 0, 3e38]) if kind == 1 else np.where(rng.random(a.shape) < 0.05, pick(rng, [np.nan, np.inf, -np.inf, -0.0]), a)
    elif a.dtype.itemsize == 8:
        b = a + rng.integers(-1, 2, a.shape)
    else:
        info = np.iinfo(a.dtype)
        b = rng.integers(info.min, info.max, a.shape, endpoint=True) if rng.random() < 0.6 else np.full(a.shape, pick(rng, [info.min, info.max, 0]))
    with np.errstate(all="ignore"):
        replace(t, b.astype(a.dtype))
    return f"initializer {t.name}: new values"


def raw_data(rng, m):
    t = pick(rng, initializers(m, lambda t: t.HasField("raw_data") and len(t.raw_data)))
    if t is None:
        return None
    kind = rng.integers(4)
    if kind == 0:
        t.raw_data = t.raw_data[: int(rng.integers(len(t.raw_data)))]
    elif kind == 1:
        t.raw_data = t.raw_data + b"\0" * int(rng.integers(1, 9))
    elif kind == 2:
        t.float_data.extend([1.0, 2.0])
    else:
        t.ClearField("raw_data")
    return f"initializer {t.name}: raw data, kind {kind}"


LOCATIONS = ["../outside.bin", "/etc/passwd", "", "weights.bin", "a/../../outside.bin", "link.bin", "/dev/zero", ".", "nothing.bin", "weights.bin\0", "//etc/passwd", "https://example.org/x"]


def external_data(rng, m):
    t = pick(rng, initializers(m, lambda t: t.HasField("raw_data")))
    if t is None:
        return None
    size = len(t.raw_data)
    t.ClearField("raw_data")
    t.data_location = TensorProto.EXTERNAL
    entries = [("location", pick(rng, LOCATIONS)), ("offset", pick(rng, ["0", "0", "64", "-1", "18446744073709551615", "9223372036854775807", "x", ""])),
               ("length", pick(rng, [str(size), str(size), "0", "-5", str(2**63), "1e3"]))]
    for key, value in entries[: int(rng.integers(1, 4))]:
        t.external_data.add(key=key, value=value)
    return f"initializer {t.name}: external data {entries[0][1]!r}"


def hostile_name(rng, m):
    name, kind = pick(rng, HOSTILE), rng.integers(6)
    if kind == 0:
        any_node(rng, m).name = name
    elif kind == 1:
        for n in m.graph.node:
            n.name = name
    elif kind == 2:
        rename(m, pick(rng, values(m)), name)
    elif kind == 3:
        m.graph.name = name
    elif kind == 4 and m.graph.input:
        rename(m, m.graph.input[0].name, name)
    else:
        rename(m, m.graph.output[0].name, name)
    return f"a name is {name[:20]!r}, kind {kind}"

"""What the mutations share: odd values, and access to parts of a model."""
import numpy as np
from onnx import numpy_helper

HOSTILE = ['a"b', "a\nb", "*/ int x; /*", "??/", "class", "a\\", "größe ✓", "../../etc/passwd", "\u202e", "@name@", "", "x" * 5000, "%s%n", "#include", "//", "a;b",
           "network", "Model", "onnx2mcu", "R\"(", ")\"", "\x00", "\x7f", "layers", "$(rm)", "NULL", "run"]
EDGES = [0, 1, 2, 3, 7, -1, -2, -100, 255, 65536, 2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1, -2**31, -2**63]
HUGE = [2**31 - 1, 2**31, 2**32 + 1, 2**40, 2**62, 2**63 - 1, 65536, 10**6]
SCALES = [0.0, -0.0, -0.01, float("nan"), float("inf"), float("-inf"), 1e-45, 1e-38, 3e38, 1e-20, 1e20, 1.0, 0.5, 0.007]


def pick(rng, options):
    return options[int(rng.integers(len(options)))] if len(options) else None


def edge(rng):
    return pick(rng, EDGES)


def initializers(m, keep=lambda t: True):
    return [t for t in m.graph.initializer if keep(t)]


def replace(tensor, array):
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), tensor.name))


def array_of(t):
    try:
        return numpy_helper.to_array(t)
    except (ValueError, TypeError, KeyError, OSError):
        return None


def parameters(m, at):
    """Initializers that are input `at` of QuantizeLinear or DequantizeLinear: 1 the scales, 2 the zero points."""
    names = {n.input[at] for n in m.graph.node if n.op_type in ("QuantizeLinear", "DequantizeLinear") and len(n.input) > at}
    for n in m.graph.node:  # QLinearConv and its kin: name ends tell as well as positions do
        if n.op_type.startswith("QLinear"):
            names |= {i for i in n.input if i.endswith("scale" if at == 1 else "zero_point")}
    return initializers(m, lambda t: t.name in names)


def rename(m, old, new):
    for n in m.graph.node:
        for names in (n.input, n.output):
            for i, name in enumerate(names):
                if name == old:
                    names[i] = new
    for values in (m.graph.input, m.graph.output, m.graph.initializer, m.graph.value_info):
        for v in values:
            if v.name == old:
                v.name = new

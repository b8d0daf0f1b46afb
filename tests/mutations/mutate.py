"""Structured mutations of ONNX models. Each function takes a random generator and a model, changes the model, and returns
what it did, or None if the model has nothing of that kind. MUTATIONS lists them all."""
import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

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


# Shapes ----------------------------------------------------------------------------------------------------------------


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


# Graph -----------------------------------------------------------------------------------------------------------------


def values(m):
    return [v.name for v in m.graph.input] + [t.name for t in m.graph.initializer] + [o for n in m.graph.node for o in n.output]


def any_node(rng, m):
    return pick(rng, list(m.graph.node))


def drop_input(rng, m):
    n = pick(rng, [n for n in m.graph.node if n.input])
    if n is None:
        return None
    i = int(rng.integers(len(n.input)))
    if rng.random() < 0.5:
        n.input[i] = ""
    else:
        del n.input[i]
    return f"node {n.name}: input {i} dropped"


def add_input(rng, m):
    n = any_node(rng, m)
    n.input.append(pick(rng, values(m)))
    return f"node {n.name}: reads {n.input[-1]} too"


def rewire_input(rng, m):
    n = pick(rng, [n for n in m.graph.node if n.input])
    i = int(rng.integers(len(n.input)))
    n.input[i] = pick(rng, values(m) + ["nowhere"])
    return f"node {n.name}: input {i} is {n.input[i]}"


def swap_inputs(rng, m):
    n = pick(rng, [n for n in m.graph.node if len(n.input) > 1])
    if n is None:
        return None
    i, j = (int(x) for x in rng.choice(len(n.input), 2, replace=False))
    n.input[i], n.input[j] = n.input[j], n.input[i]
    return f"node {n.name}: inputs {i} and {j} swapped"


def cycle(rng, m):
    first = int(rng.integers(len(m.graph.node)))
    later = m.graph.node[int(rng.integers(first, len(m.graph.node)))]
    if not m.graph.node[first].input or not later.output:
        return None
    m.graph.node[first].input[0] = later.output[0]
    return f"node {first} reads {later.output[0]}, made later"


def duplicate_name(rng, m):
    kind = rng.integers(4)
    n, other = any_node(rng, m), any_node(rng, m)
    if kind == 0 and n.output and other.output:
        n.output[0] = other.output[0]
    elif kind == 1 and m.graph.initializer:
        m.graph.initializer.add().CopyFrom(pick(rng, initializers(m)))
    elif kind == 2:
        n.name = other.name
    else:
        m.graph.output.add().CopyFrom(pick(rng, list(m.graph.output)))
    return f"a name twice, kind {kind}"


def drop_node(rng, m):
    i = int(rng.integers(len(m.graph.node)))
    bridge = rng.random() < 0.6
    n = m.graph.node[i]
    if bridge and n.input and n.output:
        for other in m.graph.node:
            for k, name in enumerate(other.input):
                if name == n.output[0]:
                    other.input[k] = n.input[0]
    text = f"node {n.name} ({n.op_type}) dropped{', bridged' if bridge else ''}"
    del m.graph.node[i]
    return text


def reorder_nodes(rng, m):
    if len(m.graph.node) < 2:
        return None
    i, j = (int(x) for x in rng.choice(len(m.graph.node), 2, replace=False))
    a, b = onnx.NodeProto(), onnx.NodeProto()
    a.CopyFrom(m.graph.node[i])
    b.CopyFrom(m.graph.node[j])
    m.graph.node[i].CopyFrom(b)
    m.graph.node[j].CopyFrom(a)
    return f"nodes {i} and {j} swapped"


UNARY = "Relu Sigmoid Tanh Abs Neg Exp Sqrt Identity LeakyRelu Elu Softmax HardSigmoid Softplus Floor Sign Flatten Erf Log Not Cast Transpose".split()


def change_operator(rng, m):
    n = any_node(rng, m)
    old = n.op_type
    kinds = UNARY if len(n.input) == 1 else "Add Sub Mul Div Max Min Pow Concat MatMul Gemm Conv Reshape PRelu Where Equal QLinearAdd NoSuchOp".split()
    n.op_type = pick(rng, kinds)
    if rng.random() < 0.05:
        n.domain = pick(rng, ["com.microsoft", "onnx2mcu", "x.y", "ai.onnx.ml"])
    return f"node {n.name}: {old} becomes {n.domain}.{n.op_type}"


def insert_node(rng, m):
    """An operator on the way of a value: mostly a valid model that means something else."""
    i = int(rng.integers(len(m.graph.node)))
    n = m.graph.node[i]
    if not n.input or n.input[0] not in [v.name for v in m.graph.input] + [o for k in m.graph.node for o in k.output]:
        return None
    op = pick(rng, UNARY[:12])
    x = n.input[0]
    n.input[0] = "inserted_value"
    new = helper.make_node(op, [x], ["inserted_value"], "inserted")
    nodes = list(m.graph.node)
    copies = [onnx.NodeProto.FromString(k.SerializeToString()) for k in nodes[:i]] + [new] + [onnx.NodeProto.FromString(k.SerializeToString()) for k in nodes[i:]]
    del m.graph.node[:]
    m.graph.node.extend(copies)
    return f"{op} inserted before node {i}"


def empty_value(rng, m):
    """A Slice that leaves nothing, on the way of a value."""
    i = int(rng.integers(len(m.graph.node)))
    n = m.graph.node[i]
    k = int(rng.integers(len(n.input))) if n.input else 0
    if not n.input or not n.input[k]:
        return None
    axis = int(rng.integers(4)) if rng.random() < 0.5 else 0
    for name, value in (("empty_begin", 0), ("empty_axis", axis)):
        m.graph.initializer.append(helper.make_tensor(name, TensorProto.INT64, [1], [value]))
    slice_ = helper.make_node("Slice", [n.input[k], "empty_begin", "empty_begin", "empty_axis"], ["empty_value"], "emptied")
    n.input[k] = "empty_value"
    m.graph.node.insert(i, slice_)
    return f"input {k} of node {i} ({n.op_type}) has no elements"


def outputs(rng, m):
    kind = rng.integers(5)
    if kind == 0:
        del m.graph.output[:]
    elif kind == 1:
        m.graph.output.append(helper.make_empty_tensor_value_info(pick(rng, values(m))))
    elif kind == 2 and m.graph.input:
        m.graph.output.append(helper.make_empty_tensor_value_info(m.graph.input[0].name))
    elif kind == 3 and m.graph.initializer:
        m.graph.output.append(helper.make_empty_tensor_value_info(pick(rng, initializers(m)).name))
    else:
        o = pick(rng, list(m.graph.output))
        o.type.tensor_type.elem_type = int(rng.integers(0, 24))
    return f"outputs, kind {kind}"


def weight_as_input(rng, m):
    t = pick(rng, initializers(m))
    if t is None:
        return None
    if t.name not in [v.name for v in m.graph.input]:
        m.graph.input.append(helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)))
    name = t.name
    m.graph.initializer.remove(t)
    return f"initializer {name} is an input"


def long_chain(rng, m):
    op, count = pick(rng, ["Identity", "Relu", "Neg", "Identity", "Transpose"]), 10_000 if rng.random() < 0.1 else 300
    o = m.graph.output[0].name
    rename(m, o, "chain_0")
    m.graph.output[0].name = o
    for i in range(count):
        m.graph.node.add(op_type=op, input=[f"chain_{i}"], output=[o if i == count - 1 else f"chain_{i + 1}"])
    return f"{count} {op} before the output"


def nested_subgraph(rng, m):
    depth = pick(rng, [1, 2, 20, 33, 90, 300])
    body = helper.make_graph([helper.make_node("Identity", [m.graph.input[0].name] if m.graph.input else [""], ["deepest"])], "g", [], [helper.make_empty_tensor_value_info("deepest")])
    for i in range(depth):
        node = helper.make_node(pick(rng, ["If", "Loop", "Scan"]), ["cond"], [f"level_{i}"], then_branch=body, else_branch=body if i < 4 else helper.make_graph([], "e", [], []))
        body = helper.make_graph([node], "g", [], [helper.make_empty_tensor_value_info(f"level_{i}")])
    m.graph.node.append(body.node[0])
    return f"{depth} nested subgraphs"


# Attributes, types, opsets ----------------------------------------------------------------------------------------------


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


# Quantization parameters and data ---------------------------------------------------------------------------------------


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


MUTATIONS = [swap_input_dims, nudge_input_dim, odd_input_dim, huge_input, huge_initializer, swap_initializer_dims, resize_initializer, huge_result, drop_input, add_input, rewire_input,
             swap_inputs, cycle, duplicate_name, drop_node, reorder_nodes, change_operator, insert_node, empty_value, outputs, weight_as_input, long_chain, nested_subgraph, attribute_type,
             attribute_value, negative_pads, attributes, initializer_type, input_type, opset, bad_scale, other_scale, zero_point, new_data, raw_data, external_data, hostile_name]


def damage(rng, data):
    """The bytes of a model, cut or with a few of them changed."""
    if rng.random() < 0.4:
        return data[: int(rng.integers(len(data)))], "file cut"
    changed = bytearray(data)
    head = min(len(data), 3000)  # names and shapes rather than weights
    for _ in range(int(rng.integers(1, 4))):
        changed[int(rng.integers(head)) if rng.random() < 0.5 else int(rng.integers(len(data)))] = int(rng.integers(256))
    return bytes(changed), "bytes changed"


def mutate(rng, data):
    """(bytes of a changed model, what was done to it)"""
    if rng.random() < 0.03:
        return damage(rng, data)
    m = onnx.ModelProto.FromString(data)
    done = []
    wanted = 1 if rng.random() < 0.75 else 2
    while len(done) < wanted:
        f = pick(rng, MUTATIONS)
        try:
            text = f(rng, m)
        except (TypeError, IndexError, AttributeError, ValueError):  # a second mutation of what the first left over; no such enumerator
            if done:
                break
            continue
        if text:
            done.append(f"{f.__name__}: {text}")
    return m.SerializeToString(), "; ".join(done)

"""Mutations of the graph: inputs, outputs, nodes, names, cycles, chains, subgraphs."""
import copy

import onnx
from onnx import TensorProto, helper

from mutation_tools import initializers, pick, rename


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
    copies = [copy.deepcopy(k) for k in nodes[:i]] + [new] + [copy.deepcopy(k) for k in nodes[i:]]  # reading them again would not get to the bottom of deep nests
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

"""Structured mutations of ONNX models. Each function takes a random generator and a model, changes the model, and returns
what it did, or None if the model has nothing of that kind. MUTATIONS lists them all."""
import onnx

from mutate_attributes import attribute_type, attribute_value, attributes, initializer_type, input_type, negative_pads, opset
from mutate_data import bad_scale, external_data, hostile_name, new_data, other_scale, raw_data, zero_point
from mutate_graph import (
    add_input, change_operator, cycle, drop_input, drop_node, duplicate_name, empty_value, insert_node, long_chain,
    nested_subgraph, outputs, reorder_nodes, rewire_input, swap_inputs, weight_as_input,
)
from mutate_shapes import (
    huge_initializer, huge_input, huge_result, nudge_input_dim, odd_input_dim, resize_initializer,
    swap_initializer_dims, swap_input_dims,
)
from mutation_tools import pick

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

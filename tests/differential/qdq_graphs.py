"""Random QDQ graphs: float operators between QuantizeLinear and DequantizeLinear."""
import numpy as np

from graphs import Graph, Tensor, conv_geometry, random_window, weights


def quantize(g, x, dtype=None, same=None):
    """x (float) -> Q -> DQ. `same`: reuse that tensor's parameters, as data movement does."""
    if same is not None and same.scale is not None:
        dtype, scale, zero = same.dtype, same.scale, same.zero_point
    else:
        dtype = dtype or g.dtype()
        zero = g.zero_point(dtype)
        scale = g.scale(x.spread / 90)
    s, z = g.constant(scale, "s"), g.constant(zero, "z")
    q = g.node("QuantizeLinear", [x.name, s, z])
    y = g.node("DequantizeLinear", [q, s, z])
    reach = float(scale) * 128
    return Tensor(y, x.shape, min(x.spread, reach), dtype, scale, zero)


def dequantized_constant(g, values, scale, zero_point, axis=None):
    attributes = {"axis": axis} if axis is not None and np.ndim(scale) else {}
    return g.node("DequantizeLinear", [g.constant(values, "w"), g.constant(scale, "s"), g.constant(zero_point, "z")], **attributes)


def bias(g, x, w_scale, n):
    """int32 bias with the scale ONNX Runtime expects, x_scale * w_scale; sometimes none."""
    if g.chance(0.25) or x.scale is None:
        return []
    scale = np.asarray(x.scale * np.broadcast_to(w_scale, n) if np.ndim(w_scale) else x.scale * w_scale, np.float32)
    values = g.rng.integers(-3000, 3000, n).astype(np.int32)
    zero = np.zeros(np.shape(scale), np.int32)
    return [dequantized_constant(g, values, scale, zero, 0)]


def relu_maybe(g, y):
    kind = g.rng.random()
    if kind < 0.4:
        y.name = g.node("Relu", [y.name])
    elif kind < 0.5:
        y.name = g.node("Clip", [y.name, g.constant(np.float32(0)), g.constant(np.float32(6))])
    return y


def conv(g, x):
    one_d = len(x.shape) == 3
    channels, h, w = x.shape[1], 1 if one_d else x.shape[2], x.shape[-1]
    groups, out = conv_geometry(g, channels)
    kernel, strides, dilations, pads = random_window(g, h, w)
    attributes = dict(kernel_shape=kernel, strides=strides, dilations=dilations, pads=pads, group=groups)
    if one_d:
        attributes.update(kernel_shape=kernel[1:], strides=strides[1:], dilations=dilations[1:], pads=[pads[1], pads[3]])
    if not one_d and g.chance(0.1):
        attributes.pop("pads")
        attributes["auto_pad"] = g.pick("SAME_UPPER", "SAME_LOWER", "VALID")
        attributes["dilations"] = [1, 1]
    shape = [out, channels // groups] + attributes["kernel_shape"]
    values, scale, zero = weights(g, shape, 0)
    y = g.node("Conv", [x.name, dequantized_constant(g, values, scale, zero, 0)] + bias(g, x, scale, out), **attributes)
    taps = int(np.prod(shape[1:]))
    return relu_maybe(g, Tensor(y, [], x.spread * float(np.mean(scale)) * 50 * np.sqrt(taps)))


def gemm(g, x):
    k, n = x.shape[-1], int(g.rng.integers(1, 24))
    transposed = g.chance(0.7)
    values, scale, zero = weights(g, [n, k] if transposed else [k, n], 0 if transposed else 1)
    w = dequantized_constant(g, values, scale, zero, 0 if transposed else 1)
    spread = x.spread * float(np.mean(scale)) * 50 * np.sqrt(k)
    if g.chance(0.6):
        y = g.node("Gemm", [x.name, w] + bias(g, x, scale, n), transB=int(transposed))
    else:
        if transposed:
            return None
        y = g.node("MatMul", [x.name, w])
    return relu_maybe(g, Tensor(y, x.shape[:-1] + [n], spread))


def binary(g, x, y=None):
    op = g.pick("Add", "Add", "Mul", "Sub")
    if y is None:
        shape = g.pick(x.shape, [1], [x.shape[1]] + [1] * (len(x.shape) - 2), [])
        if g.chance(0.5):
            dtype = x.dtype if x.scale is not None else "uint8"
            low, high = (0, 256) if dtype == "uint8" else (-128, 128)
            other = dequantized_constant(g, g.rng.integers(low, high, shape).astype(dtype), g.scale(x.spread / 100), g.zero_point(dtype))
        else:
            other = g.constant(g.rng.normal(0, max(x.spread, 1e-3), shape).astype(np.float32))
        names, spread = [x.name, other], x.spread * 2
    else:
        names, spread = [x.name, y.name], x.spread + y.spread
    if g.chance(0.2) and op != "Sub":
        names.reverse()
    if op == "Mul":
        spread = x.spread * (y.spread if y else x.spread)
    return relu_maybe(g, Tensor(g.node(op, names), x.shape, max(spread, 1e-3)))


def unary(g, x):
    op = g.pick("Relu", "LeakyRelu", "Sigmoid", "Tanh", "HardSwish", "Clip", "Softmax")
    if op == "HardSwish" and g.opset < 14:
        op = "Sigmoid"
    attributes, names, spread = {}, [x.name], x.spread
    if op == "LeakyRelu":
        attributes["alpha"] = float(np.float32(g.rng.random()))
    if op == "Clip":
        names += [g.constant(np.float32(-abs(g.rng.normal()))), g.constant(np.float32(abs(g.rng.normal()) * 2))]
    if op == "Softmax":
        attributes["axis"] = -1
    if op in ("Sigmoid", "Tanh", "Softmax"):
        spread = 1.0
    return Tensor(g.node(op, names, **attributes), x.shape, spread)


def pool(g, x):
    kernel, strides, _, pads = random_window(g, x.shape[2], x.shape[3])
    if g.chance(0.3):
        return global_pool(g, x)
    attributes = dict(kernel_shape=kernel, strides=strides, pads=pads, ceil_mode=int(g.chance(0.2)))
    op = g.pick("MaxPool", "AveragePool")
    if op == "AveragePool":
        attributes["count_include_pad"] = int(g.chance(0.3))
    y = Tensor(g.node(op, [x.name], **attributes), [], x.spread)
    y.moved = op == "MaxPool"
    return y


def global_pool(g, x):
    if g.chance(0.6):
        return Tensor(g.node("GlobalAveragePool", [x.name]), x.shape[:2] + [1, 1], x.spread)
    keep = int(g.chance(0.5))
    return Tensor(g.node("ReduceMean", [x.name], axes=[2, 3], keepdims=keep), x.shape[:2] + [1, 1] * keep, x.spread)


def move(g, x):
    """Data movement: the result keeps its values, so its quantization usually keeps its parameters."""
    rank = len(x.shape)
    op = g.pick("Reshape", "Transpose", "Slice", "Pad", "Flatten", "Squeeze", "Unsqueeze", "Split", "Concat")
    if op == "Reshape":
        y = g.node("Reshape", [x.name, g.constant(np.array([1, -1], np.int64))])
    elif op == "Transpose":
        y = g.node("Transpose", [x.name], perm=[0] + [int(p) + 1 for p in g.rng.permutation(rank - 1)])
    elif op == "Slice":
        axis = int(g.rng.integers(1, rank))
        end = int(g.rng.integers(1, x.shape[axis] + 1))
        y = g.node("Slice", [x.name] + [g.constant(np.array([v], np.int64)) for v in (0, end, axis)])
    elif op == "Pad":
        pads = [0] + [int(v) for v in g.rng.integers(0, 2, rank - 1)] + [0] + [int(v) for v in g.rng.integers(0, 2, rank - 1)]
        y = g.node("Pad", [x.name, g.constant(np.array(pads, np.int64))])
    elif op == "Flatten":
        y = g.node("Flatten", [x.name])
    elif op == "Squeeze":
        if 1 not in x.shape[1:]:
            return None
        y = g.node("Squeeze", [x.name, g.constant(np.array([1 + x.shape[1:].index(1)], np.int64))])
    elif op == "Unsqueeze":
        if rank > 3:
            return None
        y = g.node("Unsqueeze", [x.name, g.constant(np.array([rank], np.int64))])
    elif op == "Split":
        if x.shape[1] % 2:
            return None
        y = g.node("Split", [x.name], outputs=2, axis=1)[int(g.rng.integers(2))]
    else:
        y = g.node("Concat", [x.name, x.name], axis=int(g.rng.integers(1, rank)))
    result = Tensor(y, [], x.spread)
    result.moved = True
    return result


def shaped(g, tensor):
    """Asks ONNX for the shape of a tensor whose builder did not know it."""
    import onnx
    model = g.model()
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(tensor.name))
    inferred = onnx.shape_inference.infer_shapes(model)
    for value in list(inferred.graph.value_info) + list(inferred.graph.output):
        if value.name == tensor.name:
            tensor.shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
    return tensor


def random_qdq(rng):
    g = Graph(rng, int(rng.choice([13, 14, 15, 17])))
    images = g.chance(0.75)
    shape = [1, int(rng.integers(1, 9)), int(rng.integers(1, 13)), int(rng.integers(1, 13))] if images else [1, int(rng.integers(1, 65))]
    if images and g.chance(0.15):
        shape.pop(2)
    if g.chance(0.2):  # quantized input
        dtype = g.dtype()
        name, scale, zero = g.add_input(dtype, shape), g.scale(0.02), g.zero_point(dtype)
        y = g.node("DequantizeLinear", [name, g.constant(scale), g.constant(zero)])
        x = Tensor(y, shape, float(scale) * 128, dtype, scale, zero)
    else:
        x = quantize(g, Tensor(g.add_input("float32", shape), shape, 2.0))
    for _ in range(int(rng.integers(1, 6))):
        y = step(g, x)
        if y is None:
            continue
        y = shaped(g, y) if not y.shape else y
        if not y.shape or 0 in y.shape or np.prod(y.shape) > 6000:
            return None
        if g.chance(0.93):
            same = x if getattr(y, "moved", False) and g.chance(0.85) else None
            y = quantize(g, y, same=same)
        x = y
    if not g.nodes or x.name == g.inputs[0][0]:
        return None
    if g.chance(0.2) and x.scale is not None and g.nodes[-1].op_type == "DequantizeLinear":
        g.outputs.append(g.nodes[-1].input[0])  # quantized output
        g.nodes.pop()
        if not g.nodes:
            return None
    else:
        g.outputs.append(x.name)
    return g


def step(g, x):
    rank = len(x.shape)
    if rank < 2:
        return unary(g, x)
    kinds = {"unary": unary, "binary": binary, "move": move}
    if rank in (3, 4):
        kinds["conv"] = conv
        if g.chance(0.5):
            kinds = {"conv": conv}
    if rank == 4 and g.chance(0.35):
        kinds = {"pool": pool}
    if rank == 2:
        kinds["gemm"] = gemm
    kind = g.pick(*kinds)
    if kind == "binary" and x.scale is not None and g.chance(0.5):  # residual: two paths from x
        left = quantize(g, unary(g, x))
        return binary(g, x, left)
    return kinds[kind](g, x)

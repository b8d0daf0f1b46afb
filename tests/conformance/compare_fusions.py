#!/usr/bin/env python3
"""Compares the graph after fold_qdq with the graph ONNX Runtime runs: the same operators, as a multiset of operator
type, scalar scales and zero points. What only moves data is left out: layouts are another pass's business.

usage: compare_fusions.py ONNX2MCU [MODEL.onnx ...]           default: every model under ../shared/models
       compare_fusions.py ONNX2MCU --random COUNT [SEED]    random graphs (random_qdq.py) instead
Needs python3-onnx and tests/reference/node_modules; exit status 77 where they are missing."""

import collections
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import needs  # noqa: E402

LAYOUT_ONLY = {"Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "ReorderInput", "ReorderOutput", "Cast"}
RENAMED = {"NhwcMaxPool": ["MaxPool"], "DynamicQuantizeMatMul": ["DynamicQuantizeLinear", "MatMulInteger", "Mul", "Mul"],
           "HardSwish": ["HardSigmoid", "Mul"]}
# ONNX Runtime puts one more Q/DQ pair of the same parameters behind the Squeeze, which changes no value.
KNOWN_DIFFERENT = {"transpose_optimizer_cancel_squeeze_per_axis_dq"}
# Operators whose scales and zero points are compared; of the others only the type.
PAIRS = ("QuantizeLinear", "DequantizeLinear")  # their data input may be a constant of one element: not compared
QUANTIZED = re.compile(r"QLinear|QGemm|QuantizeLinear|DequantizeLinear|MatMulIntegerToFloat")

SCALAR = re.compile(r"(?<![%#\w])(-?[\d.]+(?:e[+-]?\d+)?|-?inf|nan):(?:float32|u?int8|u?int16|int32)")


def f32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def entry(op_type, scalars):
    return (op_type, tuple(f"{v:.6g}" for v in scalars)) if QUANTIZED.search(op_type) else (op_type, ())


def expand(op_type, scalars):
    if op_type in LAYOUT_ONLY:
        return []
    return [entry(name, scalars if len(RENAMED.get(op_type, [""])) == 1 else []) for name in RENAMED.get(op_type, [op_type])]


def runtime_graph(path):
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    constants = {t.name: t for t in graph.initializer}
    nodes = []
    for node in graph.node:
        attributes = {a.name: a for a in node.attribute}
        scalars = []
        for name in node.input[1:] if node.op_type in PAIRS else node.input:
            if name in constants and constants[name].data_type in (1, 2, 3, 4, 5, 6):
                array = numpy_helper.to_array(constants[name])
                if array.size == 1:
                    scalars.append(float(array.reshape(-1)[0]))
        op_type = node.op_type
        if op_type == "Conv" and len(node.input) > 3 or op_type == "FusedConv" and len(node.input) > 3 and node.input[3]:
            nodes += expand("Add", [])
        if op_type == "MatMulNBits" and len(node.input) > 5 and node.input[5]:
            nodes += expand("Add", [])
        if "activation" in attributes:
            nodes += expand(attributes["activation"].s.decode(), [])
        nodes += expand(op_type.replace("Fused", ""), scalars)
        if op_type == "DynamicQuantizeMatMul" and len(node.input) > 4 and node.input[4]:
            nodes += expand("Add", [])
    return collections.Counter(nodes)


def compiled_graph(text):
    nodes = []
    for line in text.splitlines():
        match = re.match(r'.* = (?:[\w.]+\.)?(\w+)\((.*)\) \{.*\}$', line)
        if match:
            inputs = match[2].split(", ", 1)[1] if match[1] in PAIRS else match[2]
            scalars = [f32(float(v)) for v in SCALAR.findall(inputs)]
            nodes += expand(match[1], scalars)
    return collections.Counter(nodes)


def integer_products_alike(ours, theirs):
    """ONNX Runtime fuses MatMulInteger -> Cast -> Mul (-> Add) without changing a bit; unfuse as many as we kept."""
    for _ in range(ours[("MatMulInteger", ())] - theirs[("MatMulInteger", ())]):
        fused = [e for e in theirs if e[0] == "MatMulIntegerToFloat" and theirs[e] > ours[e]]
        if not fused:
            return
        theirs[fused[0]] -= 1
        for part in ("MatMulInteger", "Mul", "Mul"):
            theirs[(part, ())] += 1


def compare(tool, model, optimized):
    command = [tool, str(model), "-o", str(optimized.parent / "gen"), "--dump-ir", "after:fold_qdq"]
    run = subprocess.run(command, capture_output=True, text=True)
    if " = " not in run.stderr or "output " not in run.stderr:
        reason = re.search(r"error: (.*)", run.stderr)
        return "refused", reason[1][:110] if reason else run.stderr[-110:]
    if not optimized.exists():
        return "no reference", "ONNX Runtime does not load the model"
    ours, theirs = compiled_graph(run.stderr), runtime_graph(optimized)
    integer_products_alike(ours, theirs)
    missing, extra = theirs - ours, ours - theirs
    if not missing and not extra:
        return "same", f"{sum(ours.values())} operators"
    show = lambda counter: ", ".join(f"{n}x {e[0]}({' '.join(e[1])})" for e, n in sorted(counter.items()))
    return "DIFFERENT", f"ONNX Runtime also has: {show(missing) or '-'}; we also have: {show(extra) or '-'}"


def random_models(folder, count, seed):
    import onnx
    import random_qdq

    for i in range(count):
        graph = random_qdq.RandomGraph(seed + i)
        path = folder / f"random_{seed + i}.onnx"
        onnx.save(graph.build(steps=2 + i % 9), str(path))
        yield path


def report(tool, models, folder):
    counts = collections.Counter()
    optimized = [folder / f"{i}.optimized" for i in range(len(models))]
    pairs = [str(p) for pair in zip(models, optimized) for p in pair]
    for start in range(0, len(pairs), 200):  # ONNX Runtime may crash on a graph: only these are lost then
        subprocess.run(["node", str(HERE / "optimize.mjs"), *pairs[start : start + 200]], stderr=subprocess.DEVNULL, check=False)
    for model, target in zip(models, optimized):
        verdict, detail = compare(tool, model, target)
        if verdict == "DIFFERENT" and model.stem in KNOWN_DIFFERENT:
            verdict = "known"
        counts[verdict] += 1
        print(f"{verdict:12} {model.parent.name}/{model.name}: {detail}")
    print(", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items())))
    return 1 if counts["DIFFERENT"] or not counts["same"] else 0


def main():
    tool, random = sys.argv[1], sys.argv[2:3] == ["--random"]
    needs.packages("numpy", "onnx")
    needs.onnxruntime()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if random:
            models = list(random_models(folder, int(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 1))
        else:
            models = [pathlib.Path(p) for p in sys.argv[2:]]
        if not models:
            models = sorted(p for p in needs.shared("models").rglob("*.onnx") if p.parent.name != "refuse")
        return report(tool, models, folder)


if __name__ == "__main__":
    sys.exit(main())

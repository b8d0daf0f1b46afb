#!/usr/bin/env python3
"""docs/operators.md is made of what the executable, the sources and the tests say about each operator: checks that it is
current, or rewrites it with --update.

Operators: onnx2mcu --list-ops. Accepted attributes: the comment at the head of the operator's file in compiler/ops/.
Types and recorded tests: the models of tests/ops. Node tests: the passes of tests/conformance/nodes.txt."""
import collections
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import needs  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "operators.md"
HEAD = """# Operators

Made by `tests/docs/operators.py --update`; a test keeps it current. ai.onnx opsets 7 to 26; com.microsoft as ONNX Runtime 1.30.0 has it.
An operator may refuse some attributes, shapes or types; it then says which and what it accepts.

* types: element types of the first input in the recorded tests, whose outputs are ONNX Runtime's, bit by bit
  (float/trigonometry: within 4 ULP, float/lrn: within 2 ULP).
* recorded: folders of `tests/ops` with such models. node tests: how many of ONNX's own pass (`tests/conformance/nodes.txt`).
* rules: what the operator accepts, [below](#rules). "constants": of constants only; of If, Loop and Scan the course must be known at compile time.

| operator | domain | types | recorded | node tests | rules |
|---|---|---|---|---|---|
"""
TYPES = {1: "f32", 2: "u8", 3: "s8", 4: "u16", 5: "s16", 6: "s32", 7: "s64", 9: "bool", 10: "f16", 11: "f64", 12: "u32", 13: "u64"}
PASSES = ("identical", "ulp", "passes", "runtime")


def operators():
    """(domain, operator, note) in the executable's order."""
    out = subprocess.run([os.environ["ONNX2MCU"], "--list-ops"], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        name, _, note = line.partition(" ")
        domain, _, operator = name.rpartition(".")
        yield domain, operator, "constants" if "constants" in note else ""


def files():
    """(domain, operator) -> the file in compiler/ops that defines it, by ops.def."""
    found = re.findall(r"ONNX2MCU_OP\(op_(ms_|own_)?(\w+), (\w+)\)", (ROOT / "compiler/ops/ops.def").read_text())
    return {("com.microsoft" if prefix == "ms_" else prefix, op): file for prefix, op, file in found}


def rule(file):
    """The comment at the head of the file, as one paragraph."""
    lines = []
    for line in (ROOT / f"compiler/ops/{file}.cpp").read_text().splitlines():
        if not line.startswith("//"):
            break
        lines.append(line[2:].strip())
    if not lines:  # operators that share a file's functions are explained in its header
        header = ROOT / f"compiler/ops/{file}.hpp"
        return " ".join(l[2:].strip() for l in header.read_text().split("#pragma")[0].splitlines()) if header.exists() else ""
    return " ".join(lines)


def recorded():
    """(domain, operator) -> types of its first input, folders of tests/ops that apply it."""
    import onnx

    found = collections.defaultdict(lambda: (set(), set()))
    for path in sorted((ROOT / "tests/ops").glob("*/*/model.onnx")):
        graph = onnx.load(str(path)).graph
        types = {v.name: v.type.tensor_type.elem_type for v in graph.input}
        types.update((t.name, t.data_type) for t in graph.initializer)
        for node in graph.node:
            harness = node.op_type in ("Reshape", "Concat") and path.parent.name not in ("reshape", "concat", "shape_arithmetic")
            if harness:
                continue
            kinds, folders = found[("" if node.domain == "ai.onnx" else node.domain, node.op_type)]
            folders.add(str(path.parent.relative_to(ROOT / "tests/ops")))
            first = types.get(node.input[0]) if node.input else None
            if first in TYPES:
                kinds.add(first)
    return found


def node_tests(names):
    """operator -> number of passing node tests; a test belongs to the operator with the longest name it begins with."""
    plain = {name.lower(): name for name in names}
    counts = collections.Counter()
    for line in (ROOT / "tests/conformance/nodes.txt").read_text().splitlines():
        test, state = line.split(maxsplit=1)
        text = test.removeprefix("test_").removeprefix("simple_").replace("_", "")
        text = text.replace("batchnorm", "batchnormalization").replace("instancenorm", "instancenormalization")
        fits = [p for p in plain if text.startswith(p)]
        if fits and state.split()[0].rstrip(":") in PASSES:
            counts[plain[max(fits, key=len)]] += 1
    return counts


def page():
    rows = list(operators())
    where, tested = files(), recorded()
    counts = node_tests([op for domain, op, _ in rows if not domain])
    text, used = HEAD, {}
    for domain, op, note in rows:
        file = where[(domain, op)]
        used[file] = rule(file)
        kinds, folders = tested.get((domain, op), (set(), set()))
        types = note or ", ".join(TYPES[t] for t in sorted(kinds))
        tests = counts[op] if not domain and counts[op] else ""
        text += f"| {op} | {domain or 'ai.onnx'} | {types} | {', '.join(sorted(folders))} | {tests} | {file} |\n"
    text += "\n## Rules\n"
    for file, comment in sorted(used.items()):
        text += f"* `{file}`: {comment}\n"
    return text


def main():
    needs.packages("onnx")
    actual = page()
    if "--update" in sys.argv:
        PAGE.write_text(actual)
    elif not PAGE.exists() or PAGE.read_text() != actual:
        print("docs/operators.md is not current: cmake --build … --target update-operators")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

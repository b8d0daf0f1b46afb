#!/usr/bin/env python3
"""Conformance: ONNX's backend node tests (../shared/onnx-node, or those the installed onnx package makes) and ONNX
Runtime's own test models (../shared/models/ort-testdata). Every case stands in nodes.txt or models.txt with its state:

  identical        passes, and the bits are ONNX Runtime's
  ulp N            passes; N units in the last place from ONNX Runtime at most
  passes           passes; ONNX Runtime does not run it
  runtime          the bits are ONNX Runtime's, which itself differs from what ONNX expects
  wrong: ...       compiles, and its results are not the expected ones
  missing: ...     not supported yet, and why
  out: ...         out of scope of microcontrollers (out_of_scope.txt: pattern, reason)

Integers must be exact, floats within ONNX's tolerance (rtol 1e-3, atol 1e-7). The test fails when a case does worse
than recorded, and when it does better: then record it with --update.

usage: conformance.py nodes|models [--update] [--only REGEX] [--sanitized]
--sanitized: the generated code runs under the address and undefined-behaviour sanitizers.
Environment: ONNX2MCU (the tool), ONNX2MCU_SOURCE (the source tree). ONNX Runtime's bits need tests/reference/node_modules."""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import needs  # noqa: E402
from needs import REFERENCE, SHARED  # noqa: E402

SANITIZERS = "-O1 -g1 -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all".split()
PASSES = ("identical", "ulp", "passes", "runtime")


needs.packages("numpy", "onnx")
import numpy as np  # noqa: E402
import onnx  # noqa: E402

import batch  # noqa: E402
import cases  # noqa: E402


def scope():
    lines = (HERE / "out_of_scope.txt").read_text().splitlines()
    return [line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#")]


def read_list(path):
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#"))


def gather_cases(suite):
    """Cases, and how complete they are: "all", or "generated" where ../shared is not there."""
    if suite == "models":
        folder = SHARED / "models" / "ort-testdata"
        return [cases.read_model_case(p) for p in sorted(folder.glob("*.onnx"))], "all"
    folder = SHARED / "onnx-node"
    if folder.is_dir():
        return [cases.read_node_case(p) for p in sorted(folder.iterdir()) if p.is_dir()], "all"
    return sorted(cases.generated_node_cases(), key=lambda c: c.name), "generated"


def run_reference(networks, folder):
    """What ONNX Runtime computes for each network's model: its outputs, or None."""
    if not (REFERENCE / "node_modules").is_dir():
        return [None] * len(networks), False
    jobs = []
    for n in networks:
        job = dict(model=str(n.model), whole=True, inputs={}, outputs={})
        for i, (name, array) in enumerate(n.case.inputs.items()):
            job["inputs"][name] = str(n.folder / f"in{i}.npy")
            np.save(job["inputs"][name], array)
        for i, value in enumerate(n.case.model.graph.output):
            job["outputs"][value.name] = str(n.folder / f"out{i}.npy")
        jobs.append(json.dumps(job))
    done = subprocess.run(["node", str(REFERENCE / "batch.mjs")], input="\n".join(jobs), capture_output=True, text=True)
    print(done.stderr.splitlines()[0] if done.stderr else "node gave no answer")
    status = [json.loads(line) for line in done.stdout.splitlines()]
    status += [dict(status="error", message="ONNX Runtime crashed")] * (len(jobs) - len(status))
    for n, s in zip(networks, status):
        n.reference_error = s.get("message", "")
    outputs = [[np.load(n.folder / f"out{i}.npy") for i in range(len(n.case.model.graph.output))] if s["status"] == "ok" else None
               for n, s in zip(networks, status)]
    return outputs, True


def same_bits(a, b):
    if a.size != b.size or a.dtype != b.dtype:
        return False
    a, b = a.reshape(-1), b.reshape(-1)
    both_nan = np.isnan(a) & np.isnan(b) if a.dtype.kind == "f" else np.zeros(a.shape, bool)
    words = f"u{a.dtype.itemsize}"
    return bool(np.all((a.view(words) == b.view(words)) | both_nan))


def ulp(a, b):
    """Largest distance in representable numbers."""
    if a.dtype.kind != "f" or a.dtype.itemsize > 4:
        return 0
    bits = f"i{a.dtype.itemsize}"
    ordered = lambda x: (lambda i: np.where(i < 0, np.iinfo(bits).min - i, i))(x.reshape(-1).view(bits).astype(np.int64))
    finite = np.isfinite(a.reshape(-1)) & np.isfinite(b.reshape(-1))
    return int(np.max(np.abs(ordered(a) - ordered(b))[finite], initial=0))


def mismatch(actual, expected, case):
    """Why `actual` does not pass, or None."""
    plain = lambda shape: [d for d in shape if d != 1] if len(shape) < 2 else list(shape)
    if plain(actual.shape) != plain(expected.shape):
        return f"shape {list(actual.shape)}, expected {list(expected.shape)}"
    if actual.dtype != expected.dtype:
        return f"type {actual.dtype}, expected {expected.dtype}"
    expected = expected.reshape(actual.shape)
    if actual.dtype.kind != "f":
        return None if np.array_equal(actual, expected) else f"{np.sum(actual != expected)} of {actual.size} elements differ"
    if np.allclose(actual, expected, rtol=case.rtol, atol=case.atol, equal_nan=True):
        return None
    with np.errstate(all="ignore"):
        return f"values differ by up to {np.nanmax(np.abs(actual.astype(float) - expected)):g}"


def state_of(network, reference):
    case = network.case
    if network.error:
        return f"missing: {network.error}"
    wrong = [mismatch(a, e, case) for a, e in zip(network.outputs, case.outputs) if e is not None]
    wrong = next((w for w in wrong if w), None)
    known = [e for e in case.outputs if e is not None]
    if reference is None:
        if not known:
            return f"missing: ONNX Runtime does not run it: {network.reference_error}"
        return f"wrong: {wrong}" if wrong else "passes"
    equal = all(map(same_bits, network.outputs, reference))
    if wrong:
        return "runtime" if equal else f"wrong: {wrong}"
    far = [mismatch(a, r, case) for a, r in zip(network.outputs, reference)]
    if not known and any(far):
        return f"wrong: {next(filter(None, far))}"
    if equal:
        return "identical"
    return f"ulp {max(map(ulp, network.outputs, reference))}" if not any(far) else "passes"


def with_scope(name, state, patterns):
    if state.startswith("missing"):
        for pattern, reason in patterns:
            if re.fullmatch(pattern, name):
                return f"out: {reason}"
    return state


def verdict(state, recorded, live):
    """What is wrong with `state` for a case recorded as `recorded`, or None."""
    if state.startswith("wrong"):
        return "computes something else"
    kind, old = state.split()[0].rstrip(":"), recorded.split()[0].rstrip(":") if recorded else None
    if old is None:
        return "is not in the list"
    if (kind in PASSES) != (old in PASSES):
        return "passes now: record it with --update" if kind in PASSES else "used to pass"
    if kind not in PASSES:
        return None if kind == old else "is listed in the other way"
    if live and old == "identical" and kind != "identical":
        return "had ONNX Runtime's bits"
    return "has ONNX Runtime's bits now: record it with --update" if live and kind == "identical" and old == "ulp" else None


def summary(states):
    counts = collections.Counter(s.split()[0].rstrip(":") for s in states.values())
    passed = sum(counts[k] for k in PASSES)
    text = f"{len(states)} cases: {passed} passed"
    text += f" ({counts['identical'] + counts['runtime']} with ONNX Runtime's bits, {counts['passes']} it does not run)"
    text += f", {counts['out']} out of scope, {counts['missing']} missing, {counts['wrong']} wrong"
    steps = sorted((int(s.split()[1]) for s in states.values() if s.startswith("ulp ")), reverse=True)
    return text + (f"; ULP distances of the others: {', '.join(map(str, steps))}" if steps else "")


def check(states, listed, complete, live):
    problems = []
    for name, state in states.items():
        if not complete and name not in listed:
            continue  # another version of the onnx package has other tests
        problem = verdict(state, listed.get(name), live)
        if problem:
            problems.append(f"{name}: {problem} (now \"{state}\", recorded \"{listed.get(name)}\")")
    if complete:
        problems += [f"{name}: listed, but there is no such case" for name in listed.keys() - states.keys()]
    return problems


def main():
    suite, update = sys.argv[1], "--update" in sys.argv
    flags = SANITIZERS if "--sanitized" in sys.argv else ["-O1"]
    only = re.compile(sys.argv[sys.argv.index("--only") + 1]) if "--only" in sys.argv else None
    if suite == "models":
        needs.shared("models", "ort-testdata")
        needs.onnxruntime()
    selected, completeness = gather_cases(suite)
    path = HERE / f"{suite}.txt"
    listed = read_list(path)
    if completeness == "generated":  # the listed ones are enough
        selected = [c for c in selected if c.name in listed]
        print(f"../shared/onnx-node is not there: {len(selected)} tests made by onnx {onnx.__version__} instead")
    selected = [c for c in selected if not only or only.search(c.name)]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        networks = batch.run_cases(selected, folder, os.environ["ONNX2MCU"], pathlib.Path(os.environ["ONNX2MCU_SOURCE"]), flags)
        ran = [n for n in networks if n.error is None]
        references, live = run_reference(ran, folder)
        by_name = {n.case.name: r for n, r in zip(ran, references)}
        states = {n.case.name: with_scope(n.case.name, state_of(n, by_name.get(n.case.name)), scope()) for n in networks}
    print(summary(states))
    if update:
        states = {**{n: s for n, s in listed.items() if only and n not in states}, **states}
        path.write_text("".join(f"{name} {state}\n" for name, state in sorted(states.items())))
        return 0
    problems = check(states, listed, completeness == "all" and not only, live and completeness == "all")
    print("\n".join(problems), end="\n" if problems else "")
    if only:
        print("\n".join(f"{name} {state}" for name, state in states.items()))
    return 1 if problems or not states else 0


if __name__ == "__main__":
    sys.exit(main())

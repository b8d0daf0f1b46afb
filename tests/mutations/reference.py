"""Accepted mutants: their generated code and the live ONNX Runtime on the same inputs, every output compared. Mutants whose
generated code is the same share one run of it; many are compiled as one program."""
import hashlib
import json
import os
import re
import subprocess

import numpy as np
import onnx
from onnx.mapping import TENSOR_TYPE_TO_NP_TYPE

from needs import REFERENCE, SOURCE, random_array

SAMPLES, BATCH = 2, 12
LARGE = 1 << 20  # characters of a network's header: thousands of layers, which a compiler takes minutes to optimize

DRIVER = """#include <cstdio>
#include <string>
#include <utility>
#include "{name}/{name}.hpp"
#include "onnx2mcu/host/runner.hpp"
int run_{name}();
int run_{name}() {{
  static {name}::Model model;
  std::FILE* in = std::fopen("{name}.in", "rb");
  std::FILE* out = std::fopen("{name}.out", "wb");
  const int status = onnx2mcu::host::run(model, {samples}, in, out, std::make_integer_sequence<int, {inputs}>{{}}, std::make_integer_sequence<int, {outputs}>{{}});
  std::fclose(in);
  std::fclose(out);
  return status;
}}
"""


def ports(model):
    """[(name, dtype, shape)] of the inputs, names of the outputs"""
    constants = {t.name for t in model.graph.initializer}
    inputs = []
    for v in model.graph.input:
        if v.name not in constants:
            t = v.type.tensor_type
            shape = [d.dim_value if d.dim_value > 0 else 1 for d in t.shape.dim]
            inputs.append((v.name, TENSOR_TYPE_TO_NP_TYPE[t.elem_type], shape))
    return inputs, [o.name for o in model.graph.output]


def make_inputs(inputs, seed):
    rng = np.random.default_rng(seed)
    arrays = []
    for _, dtype, shape in inputs:
        low, high = (-3, rng.choice([0.1, 1, 10, 100])) if dtype.kind == "f" else (-128, 255) if dtype.itemsize == 1 else (-3, 4)
        arrays.append(random_array(rng, dtype, [SAMPLES, *shape], low, high))
    return arrays


def signature(folder, name):
    """Of the generated code without comments and its own name."""
    text = "".join((folder / name / f"{name}{part}.hpp").read_text() for part in ("", "_weights") if (folder / name / f"{name}{part}.hpp").exists())
    text = re.sub(r"//[^\n]*", "", text).replace(name, "m").replace(name.upper(), "M")
    return hashlib.sha256(text.encode()).hexdigest()


class Mutant:
    def __init__(self, name, case, folder):
        self.name, self.case = name, case
        model = onnx.load(str(folder / f"{name}.onnx"), load_external_data=False)
        self.inputs, self.outputs = ports(model)
        self.signature = signature(folder, name)
        arrays = make_inputs(self.inputs, int(self.signature[:8], 16))
        for k, array in enumerate(arrays):
            np.save(folder / f"{name}.{k}.npy", array)
        with open(folder / f"{name}.in", "wb") as out:
            for n in range(SAMPLES):
                for array in arrays:
                    out.write(array[n].tobytes())

    def job(self, folder):
        return json.dumps({"id": self.name, "model": str(folder / f"{self.name}.onnx"),
                           "inputs": {i: str(folder / f"{self.name}.{k}.npy") for k, (i, _, _) in enumerate(self.inputs)},
                           "outputs": {o: str(folder / f"{self.name}.{k}.expected.npy") for k, o in enumerate(self.outputs)}})


def run_reference(mutants, folder):
    """{name: None or why ONNX Runtime computes nothing}. One process for all; behind one that kills it, another."""
    status, todo = {}, list(mutants)
    while todo:
        try:
            done = subprocess.run(["node", str(REFERENCE / "batch.mjs")], input="\n".join(m.job(folder) for m in todo) + "\n", text=True, capture_output=True, timeout=300, check=False)
            lines, why = done.stdout.splitlines(), f"it crashes (status {done.returncode})"
        except subprocess.TimeoutExpired as error:
            lines, why = (error.stdout or b"").decode().splitlines(), "it hangs"
        for line in lines:
            entry = json.loads(line)
            status[entry["id"]] = None if entry["status"] == "ok" else entry["message"]
        todo = todo[len(lines):]
        if todo:
            status[todo[0].name] = why
            todo = todo[1:]
    return status


def build_and_run(mutants, folder, flags):
    """Compiles the networks into one program and runs it: NAME.out. Returns {name: what went wrong}."""
    faults = {}
    calls = "".join(f"int run_{m.name}();\n" for m in mutants) + "int main() {\n" + "".join(f"  if (run_{m.name}()) return 1;\n" for m in mutants) + "}\n"
    units = "".join(DRIVER.format(name=m.name, samples=SAMPLES, inputs=len(m.inputs), outputs=len(m.outputs)) for m in mutants)
    program = folder / f"run_{mutants[0].name}"
    program.with_suffix(".cpp").write_text(units + calls)
    command = [*os.environ.get("CXX", "c++").split(), "-std=c++17", *flags, "-w", "-I", str(folder), "-I", str(SOURCE / "runtime"), f"{program}.cpp", "-o", str(program)]
    built = subprocess.run(command, text=True, capture_output=True, check=False)
    problem = f"the generated code does not compile:\n{built.stderr[:2000]}" if built.returncode else None
    if not problem:
        try:
            ran = subprocess.run([str(program)], cwd=folder, text=True, capture_output=True, timeout=120, check=False)
            problem = f"the generated code ends with status {ran.returncode}:\n{ran.stderr[:2000]}" if ran.returncode else None
        except subprocess.TimeoutExpired:
            problem = "the generated code hangs"
    if problem and len(mutants) == 1:
        faults[mutants[0].name] = problem
    elif problem:
        for m in mutants:
            faults |= build_and_run([m], folder, flags)
    return faults


def batches(mutants, folder):
    """Lists of mutants for one program each, and what to compile it with."""
    large = [m for m in mutants if (folder / m.name / f"{m.name}.hpp").stat().st_size > LARGE]
    others = [m for m in mutants if m not in large]
    flags = os.environ.get("MUTATIONS_FLAGS", "-O1").split()
    return [([m], ["-O0"]) for m in large] + [(others[i:i + BATCH], flags) for i in range(0, len(others), BATCH)]


def ordered(a):
    """Floats as integers in the same order, so that differences count units in the last place."""
    i = a.view({4: np.int32, 8: np.int64, 2: np.int16}[a.dtype.itemsize]).astype(np.float64)
    return np.where(i < 0, -(i + 2.0 ** (8 * a.dtype.itemsize - 1)), i)


def compare(mutant, data, folder):
    """"identical", "close" (floats, a few units in the last place; another sign of zero is not close), or what differs"""
    expected = [np.load(folder / f"{mutant.name}.{k}.expected.npy") for k in range(len(mutant.outputs))]
    at, verdict = 0, "identical"
    for n in range(SAMPLES):
        for k, e in enumerate(expected):
            want = e[n].ravel()
            if at + want.nbytes > len(data):
                return f"the outputs have {len(data)} bytes in all, output {k} ends at {at + want.nbytes}"
            got = np.frombuffer(data, e.dtype, want.size, at)
            at += want.nbytes
            same = (got.view(f"u{want.itemsize}") == want.view(f"u{want.itemsize}")) | ((got != got) & (want != want))
            if same.all():
                continue
            i = int(np.argmin(same))
            finite = want.dtype.kind == "f" and np.isfinite(got[~same]).all() and np.isfinite(want[~same]).all()
            zeros = (got == want) & ~same
            if zeros.any() or not finite or np.abs(got[~same] - want[~same]).max() > 1e-5 * np.abs(want[np.isfinite(want)]).max():
                return f"sample {n}, output {k}: {int((~same).sum())} of {want.size} differ, first at {i}: {got[i]} is not {want[i]}"
            verdict = "close"
    return verdict if at == len(data) else f"{len(data)} bytes of output, {at} expected"


def undefined_range(mutant, folder):
    """Whether NaN reaches a DynamicQuantizeLinear: outside what docs/decisions/nan.md promises. ONNX Runtime says so."""
    model = onnx.load(str(folder / f"{mutant.name}.onnx"), load_external_data=False)
    probes = [n.input[0] for n in model.graph.node if n.op_type == "DynamicQuantizeLinear"]
    if not probes:
        return False
    known = {v.name for v in [*model.graph.input, *model.graph.output]}
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(p) for p in dict.fromkeys(probes) if p not in known)
    probe = f"{mutant.name}.probe"
    onnx.save(model, str(folder / f"{probe}.onnx"))
    job = json.loads(mutant.job(folder)) | {"model": str(folder / f"{probe}.onnx"), "outputs": {p: str(folder / f"{probe}.{k}.npy") for k, p in enumerate(probes)}}
    subprocess.run(["node", str(REFERENCE / "batch.mjs")], input=json.dumps(job) + "\n", text=True, capture_output=True, timeout=300, check=True)
    return any(np.isnan(np.load(folder / f"{probe}.{k}.npy")).any() for k in range(len(probes)))


def compare_all(accepted, folder, report, known):
    """`known`: what the generated code of a signature puts out; grows from call to call."""
    mutants = [Mutant(name, case, folder) for name, case in accepted]
    status = run_reference(mutants, folder)
    usable = []
    for m in mutants:
        if status[m.name] is None:
            usable.append(m)
        else:
            report.counts["rejected by ONNX Runtime"] += 1
            report.rejected[re.sub(r"-?\d[\d.e+]*", "#", re.sub(r"m\d+\.onnx|'[^']*'|\"[^\"]*\"|\([^)]*\)", "…", status[m.name].splitlines()[0]))[:150]] += 1
            if os.environ.get("MUTATIONS_REJECTED"):
                print(f"REJECTED {m.case}: {status[m.name][:300]}", flush=True)
    new = {m.signature: m for m in usable if m.signature not in known}
    faults, todo = {}, list(new.values())
    for batch, flags in batches(todo, folder):
        faults |= build_and_run(batch, folder, flags)
    for m in todo:
        known[m.signature] = faults.get(m.name) or (folder / f"{m.name}.out").read_bytes()
    report.counts["networks compiled and run"] += len(todo)
    for m in usable:
        result = known[m.signature]
        verdict = result if isinstance(result, str) else compare(m, result, folder)
        if verdict not in ("identical", "close") and undefined_range(m, folder):
            report.counts["outside the domain (NaN in DynamicQuantizeLinear)"] += 1
            continue
        report.counts["identical" if verdict == "identical" else "within 1e-5" if verdict == "close" else "wrong"] += 1
        if verdict == "close" and os.environ.get("MUTATIONS_REJECTED"):
            print(f"CLOSE {m.case}")
        if verdict not in ("identical", "close"):
            report.finding(m.case, verdict)

#!/usr/bin/env python3
"""Differential test: random quantized graphs through onnx2mcu and through the live ONNX Runtime, every element compared.

  run.py --graphs 300 --seed 1 [--keep DIR]

Needs node with tests/reference's onnxruntime-node, python3-onnx and python3-numpy; exit status 77 says one is missing.
A graph that ONNX Runtime rejects is not counted. A graph that onnx2mcu refuses is a failure, as is one differing bit."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import needs  # noqa: E402
from needs import REFERENCE, SOURCE  # noqa: E402

needs.packages("numpy", "onnx")
import numpy as np  # noqa: E402
import onnx  # noqa: E402

from graphs import inputs_for  # noqa: E402
from qdq_graphs import random_qdq  # noqa: E402
from qoperator_graphs import random_qoperator  # noqa: E402

SAMPLES = 4  # inferences per graph
BATCH = 40   # networks per C++ translation unit


def make_graph(seed):
    rng = np.random.default_rng(seed)
    return random_qdq(rng) if rng.random() < 0.75 else random_qoperator(rng)


def generate(first_seed, count, folder):
    """Writes up to `count` models with inputs; returns {id: seed}."""
    cases, seed = {}, first_seed
    while len(cases) < count:
        g = make_graph(seed)
        if g is not None:
            name = f"g{len(cases)}"
            onnx.save(g.model(), folder / f"{name}.onnx")
            for input_name, array in inputs_for(g, SAMPLES).items():
                np.save(folder / f"{name}.{input_name}.npy", array)
            cases[name] = (seed, [n for n, _, _ in g.inputs], list(g.outputs))
        seed += 1
    return cases, seed


def run_reference(cases, folder):
    jobs = [json.dumps({"id": name, "model": str(folder / f"{name}.onnx"),
                        "inputs": {i: str(folder / f"{name}.{i}.npy") for i in inputs},
                        "outputs": {o: str(folder / f"{name}.{k}.expected.npy") for k, o in enumerate(outputs)}})
            for name, (_, inputs, outputs) in cases.items()]
    done = subprocess.run(["node", str(REFERENCE / "batch.mjs")], input="\n".join(jobs) + "\n", text=True, capture_output=True, check=False)
    status = {}
    for line in done.stdout.splitlines():
        entry = json.loads(line)
        status[entry["id"]] = entry.get("message", "") if entry["status"] != "ok" else None
    return status


def compile_networks(names, folder, options):
    """Runs onnx2mcu on each; returns {name: error text or None}."""
    errors = {}
    for name in names:
        out = subprocess.run([os.environ["ONNX2MCU"], str(folder / f"{name}.onnx"), "-o", str(folder / name), "--name", name, *options],
                             text=True, capture_output=True, check=False)
        errors[name] = None if out.returncode == 0 else f"status {out.returncode}: {out.stderr.strip()[:600]}"
    return errors


DRIVER = """#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
{includes}
#include "onnx2mcu/host/runner.hpp"
template <class Model, int I, int O>
int go(const char* base, const char* name, long samples) {{
  static Model model;
  const std::string prefix = std::string(base) + "/" + name;
  std::FILE* in = std::fopen((prefix + ".in").c_str(), "rb");
  std::FILE* out = std::fopen((prefix + ".out").c_str(), "wb");
  const int status = onnx2mcu::host::run(model, samples, in, out, std::make_integer_sequence<int, I>{{}}, std::make_integer_sequence<int, O>{{}});
  std::fclose(in);
  std::fclose(out);
  return status;
}}
int main(int, char** argv) {{
  int status = 0;
{calls}
  return status;
}}
"""


def run_generated(names, cases, folder, flags):
    """Builds the networks into one program and runs it; outputs land in NAME.out."""
    for name in names:
        arrays = [np.load(folder / f"{name}.{i}.npy") for i in cases[name][1]]
        with open(folder / f"{name}.in", "wb") as out:
            for n in range(SAMPLES):
                for a in arrays:
                    out.write(a[n].tobytes())
    source = DRIVER.format(includes="\n".join(f'#include "{name}/{name}.hpp"' for name in names),
                           calls="\n".join(f'  status |= go<{n}::Model, {len(cases[n][1])}, {len(cases[n][2])}>(argv[1], "{n}", {SAMPLES});' for n in names))
    path = folder / f"batch_{names[0]}.cpp"
    path.write_text(source)
    program = folder / f"batch_{names[0]}"
    compiler = os.environ.get("CXX", "c++").split()
    build = subprocess.run([*compiler, "-std=c++17", *flags, "-I", str(folder), "-I", str(SOURCE / "runtime"), str(path), "-o", str(program)],
                           text=True, capture_output=True, check=False)
    if build.returncode:
        return f"the generated code does not compile:\n{build.stderr[:3000]}"
    ran = subprocess.run([str(program), str(folder)], text=True, capture_output=True, check=False)
    return None if ran.returncode == 0 else f"the generated code failed (status {ran.returncode}):\n{ran.stderr[:3000]}"


def compare(name, cases, folder):
    """None if every element is identical, else what differs."""
    expected = [np.load(folder / f"{name}.{k}.expected.npy") for k in range(len(cases[name][2]))]
    data = (folder / f"{name}.out").read_bytes()
    at = 0
    for n in range(SAMPLES):
        for k, e in enumerate(expected):
            got = np.frombuffer(data, e.dtype, e[n].size, at).reshape(e[n].shape)
            at += e[n].nbytes
            word = f"u{e.dtype.itemsize}"  # bits: -0 is not 0
            same = (got.view(word) == e[n].view(word)) | ((got != got) & (e[n] != e[n]))
            if not same.all():
                i = int(np.argmin(same.ravel()))
                return f"output {k}: {int((~same).sum())} of {e[n].size} differ, first at {i}: {got.ravel()[i]} is not {e[n].ravel()[i]}"
    return None if at == len(data) else f"{len(data)} bytes of output, {at} expected"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--graphs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, help="work here and keep the files")
    parser.add_argument("--flags", default="-O1 -w", help="of the host compiler")
    parser.add_argument("--options", default="", help="of onnx2mcu")
    a = parser.parse_args()
    if "ONNX2MCU" not in os.environ:
        sys.exit("set ONNX2MCU to the onnx2mcu executable")
    needs.onnxruntime()
    holder = None if a.keep else tempfile.TemporaryDirectory()
    root = a.keep or pathlib.Path(holder.name)
    passed = rejected = 0
    failures, seed = [], a.seed * 1_000_000
    while passed + len(failures) < a.graphs:
        folder = root / f"s{seed}"
        folder.mkdir(parents=True, exist_ok=True)
        cases, seed = generate(seed, min(BATCH, a.graphs - passed - len(failures)), folder)
        status = run_reference(cases, folder)
        runnable = [n for n in cases if status.get(n, "no answer") is None]
        rejected += len(cases) - len(runnable)
        errors = compile_networks(runnable, folder, a.options.split())
        failures += [(cases[n][0], f"refused: {errors[n]}") for n in runnable if errors[n]]
        good = [n for n in runnable if not errors[n]]
        if not good:
            continue
        problem = run_generated(good, cases, folder, a.flags.split())
        if problem and len(good) > 1:  # find the ones to blame
            for n in good:
                single = run_generated([n], cases, folder, a.flags.split())
                if single:
                    failures.append((cases[n][0], single))
            good = [n for n in good if (folder / f"{n}.out").exists() and cases[n][0] not in [f[0] for f in failures]]
        elif problem:
            failures.append((cases[good[0]][0], problem))
            good = []
        for n in good:
            difference = compare(n, cases, folder)
            if difference:
                failures.append((cases[n][0], difference))
            else:
                passed += 1
        if sys.stdout.isatty():
            print(f"\r{passed} identical, {len(failures)} failed, {rejected} rejected by ONNX Runtime", end="", flush=True)
    for graph_seed, text in failures[:40]:
        print(f"seed {graph_seed}: {text}")
    print(f"differential: {passed} graphs identical, {len(failures)} failed ({rejected} more that ONNX Runtime rejects)")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

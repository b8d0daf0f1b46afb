#!/usr/bin/env -S python3 -B
"""Generated code (portable, -O3 -march=native) beside ONNX Runtime on this PC: microseconds an inference, one thread each, one
after the other; every output compared. bench/host.py [NETWORK…] [--write]    --write renews bench/host.md"""
import argparse
import os
import sys

import numpy as np

import run as bench
from networks import NETWORKS, ROOT, model_path

USUAL = ["tinyml-cnn", "mlp-784-128-64-10", "st-mnist", "kws-dscnn", "resnet8", "autoencoder"]
INTRODUCTION = """# On a PC: generated code beside ONNX Runtime

Made by `bench/host.py --write` on {cpu}: target portable, g++ -O3 -march=native; ONNX Runtime 1.30.0, one thread, default
optimizations, called synchronously from Node (which adds some microseconds). Microseconds an inference: the fastest of 200 batches.

| network | generated code | ONNX Runtime | identical |
|---|---|---|---|
"""


def cpu():
    with open("/proc/cpuinfo") as f:
        return next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "an unknown CPU")


def measure(name, folder, n):
    os.makedirs(folder, exist_ok=True)
    model, samples = model_path(name), np.ascontiguousarray(NETWORKS[name][1]()[:n])
    expected = bench.reference(model, samples, folder)
    gen, inputs, outputs, _, _ = bench.generate(model, "portable", folder, [])
    program, raw, got = (os.path.join(folder, f) for f in ("host", "inputs.bin", "outputs.bin"))
    bench.run(["g++", "-std=c++17", "-O3", "-march=native", "-ffp-contract=off", f"-DBENCH_INPUTS={inputs}", f"-DBENCH_OUTPUTS={outputs}", f"-I{gen}",
               os.path.join(ROOT, "bench/host.cpp"), "-o", program], "g++")
    samples.tofile(raw)
    ours = float(bench.run([program, raw, got], "generated code"))
    samples[-1:].tofile(raw)
    theirs = float(bench.run(["node", os.path.join(ROOT, "bench/host.mjs"), model, raw], "ONNX Runtime"))
    with open(got, "rb") as f:
        same = bench.identical(f.read(), expected, len(samples))
    return ours, theirs, same, len(samples)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("network", nargs="*")
    p.add_argument("-n", type=int, default=20)
    p.add_argument("--write", action="store_true")
    args = p.parse_args()
    text, bad = INTRODUCTION.format(cpu=cpu()), 0
    for name in args.network or [n for n in USUAL if os.path.exists(model_path(n))]:
        ours, theirs, same, n = measure(name, os.path.join(bench.CACHE, "work", f"{name}-host"), args.n)
        bad += same != n
        print(f"{name:<20} {ours:>10.1f} us   ONNX Runtime {theirs:>10.1f} us   {same}/{n}", flush=True)
        text += f"| {name} | {ours:.1f} | {theirs:.1f} | {same}/{n} |\n"
    if args.write:
        with open(os.path.join(ROOT, "bench/host.md"), "w") as f:
            f.write(text)
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())

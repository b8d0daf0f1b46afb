#!/usr/bin/env -S python3 -B
"""RAM of each network in three ways: sizeof(Model), inputs and outputs included, and the stack that an inference really uses
in the simulator, with `--io quantized`. Outputs compared with ONNX Runtime's quantized tensors, byte for byte. Columns as in
bench/run.py; see README.md here.

  apart    layer by layer, every buffer by itself: the arena is what the planner says (inspect); code and stack are those of
           the next row, at other addresses
  shared   layer by layer, buffers share bytes (--optimize time)
  streamed --optimize ram

  bench/ram.py [NETWORK…] [--target f446] [-n SAMPLES] [--write: bench/ram.md]"""
import argparse
import json
import os
import sys

import numpy as np
import onnx.mapping
import onnx.numpy_helper

import run as bench
from networks import NETWORKS, model_path

DEFAULT = {  # the network's sizeof(Model) and stack together, at most
    "tinyml-cnn": 1500, "st-mnist": 5632, "mlp-784-128-64-10": 1300, "kws-dscnn": 7680, "resnet8": 21504,
}


def constant(model, name):
    for tensor in model.graph.initializer:
        if tensor.name == name:
            return onnx.numpy_helper.to_array(tensor)
    for node in model.graph.node:
        if name in node.output and node.op_type == "Constant":
            return onnx.numpy_helper.to_array(node.attribute[0].t)
    raise SystemExit(f"{name} is no constant")


def quantized_samples(model, samples):
    """What lies behind a first QuantizeLinear, in float32 arithmetic as ONNX Runtime's."""
    name = model.graph.input[0].name
    readers = [n for n in model.graph.node if name in n.input]
    while len(readers) == 1 and readers[0].op_type in ("Flatten", "Reshape", "Identity"):
        name = readers[0].output[0]
        readers = [n for n in model.graph.node if name in n.input]
    if samples.dtype != np.float32 or len(readers) != 1 or readers[0].op_type != "QuantizeLinear":
        return samples
    scale, zero = (constant(model, i) for i in readers[0].input[1:3])
    low, high = np.iinfo(zero.dtype).min, np.iinfo(zero.dtype).max
    steps = np.clip(samples / np.float32(scale), np.float32(low - int(zero)), np.float32(high - int(zero)))
    return (np.rint(steps).astype(np.int32) + int(zero)).astype(zero.dtype)


def quantized_outputs(model, outputs):
    """What lies before a last DequantizeLinear, recovered from its float32 result, which is one to one."""
    name = model.graph.output[0].name
    maker = next(n for n in model.graph.node if name in n.output)
    if outputs.dtype != np.float32 or maker.op_type != "DequantizeLinear":
        return outputs
    scale, zero = (constant(model, i) for i in maker.input[1:3])
    every = np.arange(np.iinfo(zero.dtype).min, np.iinfo(zero.dtype).max + 1)
    real = (every - int(zero)).astype(np.float32) * np.float32(scale)
    return every[np.searchsorted(real, outputs)].astype(zero.dtype)


def expected_bytes(path, samples, folder):
    model = onnx.load(path)
    shape = [d.dim_value or 1 for d in model.graph.output[0].type.tensor_type.shape.dim]
    kind = onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[model.graph.output[0].type.tensor_type.elem_type]
    raw = bench.reference(path, samples, folder)
    return quantized_samples(model, samples), quantized_outputs(model, np.frombuffer(raw, kind).reshape([len(samples)] + shape)).tobytes()


def measure(name, chip, samples, optimize, work):
    folder = os.path.join(work, f"ram-{name}-{chip}-{optimize}")
    os.makedirs(folder, exist_ok=True)
    path = model_path(name)
    inputs, expected = expected_bytes(path, samples, folder)
    gen, ins, outs, arena, weights = bench.generate(path, chip, folder, ["--io", "quantized", "--optimize", optimize])
    elf = bench.build(gen, chip, ins, outs, arena, [], folder)
    flash, _ = bench.sizes(elf)
    got, result = bench.simulate(elf, chip, inputs, folder, {"layers": False, "profile": False, "annotate": []})
    whole = next(f for f in result["functions"] if f["name"] == "bench_inference")
    return arena, result["stack_painted"], whole["cycles"], flash, bench.identical(got, expected, len(samples))


def arena_apart(name, chip):
    text = bench.run([bench.compiler(), "inspect", model_path(name), "--target", chip, "--io", "quantized", "--optimize", "time", "--json"], "inspect")
    return json.loads(text)["ram_choices"][0]["arena_bytes"]


def table(args):
    """Prints the rows as they come; the lines, and whether something is wrong."""
    lines, failed = [], False

    def say(line):
        print(line, flush=True)
        lines.append(line)

    say("network              way       identical  sizeof(Model)  stack  together  at most       cycles    flash")
    for name in args.network or [n for n in DEFAULT if os.path.exists(model_path(n))]:
        samples = np.ascontiguousarray(NETWORKS[name][1]()[:args.n])
        for way, optimize in (("shared", "time"), ("streamed", "ram")):
            arena, stack, cycles, flash, identical = measure(name, args.target, samples, optimize, args.work)
            limit = DEFAULT.get(name, 0) if optimize == "ram" else 0
            failed = failed or identical != len(samples) or (limit and arena + stack > limit)
            if way == "shared":
                apart = arena_apart(name, args.target)
                say(f"{name:<20} {'apart':<9} {'':>9}  {apart:>13} {stack:>6} {apart + stack:>9} {'':>8} {cycles:>12,.0f} {flash:>8}")
            say(f"{name:<20} {way:<9} {identical:>5}/{len(samples):<3}  {arena:>13} {stack:>6} {arena + stack:>9} {limit or '':>8} {cycles:>12,.0f} {flash:>8}")
    return lines, failed


TEXT = """# RAM: every buffer by itself, with sharing, and streamed

`bench/ram.py -n {n} --write` on the {chip}, `--io quantized`, in mcusim. RAM is sizeof(Model), inputs and outputs included,
and the stack that an inference really used; *at most* is the aim. *identical*: samples whose output bytes are ONNX Runtime's.
*apart*: layer by layer, every buffer by itself, by the planner; the code is that of *shared* (`--optimize time`) with other
offsets in the arena, so cycles and stack are the same (measured by moving the buffers in the generated text: within 0.1 %). *streamed*: `--optimize ram`.
```
{table}
```
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", nargs="*", help=f"names from networks.py; none: {', '.join(DEFAULT)}")
    parser.add_argument("--target", choices=bench.CHIPS, default="f446")
    parser.add_argument("-n", type=int, default=10)
    parser.add_argument("--work", default=os.path.join(bench.CACHE, "work"))
    parser.add_argument("--write", action="store_true", help="renew bench/ram.md")
    args = parser.parse_args()
    lines, failed = table(args)
    if args.write:
        with open(os.path.join(bench.ROOT, "bench/ram.md"), "w") as f:
            f.write(TEXT.format(n=args.n, chip=args.target.upper(), table="\n".join(lines)))
    return failed


if __name__ == "__main__":
    sys.exit(main())

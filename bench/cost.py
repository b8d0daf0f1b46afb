#!/usr/bin/env -S python3 -B
"""The cost model of compiler/cost: measures layers in the simulator, fits the coefficients, and compares.
   bench/cost.py measure [WORD …] [--chains N] [--target T]   simulates random chains of layers and the networks of networks.py
   bench/cost.py fit [--only WORD]                   writes compiler/cost/coefficients.def from all that was measured; of the
                                                     models named so alone
   bench/cost.py check [NETWORK …] [--write]         expected beside simulated cycles, layer by layer; --write: bench/cost.md"""
import argparse
import collections
import hashlib
import json
import os
import re
import shutil
import sys

import numpy as np

import run as networks
from chains import KINDS, OTHERS, PLANES, write_chain
from networks import NETWORKS, model_path

ROOT = networks.ROOT
MEASURED = os.path.join(networks.CACHE, "cost.jsonl")
CHECKED = ["tinyml-cnn", "st-mnist", "kws-dscnn", "resnet8", "nucleo-cnn", "bluepill-cnn", "h750-mlp"]
FORMS = [[], ["--unroll=size"], ["--unroll=full"], ["steps=1"], ["steps=2"], ["steps=4"]]  # steps: of every innermost loop in one piece
NEAR = 0.15


def compiler_options(model, chip, options):
    """steps=N as a tuning file."""
    if not options or not options[0].startswith("steps="):
        return options
    with open(model, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    layers = {layer["name"]: {"blocked": True, "unroll": int(options[0][6:])} for layer in inspect(model, chip, [])}
    path = os.path.join(networks.CACHE, f"{os.path.basename(model)}-{chip}-{options[0]}.json")
    with open(path, "w") as f:
        json.dump({"target": chip, "model_sha256": digest, "layers": layers}, f)
    return [f"--tuning={path}"]


def inspect(model, chip, options):
    options = compiler_options(model, chip, options)
    text = networks.run([networks.compiler(), "inspect", model, "--target", chip, "--json"] + options, "inspect")
    return json.loads(text)["layers"]


def code_of(elf):
    """Bytes by layer: its function, and those functions of its own that a kernel keeps out of line."""
    sizes, by_struct = {}, collections.Counter()
    for line in networks.run(["arm-none-eabi-nm", "-S", elf], "nm").splitlines():
        m = re.match(r"\w+ (\w+) \w (_ZN\w+)", line)
        if not m:
            continue
        layer = re.match(r"_ZN7network6layers(\d+)(\w+)", m[2])
        kernel = re.match(r"_ZN8onnx2mcu\w+?IN7network6layers(\d+)(\w+)", m[2])
        if layer:
            sizes[layer[2][:int(layer[1])]] = int(m[1], 16)
        elif kernel:
            by_struct[kernel[2][:int(kernel[1])].lower()] += int(m[1], 16)
    return {name: size + by_struct[name.replace("_", "")] for name, size in sizes.items()}


def measure(name, model, samples, chip, options):
    """Layers as inspect describes them, those of streams one by one, with what they take in the simulator."""
    folder = os.path.join(networks.CACHE, "work", f"cost-{name}-{chip}")
    os.makedirs(folder, exist_ok=True)
    layers = [stage for layer in inspect(model, chip, options) for stage in layer.get("stages") or [layer]]
    gen, inputs, outputs, arena, _ = networks.generate(model, chip, folder, compiler_options(model, chip, options))
    elf = networks.build(gen, chip, inputs, outputs, arena, [], folder)
    _, result = networks.simulate(elf, chip, samples, folder, {"layers": True, "profile": False, "annotate": []})
    code = code_of(elf)
    cycles = {}
    for f in result["functions"]:
        m = re.match(r"_ZN7network6layers(\d+)(\w+)", f["name"])
        if m:
            cycles[m[2][:int(m[1])]] = f["cycles"] * f["calls"]
    shutil.rmtree(folder)
    rows = []
    for layer in layers:
        if layer["name"] in cycles:
            rows.append({k: layer.get(k) for k in ("name", "kernel", "cost_model", "work", "parts", "expected_cycles", "expected_code_bytes")} |
                        {"network": name, "chip": chip, "options": options, "cycles": cycles[layer["name"]], "code": code[layer["name"]]})
    return rows


def training(chains):
    """(name, model, one sample, option lists)"""
    folder = os.path.join(networks.CACHE, "chains")
    os.makedirs(folder, exist_ok=True)
    for i in range(chains):
        path = os.path.join(folder, f"chain{i}.onnx")
        yield f"chain{i}", path, write_chain(path, i), FORMS if i % 3 == 0 else FORMS[:2] if i % 3 == 1 else FORMS[:1] + FORMS[3:4]
    for i in range(chains // 2):
        path = os.path.join(folder, f"planes{i}.onnx")
        yield f"planes{i}", path, write_chain(path, 100 + i, PLANES), FORMS[:1]
    for i in range(chains // 4):
        for stem, kinds, quantized in (("others", OTHERS, True), ("float-others", OTHERS, False), ("float", KINDS, False)):
            path = os.path.join(folder, f"{stem}{i}.onnx")
            yield f"{stem}{i}", path, write_chain(path, 200 + i, kinds, quantized), FORMS[:1]
    for name in CHECKED:
        if os.path.exists(model_path(name)):
            yield name, model_path(name), np.ascontiguousarray(NETWORKS[name][1]()[:1]), FORMS[:1] + [["--optimize=ram"]]


def measure_all(args):
    known = set()
    if os.path.exists(MEASURED) and not args.again:
        known = {(r["network"], r["chip"], str(r["options"])) for r in map(json.loads, open(MEASURED))}
    elif os.path.exists(MEASURED):
        os.remove(MEASURED)
    for name, model, sample, forms in training(args.chains):
        if args.network and not any(word in name for word in args.network):
            continue
        for chip in args.target or networks.CHIPS:
            for options in forms if chip != "f103" else [f for f in forms if f in ([], ["--optimize=ram"])]:
                if (name, chip, str(options)) in known:
                    continue
                try:
                    rows = measure(name, model, sample, chip, options)
                except networks.Failed as reason:
                    print(f"{name} {chip} {options}: {str(reason)[-120:]}", flush=True)
                    continue
                with open(MEASURED, "a") as f:
                    f.writelines(json.dumps(r) + "\n" for r in rows)
                print(f"{name} {chip} {options}: {len(rows)} layers", flush=True)


def nonnegative_fit(a, b):
    """x >= 0 with the least |a x - b|, by coordinate descent."""
    size = np.linalg.norm(a, axis=0)
    a = a / np.where(size == 0, 1, size)
    gram, target, x = a.T @ a, a.T @ b, np.zeros(a.shape[1])
    for _ in range(5000):
        before = x.copy()
        for j in range(len(x)):
            x[j] = max(0.0, x[j] - (gram[j] @ x - target[j]) / (gram[j, j] + 1e-12))
        if np.abs(x - before).max() < 1e-9:
            break
    return x / np.where(size == 0, 1, size)


def fit_group(rows, amounts, result):
    """Coefficients that make the relative errors least, large layers counting more than tiny ones."""
    names = sorted({n for r in rows for n in r[amounts]})
    matrix = np.array([[r[amounts].get(n, 0) / r[result] for n in names] for r in rows])
    weight = np.array([min(1.0, 0.3 + r[result] / 20000) if result == "cycles" else 1.0 for r in rows])
    x = nonnegative_fit(matrix * weight[:, None], weight)
    return dict(zip(names, x)), matrix @ x - 1


def measured_rows(chains):
    """What was measured, described as the compiler describes it now."""
    rows, models = collections.defaultdict(list), {name: model for name, model, _, _ in training(chains)}
    for row in map(json.loads, open(MEASURED)):
        rows[row["network"], row["chip"], tuple(row["options"])].append(row)
    for (name, chip, options), measured in rows.items():
        layers = {layer["name"]: layer for layer in inspect(models[name], chip, list(options))}
        for row in measured:
            layer = layers.get(row["name"])
            if layer and layer["kernel"] == row.get("kernel", layer["kernel"]):
                yield row | {k: layer.get(k) for k in ("cost_model", "work", "parts", "expected_cycles", "expected_code_bytes")}


def fit(args):
    groups = collections.defaultdict(list)
    for row in measured_rows(args.chains):
        groups[row["chip"], row["cost_model"]].append(row)
    path = os.path.join(ROOT, "compiler/cost/coefficients.def")
    with open(path) as f:
        title, *lines = f
    groups = {place: rows for place, rows in groups.items() if (args.only or "") in place[1]}
    kept = [line for line in lines if args.only and (line.split('"')[1], line.split('"')[3]) not in groups]
    for (chip, key), rows in sorted(groups.items()):
        for macro, amounts, result in (("CYCLES", "work", "cycles"), ("BYTES", "parts", "code")):
            known = [r for r in rows if r[result]]
            coefficients, errors = fit_group(known, amounts, result)
            for name, value in coefficients.items():
                kept.append(f'{macro}("{chip}", "{key}", "{name}", {float(f"{value:.4g}"):g})\n')
            if macro == "CYCLES":
                print(f"{chip} {key:<44} {len(known):3} layers, error rms {np.sqrt(np.mean(errors ** 2)):.3f}, largest {np.abs(errors).max():.2f}")
    order = {"CYCLES": 0, "BYTES": 1}
    kept.sort(key=lambda line: (line.split('"')[1], line.split('"')[3], order[line.split("(")[0]], line.split('"')[5]))
    with open(path, "w") as f:
        f.writelines([title] + kept)


def checked_rows(args, name, chip):
    """The network's layers on the chip, simulated now or, with --measured, before."""
    if args.measured:
        return [r for r in measured_rows(args.chains) if (r["network"], r["chip"], r["options"]) == (name, chip, args.option)]
    try:
        return measure(name, model_path(name), np.ascontiguousarray(NETWORKS[name][1]()[:1]), chip, args.option)
    except networks.Failed as reason:
        print(f"{name} {chip}: {str(reason)[:80]}")
        return []


def check(args):
    lines, near, total = [], 0, 0
    for name in args.network or [n for n in CHECKED if os.path.exists(model_path(n))]:
        for chip in args.target or networks.CHIPS:
            for r in checked_rows(args, name, chip):
                expected = r["expected_cycles"]
                error = expected / r["cycles"] - 1 if expected is not None else None
                total += 1
                near += error is not None and abs(error) <= NEAR
                mark = "" if error is not None and abs(error) <= NEAR else "miss"
                fields = [name, chip, r["name"], r["cost_model"], f"{r['cycles']:.0f}", "-" if error is None else f"{expected:.0f}",
                          "-" if error is None else f"{100 * error:+.0f} %", str(r["code"]), str(r["expected_code_bytes"] or "-"), mark]
                lines.append("| " + " | ".join(fields) + " |")
                print("  ".join(fields), flush=True)
    print(f"{near} of {total} layers within {100 * NEAR:.0f} %")
    if args.write:
        with open(os.path.join(ROOT, "bench/cost.md"), "w") as f:
            f.write(f"""# The cost model beside the simulator

Made by `bench/cost.py check --write`: cycles of every layer as `onnx2mcu inspect` expects them and as the simulator counts them, and bytes of
code. {near} of {total} layers are within {100 * NEAR:.0f} %; the others are marked. These networks are among what the model is fitted to, beside random chains.

| network | chip | layer | model | simulated | expected | error | code | expected | |
|---|---|---|---|---|---|---|---|---|---|
""" + "\n".join(lines) + "\n")
    return 0


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("action", choices=["measure", "fit", "check"])
    p.add_argument("network", nargs="*")
    p.add_argument("--chains", type=int, default=16)
    p.add_argument("--again", action="store_true", help="measure: forget what was measured before")
    p.add_argument("--only", metavar="WORD", help="fit: the models whose names hold the word, the others stay")
    p.add_argument("--measured", action="store_true", help="check: against what was measured, without simulating again")
    p.add_argument("--target", action="append", choices=list(networks.CHIPS))
    p.add_argument("--option", action="append", default=[])
    p.add_argument("--write", action="store_true")
    args = p.parse_args()
    return {"measure": measure_all, "fit": fit, "check": check}[args.action](args)


if __name__ == "__main__":
    sys.exit(main())

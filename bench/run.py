#!/usr/bin/env -S python3 -B
"""Builds firmware for a network and a chip, runs it in a simulator, compares every output with ONNX Runtime and prints
flash image, RAM, cycles and milliseconds. See README.md here."""
import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np

from networks import CACHE, NETWORKS, ROOT, SHARED, compiler, model_path

CHIPS = {
    "f103": ("stm32f103", 72, "-mcpu=cortex-m3 -mthumb"),
    "f446": ("stm32f446", 180, "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16"),
    "h750": ("stm32h750", 480, "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16"),
}
STACK = 8192  # generous: what the network needs of it is measured


class Failed(Exception):
    pass


def run(command, what):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        text = (done.stderr + done.stdout).strip()
        overflow = re.search(r"region `(\w+)' overflowed by (\d+) bytes", text)
        refused = re.search(r"does not fit: (\d+ bytes for \d+ bytes of \w+)", text)
        if overflow or refused:
            raise Failed(f"does not fit: {refused[1]}" if refused else f"does not fit: {overflow[1]} by {overflow[2]} bytes")
        raise Failed(f"{what}: {text[-600:]}")
    return done.stdout


def file_hash(*paths):
    h = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as f:
            h.update(f.read())
    return h.hexdigest()[:16]


def reference(model, samples, folder):
    """ONNX Runtime's outputs, all of one sample after the other; kept for the next run."""
    inputs = os.path.join(folder, "inputs.npy")
    np.save(inputs, samples)
    kept = os.path.join(CACHE, f"{file_hash(model, inputs)}.bin")
    if not os.path.exists(kept):
        names = json.loads(run(["node", os.path.join(ROOT, "bench/outputs.mjs"), model], "outputs of the model"))
        files = [os.path.join(folder, f"expected{i}.npy") for i in range(len(names))]
        command = ["node", os.path.join(ROOT, "tests/reference/run.mjs"), model, "--input", inputs]
        for name, file in zip(names, files):
            command += ["--output", f"{name}={file}"]
        run(command, "ONNX Runtime")
        arrays = [np.load(f) for f in files]
        os.makedirs(CACHE, exist_ok=True)
        with open(kept + ".part", "wb") as out:
            for i in range(len(samples)):
                for a in arrays:
                    out.write(a[i].tobytes())
        os.rename(kept + ".part", kept)
    with open(kept, "rb") as f:
        return f.read()


def generate(model, chip, folder, options):
    gen = os.path.join(folder, "gen")
    shutil.rmtree(gen, ignore_errors=True)
    run([compiler(), model, "-o", gen, "--target", chip] + options, "onnx2mcu")
    with open(os.path.join(gen, "network.hpp")) as f:
        text = f.read()
    return gen, len(re.findall(r"struct Input<\d+>", text)), len(re.findall(r"struct Output<\d+>", text)), \
        int(re.search(r"arena_bytes = (\d+)", text)[1]), int(re.search(r"weight_bytes = (\d+)", text)[1])


def sections(gen):
    """Where --firmware has weights and code: the definitions of its CMakeLists.txt, the arena's section, and bytes of stack."""
    with open(os.path.join(gen, "CMakeLists.txt")) as f:
        text = f.read()
    definitions = re.search(r"target_compile_definitions\(firmware PRIVATE(.*?)\)\n", text, re.S)[1]
    with open(os.path.join(gen, "main.cpp")) as f:
        arena = re.search(r'gnu::section\("([^"]+)"\)', f.read())
    quoted = [d.replace('\\"', '"') for d in re.findall(r'"((?:[^"\\]|\\.)*)"', definitions)]
    plain = re.findall(r"^\s*(ONNX2MCU_\w+)\s*$", definitions, re.M)
    stack = re.search(r"set\(ONNX2MCU_STACK_BYTES (\d+)", text)[1]
    return [f"-D{d}" for d in quoted + plain] + ([f'-DBENCH_ARENA="{arena[1]}"'] if arena else []), int(stack)


def build(gen, chip, inputs, outputs, arena, flags, folder):
    name, _, cpu = CHIPS[chip]
    target, common = os.path.join(ROOT, "targets", name), os.path.join(ROOT, "targets/common")
    sources = [os.path.join(ROOT, "bench/firmware.cpp")]
    for where in (target, common):
        sources += sorted(os.path.join(where, f) for f in os.listdir(where) if f.endswith(".cpp"))
    elf = os.path.join(folder, "firmware.elf")
    stack = STACK if chip != "f103" else 1536
    place = [] if chip != "h750" or arena < 100_000 else ['-DBENCH_ARENA=".big_noinit"']
    if os.path.exists(os.path.join(gen, "main.cpp")):
        place, stack = sections(gen)
    command = ["arm-none-eabi-g++", "-std=c++17", *cpu.split(), "-O2", "-ffp-contract=off", "-ffreestanding", "-fno-exceptions",
               "-fno-rtti", "-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra", f"-DBENCH_INPUTS={inputs}",
               f"-DBENCH_OUTPUTS={outputs}", *place, f"-I{gen}", f"-I{target}", f"-I{common}", *flags, *sources, "-nostartfiles",
               "-Wl,--gc-sections", f"-Wl,--defsym=stack_size={stack}", "-L", common,
               "-T", os.path.join(target, "memory.ld"), "-o", elf]
    run((["ccache"] if shutil.which("ccache") else []) + command, "arm-none-eabi-g++")
    return elf


def sizes(elf):
    """Bytes of the flash image and of RAM that is taken whether or not the stack is used."""
    flash = ram = 0
    for line in run(["arm-none-eabi-objdump", "-h", "-w", elf], "objdump").splitlines():
        m = re.match(r"\s*\d+ (\S+)\s+(\w+)\s+(\w+)\s+(\w+)\s+\w+\s+\S+\s+(.*)", line)
        if not m or "ALLOC" not in m[5]:
            continue
        size, address = int(m[2], 16), int(m[3], 16)
        if "LOAD" in m[5].split(", "):
            flash += size
        if m[1] != ".stack" and (0x20000000 <= address < 0x40000000 or address < 0x08000000):
            ram += size
    return flash, ram


def simulator():
    """mcusim from ../shared, built once."""
    if os.environ.get("MCUSIM"):
        return os.environ["MCUSIM"]
    source = os.path.join(SHARED, "tools/mcusim")
    binary = os.path.join(CACHE, "mcusim/mcusim")
    if not os.path.exists(binary):
        if not os.path.isdir(source):
            raise Failed("no simulator: set MCUSIM")
        run(["make", "-C", source, f"OUT={os.path.dirname(binary)}"], "mcusim")
    return binary


def simulate(elf, chip, samples, folder, report):
    rx, json_file = os.path.join(folder, "rx.bin"), os.path.join(folder, "sim.json")
    with open(rx, "wb") as f:
        f.write(samples.tobytes())
    command = [simulator(), "-t", chip, "--rx", rx, "--json", json_file, "--func", "bench_inference"]
    if report["layers"]:
        command += ["--func", "_ZN7network6layers*"]
    done = subprocess.run(command + ["--profile"] * report["profile"] + sum((["--annotate", f] for f in report["annotate"]), []) + [elf],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if report["profile"] or report["annotate"]:
        sys.stderr.write(done.stderr.decode("utf-8", "replace"))
    if not os.path.exists(json_file):
        raise Failed("simulator: " + done.stderr.decode("utf-8", "replace")[-400:])
    with open(json_file) as f:
        result = json.load(f)
    if result["reason"] != "RX end of input":
        raise Failed(f"simulator: {result['reason']}")
    return done.stdout, result


def identical(got, expected, n):
    size = len(expected) // n
    return sum(got[i * size:(i + 1) * size] == expected[i * size:(i + 1) * size] for i in range(n)) if len(got) == len(expected) else 0


def bench(name, model, samples, chip, args):
    folder = os.path.join(args.work, f"{name}-{chip}")
    os.makedirs(folder, exist_ok=True)
    expected = reference(model, samples, folder)
    gen, inputs, outputs, arena, weights = generate(model, chip, folder, args.option + ["--firmware"] * args.firmware)
    elf = build(gen, chip, inputs, outputs, arena, args.flag, folder)
    flash, ram = sizes(elf)
    got, result = simulate(elf, chip, samples, folder, {"layers": args.layers, "profile": args.profile, "annotate": args.annotate})
    whole = next(f for f in result["functions"] if f["name"] == "bench_inference")
    row = {"network": name, "chip": chip, "samples": len(samples), "identical": identical(got, expected, len(samples)),
           "flash": flash, "weights": weights, "ram": ram + result["stack_painted"], "stack": result["stack_painted"], "arena": arena,
           "instructions": whole["insns"], "cycles": whole["cycles"], "ms": whole["cycles"] / CHIPS[chip][1] / 1000, "elf": elf}
    row["layers"] = [(f["name"], f["calls"] // whole["calls"], f["insns"], f["cycles"]) for f in result["functions"]
                     if f is not whole]
    row["first"] = {f["name"]: f["first"] for f in result["functions"]}
    return row


def show(row):
    print(f"{row['network']:<20} {row['chip']} {row['identical']:>5}/{row['samples']:<4} {row['flash']:>8} {row['weights']:>8} "
          f"{row['ram']:>8} {row['stack']:>6} {row['cycles']:>12,.0f} {row['ms']:>9.3f}", flush=True)
    if row["layers"]:
        names = subprocess.run(["arm-none-eabi-c++filt"] + [l[0] for l in row["layers"]], stdout=subprocess.PIPE, text=True).stdout.split("\n")
        for text, (_, calls, insns, cycles) in zip(names, row["layers"]):
            print(f"    {text.split('(')[0].split('::')[-1]:<36} {insns:>12,.0f} instructions {cycles:>12,.0f} cycles")


def parse():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("network", nargs="*", help="names from networks.py, or a .onnx file (with --input); none: every network there is")
    p.add_argument("--target", action="append", choices=CHIPS, help="default: all three")
    p.add_argument("-n", type=int, default=20, help="samples (default 20)")
    p.add_argument("--input", help="samples for a .onnx file, (N, ...) .npy")
    p.add_argument("--layers", action="store_true", help="instructions and cycles of every layer")
    p.add_argument("--profile", action="store_true", help="the simulator's profile by function, on stderr")
    p.add_argument("--annotate", action="append", default=[], metavar="SYMBOL", help="disassembly with cycles, on stderr")
    p.add_argument("--flag", action="append", default=[], help="added to the compiler's flags, e.g. --flag=-O3")
    p.add_argument("--option", action="append", default=[], help="added to onnx2mcu's command line")
    p.add_argument("--firmware", action="store_true",
                   help="weights, code and arena in the memory banks where --firmware has them, e.g. with --option=--optimize=time")
    p.add_argument("--json", help="results as JSON lines, appended to this file")
    p.add_argument("--work", default=os.path.join(CACHE, "work"), help="where generated code and firmware stay")
    return p.parse_args()


def main():
    args = parse()
    names = args.network or [n for n in NETWORKS if os.path.exists(model_path(n))]
    bad = 0
    print("network              chip   identical    flash  weights      RAM  stack       cycles        ms")
    for name in names:
        for chip in args.target or CHIPS:
            try:
                if name.endswith(".onnx"):
                    row = bench(os.path.basename(name)[:-5], name, np.load(args.input)[:args.n], chip, args)
                else:
                    row = bench(name, model_path(name), np.ascontiguousarray(NETWORKS[name][1]()[:args.n]), chip, args)
            except Failed as reason:
                print(f"{name:<20} {chip} {reason}", flush=True)
                bad += not str(reason).startswith("does not fit")
                continue
            show(row)
            bad += row["identical"] != row["samples"]
            if args.json:
                with open(args.json, "a") as f:
                    f.write(json.dumps(row) + "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

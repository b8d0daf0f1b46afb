#!/usr/bin/env -S python3 -B
"""Whole systems in the board simulator: every example and every original network as firmware of --firmware, 100 images as
frames over the UART, all outputs compared with ONNX Runtime; image, RAM, time beside the originals' figures; and
onnx2mcu-sim beside mcusim. Writes systems.md. See README.md here."""
import argparse
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zlib

import numpy as np

import run as bench
from networks import NETWORKS, ROOT, SHARED, model_path

SIMULATOR = os.environ.get("ONNX2MCU_SIM", os.path.join(ROOT, "build/onnx2mcu-sim"))
MHZ = {"f103": 72, "f446": 180, "h750": 480}
MAGIC = b"\xa5O2M"
DIGITS = [f"{ROOT}/examples/digits/{f}" for f in ("digits_200x1x28x28_u8.npy", "labels_200_u8.npy")]
BUILT_IN = ["--input", DIGITS[0], "--expected", f"{ROOT}/examples/h750-mlp/expected_200x10_f32.npy", "--labels", DIGITS[1], "--samples", "100"]
# The originals, as their authors measured them.
LINEAR, NONE = {"flash image": "34,700 B"}, {}
CNN = {"weights": "108,268 B", "RAM": "7,599 B", "time": "9 ms"}
DENSE = {"weights": "473,128 B (float)", "RAM": "4,200 B"}
ST = {"flash image": "56 KiB", "RAM": "about 19 KiB", "time": "3.41 ms at 400 MHz"}
MLP = {"weights": "109,992 B", "RAM": "3,760 B"}
# network of networks.py, chip, what is said after its name, options of onnx2mcu, the original
SYSTEMS = [
    ("bluepill-linear", "f103", "", [], LINEAR),
    ("bluepill-cnn", "f103", "", [], NONE),
    ("nucleo-cnn", "f446", "", [], CNN),
    ("nucleo-mlp", "f446", "", [], DENSE),
    ("h7-st-mnist", "h750", "", [], ST),
    ("h750-mlp", "h750", ", 100 images built in", BUILT_IN, MLP),
    ("h750-mlp", "h750", ", 100 images built in, weights in QSPI", [*BUILT_IN, "--place", "weights=qspi"], MLP),
    ("h750-mlp", "h750", ", weights in AXI", ["--place", "weights=axi"], MLP),
    ("h750-mlp", "h750", ", weights in DTCM", ["--place", "weights=dtcm"], MLP),
    ("linear-float", "f103", "", [], LINEAR),
    ("tinyml-cnn", "f446", "", [], CNN),
    ("mlp-float", "f446", "", [], DENSE),
    ("st-mnist", "h750", "", [], ST),
    ("st-mnist-float", "h750", "", [], ST),
    ("st-mnist-2024", "h750", "", [], ST),
    ("mlp-784-128-64-10", "h750", "", [], MLP),
]


def infer_frame(sequence, payload):
    header = MAGIC + struct.pack("<BBHI", 2, sequence, 0, len(payload))
    return header + struct.pack("<I", zlib.crc32(header)) + payload + struct.pack("<I", zlib.crc32(payload))


def replies(data):
    """(cycles, outputs) of every reply to `infer`, in order."""
    found, at = [], data.find(MAGIC)
    while at >= 0:
        kind, _, _, length = struct.unpack_from("<BBHI", data, at + 4)
        payload = data[at + 16:at + 16 + length]
        if kind != 0x82 or zlib.crc32(payload) != struct.unpack_from("<I", data, at + 16 + length)[0]:
            raise bench.Failed(f"the device answered with a frame of type {kind:#x}")
        found.append((struct.unpack_from("<I", payload)[0], payload[4:]))
        at = data.find(MAGIC, at + 20 + length)
    return found


def firmware(model, chip, options, folder):
    """The project exactly as a user builds it."""
    gen = os.path.join(folder, "gen")
    shutil.rmtree(gen, ignore_errors=True)
    bench.run([bench.compiler(), model, "-o", gen, "--target", chip, "--firmware", *options], "onnx2mcu")
    bench.run(["cmake", "-S", gen, "-B", f"{gen}/build", "-G", "Ninja"], "cmake")
    bench.run(["cmake", "--build", f"{gen}/build"], "cmake --build")
    with open(os.path.join(gen, "network.hpp")) as f:
        weights = int(re.search(r"weight_bytes = (\d+)", f.read())[1])
    return f"{gen}/build/firmware.elf", [os.path.getsize(f"{gen}/build/{name}.bin") for name in ("firmware", "external")], weights


def section_bytes(elf, name):
    found = re.search(rf"{re.escape(name)}\s+(\d+)", bench.run(["arm-none-eabi-size", "-A", elf], "size"))
    return int(found[1]) if found else 0


def frames_file(samples, folder):
    path = os.path.join(folder, f"frames-{len(samples)}")
    with open(path, "wb") as f:
        for i, sample in enumerate(samples):
            f.write(infer_frame(i & 255, sample.tobytes()))
    return path


def simulate(elf, chip, frames, folder):
    json_file = os.path.join(folder, "sim.json")
    done = subprocess.run([SIMULATOR, "-q", "-t", chip, "--uart", f"file:{frames}", "--json", json_file, elf],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise bench.Failed(f"onnx2mcu-sim: status {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-400:]}")
    with open(json_file) as f:
        return done.stdout, json.load(f)


def beside_mcusim(elf, chip, samples, folder):
    """[our instructions, its, our cycles, its] over a few frames, or nothing when mcusim is not there."""
    try:
        mcusim = bench.simulator()
    except bench.Failed:
        return None
    frames = frames_file(samples, folder)
    out, ours = simulate(elf, chip, frames, folder)
    done = subprocess.run([mcusim, "-t", chip, "--rx", frames, elf], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    theirs = re.search(rb"total: (\d+) insns, (\d+) cycles", done.stderr)
    if done.stdout != out or not theirs:
        raise bench.Failed("mcusim sends other bytes")
    return [int(ours["total"]["instructions"]), int(theirs[1]), int(ours["total"]["cycles"]), int(theirs[2])]


def accuracy(model):
    """Of the generated code, on the host, over MNIST's 10,000 test images."""
    images, labels = (f"{SHARED}/data/mnist/t10k-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1"))
    if not os.path.exists(images):
        return "–"
    text = bench.run([bench.compiler(), "validate", model, "--input", images, "--labels", labels], "validate")
    right, total = map(int, re.search(r"(\d+) of (\d+)", text[text.index("labels"):]).groups())
    return f"{100 * right / total:.2f} %"


def measure(name, chip, note, options, original, args):
    model, folder = model_path(name), os.path.join(args.work, "-".join(re.findall(r"\w+", f"{name} {chip}{note}")))
    os.makedirs(folder, exist_ok=True)
    samples = np.ascontiguousarray(NETWORKS[name][1]()[:args.n])
    expected = bench.reference(model, samples, folder)
    elf, (flash, external), weights = firmware(model, chip, options, folder)
    hot = section_bytes(elf, ".fast_code")
    out, result = simulate(elf, chip, frames_file(samples, folder), folder)
    answers = replies(out)
    got = b"".join(outputs for _, outputs in answers)
    cycles = sum(c for c, _ in answers) / max(1, len(answers))
    return {"name": name, "note": note, "chip": chip, "samples": len(samples), "identical": bench.identical(got, expected, len(samples)),
            "accuracy": accuracy(model) if model.startswith(ROOT + "/examples") else "", "flash": flash, "external": external,
            "weights": weights, "static": bench.sizes(elf)[1] - hot, "hot": hot, "stack": result["stack"], "cycles": cycles, "original": original,
            "simulators": beside_mcusim(elf, chip, samples[:5], folder)}


def figures(row):
    """What is set beside the original's figures."""
    ms = f"{row['cycles'] / MHZ[row['chip']] / 1000:.3f} ms"
    slower = f" ({row['cycles'] / 400e3:.3f} ms at 400 MHz)" if "400 MHz" in row["original"].get("time", "") else ""
    return {"flash image": f"{row['flash']:,} B" + (f" + {row['external']:,} B external" if row["external"] else ""), "weights": f"{row['weights']:,} B",
            "RAM": f"{row['static']:,} + {row['stack']:,} = {row['static'] + row['stack']:,} B" + (f", and {row['hot']:,} B of code in ITCM" if row["hot"] else ""),
            "time": ms + slower}


def table(rows):
    lines = ["| system | chip | identical | MNIST test | flash image | weights | RAM: static + stack | cycles | time | the original |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for r in rows:
        f, original = figures(r), ", ".join(f"{value} {what}" if what != "time" else value for what, value in r["original"].items())
        lines.append(f"| {r['name']}{r['note']} | {r['chip']} | {r['identical']} of {r['samples']} | {r['accuracy']} | {f['flash image']} | {f['weights']} | "
                     f"{f['RAM']} | {r['cycles']:,.0f} | {f['time']} | {original} |")
    return "\n".join(lines)


def update_readme(name, rows):
    """The figures in an example's README."""
    path = os.path.join(ROOT, "examples", name, "README.md")
    columns = [figures(r) for r in rows]
    lines = ["| figure | the original | " + " | ".join(f"this example{r['note']}" for r in rows) + " |", "|---|---|" + "---|" * len(rows)]
    lines += [f"| {what} | {rows[0]['original'].get(what, '–')} | " + " | ".join(c[what] for c in columns) + " |" for what in columns[0]]
    lines += ["| identical to ONNX Runtime, over the UART | | " + " | ".join(f"{r['identical']} of {r['samples']} images" for r in rows) + " |"]
    lines += ["", "Measured by `bench/systems.py` in the board simulator; RAM is static data and the stack really used. See [bench/systems.md](../../bench/systems.md)."]
    begin, end = "<!-- written by bench/systems.py -->\n", "<!-- end -->"
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text[:text.index(begin) + len(begin)] + "\n".join(lines) + "\n" + text[text.index(end):])


def simulators_table(rows):
    lines = ["| system | chip | instructions: onnx2mcu-sim | mcusim | cycles: onnx2mcu-sim | mcusim | cycles differ by |", "|---|---|---|---|---|---|---|"]
    for r in rows:
        if r["simulators"]:
            a, b, c, d = r["simulators"]
            lines.append(f"| {r['name']}{r['note']} | {r['chip']} | {a:,} | {b:,} | {c:,} | {d:,} | {100 * (c - d) / d:.2f} % |")
    return "\n".join(lines)


def simulators_agree(row):
    if not row["simulators"]:
        return True
    a, b, c, d = row["simulators"]
    return a == b and abs(c - d) <= 0.01 * d


TEXT = """# Whole systems in the board simulator

Written by `bench/systems.py`; README.md says what it needs. Each network is built as firmware by `onnx2mcu … --firmware` and
arm-none-eabi-g++, runs in onnx2mcu-sim, and gets its images as frames over the simulated UART. *identical*: images whose outputs
have ONNX Runtime's bits. *flash image*: all of it, start-up code and protocol included; *external* is the QSPI flash. *stack* is what
was really used. Cycles and milliseconds (72, 180, 480 MHz) are the simulator's estimate of one inference, from the device's own
cycle counter. *MNIST test*: right among 10,000, by the generated code on the host.
The originals' figures are their authors'. The rows below the examples are the originals' own networks.

{systems}

## onnx2mcu-sim beside mcusim
The same firmware and the same five frames, from reset to the last answer.

{simulators}
"""


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("network", nargs="*", help="names from networks.py (default: every system there is, and systems.md is written)")
    p.add_argument("-n", type=int, default=100, help="images (default 100)")
    p.add_argument("--work", default=os.path.join(bench.CACHE, "systems"), help="where generated code and firmware stay")
    args = p.parse_args()
    rows, bad = [], 0
    for system in SYSTEMS:
        if (args.network and system[0] not in args.network) or not os.path.exists(model_path(system[0])):
            continue
        try:
            row = measure(*system, args)
        except bench.Failed as reason:
            print(f"{system[0]} {system[1]}{system[2]}: {reason}", flush=True)
            bad += 1
            continue
        rows.append(row)
        good = row["identical"] == row["samples"] and simulators_agree(row)
        bad += not good
        print(table([row]).splitlines()[-1] + ("" if good else "  <- FAILED"), flush=True)
    if not args.network:
        with open(os.path.join(ROOT, "bench/systems.md"), "w") as f:
            f.write(TEXT.format(systems=table(rows), simulators=simulators_table(rows)))
        for name in dict.fromkeys(r["name"] for r in rows if r["accuracy"]):
            update_readme(name, [r for r in rows if r["name"] == name])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

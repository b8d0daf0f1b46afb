#!/usr/bin/env python3
"""onnx2mcu tune: the file it writes, that later compilations follow it, that the cycles in it are those of a firmware built
with it, and that it is refused for another model."""
import json
import os
import re
import shutil
import struct
import subprocess

import board
from board import COMPILER, MODEL, ROOT, SIMULATOR, build_project, frame, need, run

TARGET = "f446"


def refused(folder, model, *options):
    done = subprocess.run([COMPILER, model, "-o", f"{folder}/no", "--target", TARGET, *options], capture_output=True, text=True)
    need(done.returncode == 1 and not os.path.exists(f"{folder}/no"), f"not refused: {options} {done.stderr}")
    return done.stderr


def forms_in(header):
    """{layer: (kernel, unroll)} of the generated code."""
    found = re.findall(r"^struct \w+ \{\n(.*?)^\};\nONNX2MCU_LAYER inline void (\w+)\(.*?onnx2mcu::(\w+)<", header, re.S | re.M)
    unroll = {layer: re.search(r"int unroll = (\d+);", body) for body, layer, _ in found}
    return {layer: (kernel, int(unroll[layer][1]) if unroll[layer] else None) for _, layer, kernel in found}


def check_followed(folder, model, tuned):
    """The code compiled beside the file is the one the file describes; returns its cycles by layer in the simulator."""
    run([COMPILER, model, "-o", f"{folder}/gen", "--target", TARGET, "--firmware"])
    with open(f"{folder}/gen/network.hpp") as f:
        forms = forms_in(f.read())
    need(set(forms) == set(tuned), f"layers {sorted(forms)}, tuned {sorted(tuned)}")
    for layer, (kernel, unroll) in forms.items():
        choice = tuned[layer]
        need(unroll is None or (choice["blocked"] and unroll == choice["unroll"]), f"{layer}: {kernel}, unroll {unroll}, tuned {choice}")
    elf = build_project(f"{folder}/gen")
    with open(f"{folder}/frame", "wb") as f:
        f.write(frame(2, 1, struct.pack("<784B", *((7 * i) % 256 for i in range(784)))))
    run([SIMULATOR, "-q", "-t", TARGET, "--uart", f"file:{folder}/frame", "--func", "network::layers::*", "--json", f"{folder}/sim.json",
         elf], status=None)
    with open(f"{folder}/sim.json") as f:
        return {e["name"].split("::")[-1]: e["cycles"] for e in json.load(f)["functions"]}


def tune(folder):
    model = f"{folder}/model.onnx"
    shutil.copy(MODEL, model)
    said = run([COMPILER, "tune", model, "--target", TARGET]).stdout.decode()
    print(said, end="")
    after, before = map(int, re.search(r": (\d+) cycles an inference, (\d+) as", said).groups())
    file = f"{folder}/model.{TARGET}.tuning.json"
    with open(file) as f:
        tuned = json.load(f)["layers"]
    need(after <= before * 1.01, f"tuned {after} cycles, untuned {before}")
    need(abs(sum(t["cycles"] for t in tuned.values()) - after) < len(tuned), f"{tuned} do not add up to {after}")
    for layer, cycles in check_followed(folder, model, tuned).items():
        need(abs(cycles - tuned[layer]["cycles"]) <= 0.05 * cycles + 50, f"{layer}: {cycles} cycles, the file says {tuned[layer]['cycles']}")
    need("was made for another model or target" in refused(folder, f"{ROOT}/examples/h750-mlp/h750-mlp.onnx", "--tuning", file), "another model")
    with open(f"{folder}/damaged.json", "w") as f:
        f.write('{"target": "f446"')
    need("is no file that" in refused(folder, model, "--tuning", f"{folder}/damaged.json"), "a damaged file")
    need("cannot read" in refused(folder, model, "--tuning", f"{folder}/missing.json"), "a missing file")


if __name__ == "__main__":
    board.main(tune)

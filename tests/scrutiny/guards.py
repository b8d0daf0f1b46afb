#!/usr/bin/env python3
"""The example networks with red zones around the arena and garbage in all its dead bytes (guards.hpp), against what ONNX
Runtime computed. With --simulated, the same as firmware in the simulator.

  guards.py [--simulated SIMULATOR]      (ONNX2MCU names the executable)

Exit status 77: NumPy or, for the simulator, the cross compiler is missing."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "golden"), str(HERE.parent / "firmware")]
import needs  # noqa: E402

needs.packages("numpy")
import numpy as np  # noqa: E402

from examples import networks, write_input  # noqa: E402  (tests/golden)

SAMPLES = 4
TARGETS = ["f103", "f446", "h750"]


def onnx2mcu(*arguments):
    return subprocess.run([os.environ["ONNX2MCU"], *map(str, arguments)], text=True, capture_output=True, check=False)


def write_live(network, target, gen, cut=None):
    """live.hpp: the plan's buffers. `cut` shortens the life of that buffer by its last step: the guards must notice."""
    plan = json.loads(onnx2mcu("inspect", network, "--target", target, "--json").stdout)
    rows = "".join(f"    {{{b['offset']}, {b['bytes']}, {b['lower']}, {b['upper'] - (n == cut)}}},\n" for n, b in enumerate(plan["buffers"]))
    (gen / "live.hpp").write_text(f"const guards::Live guards::live[] = {{\n{rows}}};\nconst std::size_t guards::live_count = {len(plan['buffers'])};\n")
    return plan["buffers"]


def expected_of(network):
    return np.load(HERE.parent / "golden" / "expected" / f"{network.stem}.npy")[:SAMPLES]


def on_host(network, target, gen, cut=None):
    """None if the guarded network computes what ONNX Runtime does, else what is wrong."""
    buffers = write_live(network, target, gen, cut)
    program = gen / "guarded"
    command = ["c++", "-std=c++17", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-I", gen, "-I", HERE, HERE / "guarded.cpp", "-o", program]
    subprocess.run([str(c) for c in command], check=True)
    np.load(write_input(network, gen))[:SAMPLES].tofile(gen / "in")
    ran = subprocess.run([program, gen / "in", gen / "out"], text=True, capture_output=True, check=False)
    if ran.returncode:
        return ran.stdout + ran.stderr[:2000]
    expected = expected_of(network)
    same = np.fromfile(gen / "out", expected.dtype).tobytes() == expected.tobytes()
    return None if same else f"other outputs ({len(buffers)} buffers)"


def generate(network, target, gen):
    done = onnx2mcu(network, "-o", gen, "--firmware", "--target", target)
    if done.returncode == 1 and "does not fit" in done.stderr:
        return False
    if done.returncode:
        sys.exit(done.stderr)
    return True


def host_checks(root):
    failed = tried = 0
    for network in networks():
        for target in TARGETS:
            gen = root / f"{network.stem}-{target}"
            if not generate(network, target, gen):
                continue
            tried += 1
            if problem := on_host(network, target, gen):
                failed += 1
                print(f"{network.stem} for {target}: {problem}")
            break  # one target of each: the first it fits
    # The guards themselves: a buffer that is said to die one step early is seen.
    network, gen = networks()[0], root / "cut"
    generate(network, "h750", gen)
    longer = [n for n, b in enumerate(write_live(network, "h750", gen)) if b["upper"] - b["lower"] > 1][:2]
    unseen = [n for n in longer if on_host(network, "h750", gen, cut=n) is None]
    if unseen:
        failed += 1
        print(f"guards that see nothing: buffers {unseen}")
    print(f"{tried} guarded networks, {failed} failed")
    return failed != 0


def guard_firmware(gen):
    """The generated firmware with the guarded network in the place of the network; a fault spoils the outputs."""
    shutil.copy(HERE / "guards.hpp", gen)
    text = (gen / "main.cpp").read_text()
    for old, new in (('#include "layer_ends.hpp"', '#include "guards.hpp"'), ('#include "vectors.hpp"', '#include "vectors.hpp"\n#include "live.hpp"'),
                     ("network::Model model;", "guards::Guarded<network::Model> guarded;\nnetwork::Model& model = guarded.model;"),
                     ("[] { model.run(); }", "[] { guards::begin(guarded); model.run(); if (guards::finish(guarded)) for (auto& y : model.output()) y = static_cast<std::remove_reference_t<decltype(y)>>(99); }")):
        if old not in text:
            sys.exit(f"main.cpp has no {old}")
        text = text.replace(old, new)
    (gen / "main.cpp").write_text(text)


def simulated_checks(root, simulator):
    os.environ["ONNX2MCU_SIM"] = simulator
    import board  # tests/firmware

    failed = tried = 0
    quantized = [n for n in networks() if "float" not in n.stem]
    for k, network in enumerate(quantized):
        # One chip each, in turn, or the first behind it that it fits.
        target = next(t for t in TARGETS[k % 3:] + TARGETS if generate(network, t, root / f"{network.stem}-{t}"))
        gen = root / f"{network.stem}-{target}"
        write_live(network, target, gen)
        guard_firmware(gen)
        elf = board.build_project(str(gen))
        x = np.load(write_input(network, gen))[:2]
        np.save(gen / "x2.npy", x)
        np.save(gen / "y2.npy", expected_of(network)[:2])
        with board.simulated(target, elf) as port:
            done = onnx2mcu("device", port, "validate", "--input", gen / "x2.npy", "--expected", gen / "y2.npy")
        tried += 1
        if done.returncode:
            failed += 1
            print(f"{network.stem} on {target}: {done.stdout}{done.stderr}")
    print(f"{tried} guarded firmwares in the simulator, {failed} failed")
    return failed != 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--simulated", help="path of the simulator")
    a = parser.parse_args()
    if a.simulated:
        needs.tools("cmake", "ninja", "arm-none-eabi-g++")
    with tempfile.TemporaryDirectory() as folder:
        return simulated_checks(pathlib.Path(folder), a.simulated) if a.simulated else host_checks(pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())

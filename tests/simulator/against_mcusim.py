#!/usr/bin/env python3
"""onnx2mcu-sim against mcusim of ../shared, whose cycle model it re-implements: same instructions, cycles within 1 %, same
bytes on the UART, on generated firmware and on mcusim's own self-test of the instruction set."""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import needs  # noqa: E402

ROOT = os.environ["ONNX2MCU_SOURCE"]
COMPILER, SIMULATOR = os.environ["ONNX2MCU"], os.environ["ONNX2MCU_SIM"]
MODEL, DIGITS = f"{ROOT}/examples/nucleo-cnn/nucleo-cnn.onnx", f"{ROOT}/examples/digits/digits_200x1x28x28_u8.npy"


def run(command, check=True):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if check and done.returncode:
        sys.exit(f"{command[0]}: status {done.returncode}\n{(done.stdout + done.stderr).decode('utf-8', 'replace')[-2000:]}")
    return done


def requests(folder):
    """Three inferences as frames, written by the host's own code for protocol.hpp's layout."""
    sys.path.insert(0, f"{ROOT}/tests/firmware")
    import board
    path = f"{folder}/requests"
    with open(path, "wb") as f:
        for i, image in enumerate(board.read_images()[:3]):
            f.write(board.frame(2, i, image))
    return path


def compare(target, elf, rx, folder):
    ours = run([SIMULATOR, "-q", "-t", target, "--uart", f"file:{rx}", "--json", f"{folder}/ours.json", elf], check=False)
    theirs = run([f"{folder}/mcusim", "-t", target, "--rx", rx, elf], check=False)
    m = re.search(rb"total: (\d+) insns, (\d+) cycles", theirs.stderr)
    with open(f"{folder}/ours.json") as f:
        total = json.load(f)["total"]
    instructions, cycles = int(m[1]), int(m[2])
    name = os.path.basename(elf)
    print(f"{target} {name}: {total['instructions']:.0f} instructions, mcusim {instructions}; {total['cycles']:.0f} cycles, mcusim {cycles}")
    if total["instructions"] != instructions or abs(total["cycles"] - cycles) > 0.01 * cycles or ours.stdout != theirs.stdout:
        sys.exit(f"FAILED: {target} {name} differs")


def main():
    mcusim = needs.shared("tools", "mcusim")
    needs.tools("make", "ninja", "arm-none-eabi-g++")
    with tempfile.TemporaryDirectory() as folder:
        run(["make", "-C", str(mcusim), f"OUT={folder}", "selftest"])
        rx = requests(folder)
        for target in ("f103", "f446", "h750"):
            gen = f"{folder}/gen-{target}"
            run([COMPILER, MODEL, "-o", gen, "--target", target, "--firmware"])
            run(["cmake", "-S", gen, "-B", f"{gen}/build", "-G", "Ninja"])
            run(["cmake", "--build", f"{gen}/build", "-j1"])
            compare(target, f"{gen}/build/firmware.elf", rx, folder)
            compare(target, f"{folder}/selftest_{target}.elf", os.devnull, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Weights in RAM: --optimize time puts them in the H750's DTCM and AXI, copied from flash, or from the external flash where the
internal one has no room, and in the RAM of the smaller chips as far as there is room. The firmware in the simulator computes the outputs recorded from ONNX Runtime, and its sections lie
where `inspect` says. --place decides otherwise; balanced and ram leave RAM alone."""
import re

import board
from board import COMPILER, ROOT, build, device, need, run, simulated

NETWORKS = ["h750-mlp", "nucleo-mlp"]  # 110 and 121 KB of weights: beside the code, flash holds the first only
DTCM, AXI, QSPI = (0x20000000, 128 * 1024), (0x24000000, 512 * 1024), (0x90000000, 16 * 1024 * 1024)


def model(name):
    return f"{ROOT}/examples/{name}/{name}.onnx"


def told(name, *options, target="h750"):
    """The line of inspect, and bytes of weights by bank."""
    text = run([COMPILER, "inspect", model(name), "--target", target, *options]).stdout.decode()
    banks = {bank: int(size) for bank, size in re.findall(r"^  (\w+) .* bytes.*: .*?weights (\d+)", text, re.M)}
    return re.search(r"^as firmware: (.*)", text, re.M)[1], banks, text


def sections(elf):
    """Size, address and load address of each section that is copied at start. GCC makes some constants part of the code."""
    found = {}
    for line in run(["arm-none-eabi-objdump", "-h", "-w", elf]).stdout.decode().splitlines():
        m = re.match(r"\s*\d+ \.(\w+)\s+(\w+)\s+(\w+)\s+(\w+)", line)
        if m and m[1] in ("fast_data", "big_data", "external_data", "external_fast_data", "external"):
            found[m[1]] = (int(m[2], 16), int(m[3], 16), int(m[4], 16))
    return found


def inside(address, bank):
    return bank[0] <= address < bank[0] + bank[1]


def test_small(folder, target, name, size):
    """A chip with one RAM: the weights that fit go there, the others stay."""
    need("RAM" not in told(name, target=target)[1], f"{name}: balanced takes RAM for weights")
    line, banks, text = told(name, "--optimize", "time", target=target)
    print(f"{name} on {target}: {line}")
    need(line.startswith("weights in ram (copied from FLASH)") and banks["RAM"] >= size, text)
    need((banks["RAM"] < banks["FLASH"]) == ("and flash" in line), text)
    elf = build(folder, target, "--optimize", "time", model=model(name))
    bytes_in_ram, run_at, load_at = sections(elf)["fast_data"]
    need(abs(banks["RAM"] - bytes_in_ram) <= 1000 and inside(run_at, (0x20000000, 128 * 1024)) and load_at >= 0x08000000, str(bytes_in_ram))
    expected = f"{ROOT}/examples/{name}/expected_200x10_f32.npy"
    with simulated(target, elf) as port:
        report = device(port, "validate", "--input", board.DIGITS, "--expected", expected, "--count", "5")
        need("passed: 5 samples" in report, report)


def test(folder):
    test_small(folder, "f446", "nucleo-mlp", 100_000)
    test_small(folder, "f103", "bluepill-linear", 7_000)
    for name in NETWORKS:
        for option in ("balanced", "ram"):
            need("dtcm" not in told(name, "--optimize", option)[0].split(", ")[0], f"{name}: {option} takes RAM for weights")
        line, banks, text = told(name, "--optimize", "time")
        print(f"{name}: {line}")
        origin = "FLASH" if name == "h750-mlp" else "QSPI"
        need(line.startswith(f"weights in dtcm (copied from {origin})"), line)
        need(banks["DTCM"] > 100_000 and sum(banks.values()) == 2 * banks[origin], text)
        need("--place weights=BANK decides otherwise" in text, text)
        elf = build(folder, "h750", "--optimize", "time", model=model(name))
        found = sections(elf)
        fast = "fast_data" if origin == "FLASH" else "external_fast_data"
        size, run_at, load_at = found[fast]
        need(banks["DTCM"] - 1000 < size <= banks["DTCM"] + 1000 and inside(run_at, DTCM) and inside(load_at, QSPI) == (origin == "QSPI"), f"{found}")
        with simulated("h750", elf) as port:
            report = device(port, "validate", "--input", board.DIGITS, "--expected", f"{ROOT}/examples/{name}/expected_200x10_f32.npy", "--count", "5")
            print(report, end="")
            need("passed: 5 samples" in report, report)
    line, banks, text = told("h750-mlp", "--optimize", "time", "--place", "weights=flash")
    need(line.startswith("weights in flash") and "DTCM" not in banks, text)
    line, banks, text = told("h750-mlp", "--optimize", "time", "--place", "weights=axi")
    need(line.startswith("weights in axi") and "DTCM" not in banks, text)
    line, banks, text = told("nucleo-cnn", "--optimize", "time")
    print(f"nucleo-cnn: {line}")
    refused = run([COMPILER, model("nucleo-mlp"), "-o", f"{folder}/no", "--target", "h750", "--firmware", "--optimize", "time", "--place", "weights=flash"], status=1)
    need("bytes of FLASH" in refused.stderr.decode(), refused.stderr.decode())


if __name__ == "__main__":
    board.main(test)

#!/usr/bin/env python3
"""Faults of a firmware in the simulator: reported with address, pc and symbol by the simulator, and, after it delivered
them as the core would, by the firmware itself. And clocks that do not start."""
import os
import re

import board
from board import CPU, ROOT, SIMULATOR, need, run

PROGRAM = r"""
#include "chip.hpp"
[[gnu::noinline]] int deep(volatile int* p, int n) { volatile int a[64]; a[n & 63] = *p; return n > 100000 ? 0 : deep(a, n + 1) + a[1]; }
int main() {
  volatile int zero = 0;
#if MODE == 0
  return deep(&zero, 0);
#elif MODE == 1
  void (*volatile f)() = nullptr;
  f();
#elif MODE == 2
  return *reinterpret_cast<volatile int*>(0x30100000);
#elif MODE == 3
  return 5 / zero;
#elif MODE == 4
  *reinterpret_cast<volatile int*>(0x08000100) = 7;
#elif MODE == 6
  return static_cast<int>(onnx2mcu::target::clock.core_hz / 4'000'000) + (onnx2mcu::target::clock.external ? 128 : 0);
#endif
  return 42;
}
"""
PLACE = r"; pc 0x[0-9a-f]+ <main\+0x[0-9a-f]+> \w.*; called from 0x[0-9a-f]+ <"
# What the simulator and what the firmware says, as patterns.
REPORTS = [
    (r"(read|write) of 4 bytes .*outside any memory at address 0x1[0-9a-f]+; pc 0x[0-9a-f]+ <deep\(.*; stack overflow: sp 0x1[0-9a-f]+, \d+ bytes below the stack",
     r"fault: exception 0{7}5, stack overflow, sp 1[0-9a-f]+, address 1[0-9a-f]+, cfsr "),
    (r"call of a null pointer at address 0x0" + PLACE + "|execution at a null pointer; pc 0x0 .*called from 0x[0-9a-f]+ <main", r"fault: exception 0{7}[46] at pc (0{8}|0800[0-9a-f]{4}), lr 0800"),
    (r"read of 4 bytes outside any memory at address 0x30100000" + PLACE, r"fault: exception 0{7}5 at pc 0800[0-9a-f]+, lr .*, address 30100000, .*: data bus error"),
    (r"division by zero" + PLACE, r"fault: exception 0{7}6 at pc 0800[0-9a-f]+, .*: division by zero"),
    (r"write of 4 bytes \(0x7\) to flash at address 0x8000100" + PLACE, r"fault: exception 0{7}5 at pc 0800[0-9a-f]+, .*, address 08000100, .*: data bus error"),
]


def build(folder, target, mode):
    name, cpu = CPU[target]
    common, chip, elf = f"{ROOT}/targets/common", f"{ROOT}/targets/{name}", f"{folder}/{target}-{mode}.elf"
    objects = f"{folder}/{target}.o"
    flags = ["arm-none-eabi-g++", "-std=c++17", *cpu, "-mthumb", "-O1", "-fno-optimize-sibling-calls", "-w", "-ffreestanding", "-fno-exceptions",
             "-fno-rtti", "-fno-tree-loop-distribute-patterns", "-ffunction-sections", f"-I{common}", f"-I{chip}"]
    if not os.path.exists(objects):  # what is the same in all of them
        sources = [f"{common}/startup.cpp", f"{common}/faults.cpp"] + [f"{chip}/{f}" for f in os.listdir(chip) if f.endswith(".cpp")]
        run([*flags, *sources, "-r", "-nostdlib", "-o", objects])
    run([*flags, f"-DMODE={mode}", f"{folder}/faults.cpp", objects, "-nostartfiles", "-Wl,--gc-sections", "-L", common, "-T", f"{chip}/memory.ld", "-o", elf])
    return elf


# MHz with the external oscillator, without it, and without the PLL.
CLOCKS = {"f103": (72, 64, 8), "f446": (180, 180, 16), "h750": (480, 480, 64)}


def clocks(folder, target):
    """Every wait for an oscillator or PLL ends, and what the chip then runs at is known to the firmware."""
    elf, (external, internal, neither) = build(folder, target, 6), CLOCKS[target]
    for options, status in (([], external // 4 + 128), (["--broken", "crystal"], internal // 4), (["--broken", "pll"], neither // 4),
                            (["--broken", "pll", "--broken", "crystal"], neither // 4)):
        run([SIMULATOR, "-q", "-t", target, *options, "--uart", "file:/dev/null", elf], status)
    print(f"{target}: {external} MHz; without the external oscillator {internal}; without the PLL {neither}")


def faults(folder):
    with open(f"{folder}/faults.cpp", "w") as f:
        f.write(PROGRAM)
    for target in CPU:
        for mode, (report, said) in enumerate(REPORTS):
            done = run([SIMULATOR, "-t", target, "--uart", "file:/dev/null", build(folder, target, mode)], status=70)
            simulator, firmware = done.stderr.decode(), done.stdout.decode()
            print(f"{target}: {simulator.splitlines()[0]}\n{target}: the firmware: {firmware.strip()}")
            need(re.search("FAULT: (" + report + ")", simulator), f"{target}: expected {report}")
            need(re.search(said, firmware), f"{target}: the firmware should have said {said}")
        done = run([SIMULATOR, "-t", target, "--uart", "file:/dev/null", build(folder, target, 5)], status=42)
        need(done.stdout == b"", f"{target}: {done.stdout!r}")
        clocks(folder, target)


if __name__ == "__main__":
    board.main(faults)

#!/usr/bin/env python3
"""The generated code of many networks, compiled for one target: without a warning, with no symbol that a firmware
does not have, and with no more stack than the header promises.

  run.py f103|f446|h750|gcc|clang [--keep DIR] [--only TEXT]      (ONNX2MCU names the executable)

All networks go into one translation unit, as two models in one firmware do. The networks are the examples, those of
tests/ops, and the ones beside this file; together they must use every header of runtime/. Exit status 77: a compiler
is missing."""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import needs  # noqa: E402
from callgraph import CallGraph, note_frames, write_column  # noqa: E402
from needs import SOURCE  # noqa: E402

WARNINGS = "-std=c++17 -fno-exceptions -fno-rtti -Wall -Wextra -Wconversion -Wshadow -Werror".split()
ARM = "arm-none-eabi-g++ -mthumb -ffunction-sections -fno-threadsafe-statics -fcallgraph-info=su".split()
HOST_TARGETS = ["portable", "f103", "f446", "h750"]
COMPILERS = {  # name: (targets of onnx2mcu, command)
    "f103": (["f103"], ARM + ["-mcpu=cortex-m3"]),
    "f446": (["f446"], ARM + "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard".split()),
    "h750": (["h750"], ARM + "-mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard".split()),
    "gcc": (HOST_TARGETS, ["g++", "-fsyntax-only"]),
    "clang": (HOST_TARGETS, ["clang++", "-fsyntax-only"]),
}
LEVELS = ["-Os", "-O2"]
# What generated code may leave to the C library and to libgcc: memory, arithmetic the core lacks, square roots.
ALLOWED = re.compile(r"mem(cpy|set|move)|__aeabi_\w+|sqrtf?|__popcountsi2|__clzsi2|__ctzsi2")
FORBIDDEN_AEABI = re.compile(r"__aeabi_(atexit|unwind\w*|read_tp)")


def networks(only):
    found = sorted(SOURCE.glob("examples/*/*.onnx")) + sorted(SOURCE.glob("tests/ops/*/*/model.onnx")) + sorted(HERE.glob("*.txtpb"))
    return [path for path in found if only in str(path)]


def name_of(path):
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return "n_" + re.sub(r"\W+", "_", "_".join(parts[1:])).replace("__", "_")


def generate(paths, target, folder):
    """Compiles every network into one folder, whether it fits the chip or not; prints what was refused, and returns the names
    of the others and how many were refused."""
    names, refused = [], 0
    forms = [(path, name_of(path), []) for path in paths]
    forms += [(path, name + "_ram", ["--optimize", "ram"]) for path, name, _ in forms if "examples" in path.parts]
    for path, name, options in forms:
        done = subprocess.run([os.environ["ONNX2MCU"], path, "-o", folder, "--name", name, "--target", target, "--any-size", *options],
                              capture_output=True, text=True)
        if done.returncode == 0:
            names.append(name)
        else:
            refused += 1
            print(f"{path}: status {done.returncode}\n{done.stderr}")
    return names, refused


def write_firmware(names, file):
    """One translation unit that runs every network in both ways, and copies its figures where nm can see them."""
    text = "".join(f'#include "{name}.hpp"\n' for name in names)
    for name in names:
        text += f'\nstatic {name}::Model model_{name};\nextern "C" void run_{name}();\nvoid run_{name}() {{ model_{name}.run(); }}\n'
    file.write_text(text)


def check_symbols(object_file, tool):
    """Complaints about undefined symbols, static constructors, and writable data that is not zero."""
    complaints = []
    for line in subprocess.run([tool + "nm", "-C", "--undefined-only", object_file], capture_output=True, text=True, check=True).stdout.splitlines():
        symbol = line.split()[-1]
        if not ALLOWED.fullmatch(symbol) or FORBIDDEN_AEABI.fullmatch(symbol):
            complaints.append(f"needs the symbol {symbol}")
    sections = subprocess.run([tool + "objdump", "-h", object_file], capture_output=True, text=True, check=True).stdout
    for size, name in re.findall(r"^\s*\d+ (\S+)\s+([0-9a-f]+)", sections, re.M):
        name, size = size, int(name, 16)
        if size and re.match(r"\.(init_array|ctors|fini_array|dtors|data|tdata|tbss|eh_frame|ARM\.extab|gcc_except_table)", name):
            complaints.append(f"section {name} has {size} bytes")
    return complaints


def check_stack(names, folder):
    """Complaints about networks that take more stack than their header promises."""
    graph, complaints = CallGraph(folder / "firmware.ci"), []
    for name in names:
        promised = int(re.search(r"stack_bytes = (\d+)", (folder / f"{name}.hpp").read_text()).group(1))
        taken = graph.stack_below(f"run_{name}")
        if taken > promised:
            complaints.append(f"{name} takes {taken} bytes of stack, {promised} are promised")
    return complaints


def compile_all(compiler, level, folder, names):
    command = compiler + WARNINGS + [level, "-I", folder, folder / "firmware.cpp"]
    if "-fsyntax-only" not in compiler:
        command += ["-c", "-o", folder / "firmware.o"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    if done.returncode != 0 or done.stderr:
        print(f"{' '.join(map(str, command))}\n{done.stderr[:6000]}")
        return 1
    if "-fsyntax-only" in compiler:
        return 0
    complaints = check_symbols(folder / "firmware.o", "arm-none-eabi-") + check_stack(names, folder)
    for complaint in complaints:
        print(f"{level}: {complaint}")
    return len(complaints)


def unused_headers(used):
    """Headers of runtime/ that no network brought along for any target: their kernels are not tested here."""
    runtime = SOURCE / "runtime" / "onnx2mcu"
    expected = {p.relative_to(runtime) for p in runtime.rglob("*.hpp")}
    return sorted(str(p) for p in expected - used if p.parts[0] not in ("cpu", "host"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("compiler", choices=COMPILERS)
    parser.add_argument("--keep", type=pathlib.Path, help="work here and keep the files")
    parser.add_argument("--only", default="", help="networks whose path contains this")
    parser.add_argument("--stack-table", action="store_true", help="renew the chip's column of compiler/program/stack_frames.def")
    a = parser.parse_args()
    targets, command = COMPILERS[a.compiler]
    needs.tools(command[0])
    failures, used, frames = 0, set(), {}
    paths = networks(a.only)
    with tempfile.TemporaryDirectory() as temporary:
        for target in targets:
            folder = (a.keep or pathlib.Path(temporary)) / target
            names, refused = generate(paths, target, folder)
            failures += refused
            used |= {p.relative_to(folder / "onnx2mcu") for p in (folder / "onnx2mcu").rglob("*.hpp")}
            write_firmware(names, folder / "firmware.cpp")
            for level in LEVELS if "-fsyntax-only" not in command else ["-O2"]:
                failures += compile_all(command, level, folder, names)
                if a.stack_table:
                    note_frames(CallGraph(folder / "firmware.ci"), names, folder, frames)
        if a.stack_table:
            write_column(a.compiler, frames)
        for header in unused_headers(used) if targets == HOST_TARGETS and not a.only else []:
            print(f"no network here uses runtime/onnx2mcu/{header}")
            failures += 1
    print(f"{a.compiler}: {len(paths)} networks, {failures} complaints")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())

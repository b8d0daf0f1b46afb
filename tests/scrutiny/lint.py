#!/usr/bin/env python3
"""clang-tidy or cppcheck over the generated code of many networks: those of tests/cross and tests/networks, float and
quantized, with the runtime they bring.

  lint.py tidy|cppcheck [--target T] [--only TEXT]      (ONNX2MCU names the executable)

Exit status 77: the tool is missing."""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "cross"), str(HERE.parent / "networks")]
import needs  # noqa: E402

needs.packages("numpy", "onnx")
import make  # noqa: E402
import run as cross  # noqa: E402

# What cppcheck says of correct code: a parameter advanced by a kernel and not read again; a local variable named like a
# function of another header; classes whose only member is zero-initialized memory by contract; a core's constants in the
# place of the portable ones, which it inherits; loops for which the freestanding library has no algorithm; a private
# function whose uses in templates it does not see; typed views of the arena; members of another specialization of the
# same template, which it misses in a constructor.
CPPCHECK_SUPPRESSED = ["missingIncludeSystem", "uselessAssignmentPtrArg", "shadowFunction", "noConstructor", "duplInheritedMember", "useStlAlgorithm", "unusedPrivateFunction",
                       "invalidPointerCast", "uninitMemberVar"]


AT_ONCE = 4  # networks in one translation unit: cppcheck's time and memory grow faster than their number


def command_of(tool, folder):
    if tool == "tidy":
        return ["clang-tidy", "--quiet", f"--config-file={HERE / 'generated.clang-tidy'}", folder / "firmware.cpp", "--", "-std=c++17", "-I", folder]
    return ["cppcheck", "--quiet", "--std=c++17", "-D__GNUC__=12", "-D__x86_64__", "--max-configs=1", "--enable=warning,style,performance,portability", "--error-exitcode=1",
            *[f"--suppress={s}" for s in CPPCHECK_SUPPRESSED], "-I", folder, folder / "firmware.cpp"]


def recurrent_and_other_networks(target, folder):
    """The networks of tests/networks, compiled into the folder: their names."""
    models, names = folder / "models", []
    models.mkdir()
    for name in make.make(models):
        commands = [["quantize", models / f"{name}.onnx", "--calibration", models / f"{name}_x.npy", "-o", models / f"{name}_int8.onnx"]]
        commands += [[models / f"{n}.onnx", "-o", folder, "--name", n, "--target", target] for n in (name, f"{name}_int8")]
        for command in commands:
            subprocess.run([os.environ["ONNX2MCU"], *map(str, command)], capture_output=True, check=True)
        names += [name, f"{name}_int8"]
    return names


def cut_constants(names, folder):
    """Only the first lines of each array's values: cppcheck's time grows with their square. Sizes stay as declared."""
    for path in (folder / f"{name}_weights.hpp" for name in names):
        if path.exists():
            path.write_text(re.sub(r"( = \{\n(?:[^}\n]*\n){8})[^}]*", r"\1", path.read_text()))


def complaints_of(tool, names, folder):
    """What the tool says of these networks in one translation unit; nothing if it is content."""
    if tool == "cppcheck":
        cut_constants(names, folder)
    cross.write_firmware(names, folder / "firmware.cpp")
    done = subprocess.run([str(c) for c in command_of(tool, folder)], text=True, capture_output=True, check=False)
    return (done.stdout + done.stderr or f"status {done.returncode}") if done.returncode else ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool", choices=["tidy", "cppcheck"])
    parser.add_argument("--target", default="portable")
    parser.add_argument("--only", default="", help="networks whose path contains this")
    a = parser.parse_args()
    program = "clang-tidy" if a.tool == "tidy" else "cppcheck"
    needs.tools(program)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        names, refused = cross.generate(cross.networks(a.only), a.target, folder)
        if not a.only:
            names += recurrent_and_other_networks(a.target, folder)
        complaints = [text for first in range(0, len(names), AT_ONCE) if (text := complaints_of(a.tool, names[first:first + AT_ONCE], folder))]
    clean = not complaints and not refused and names
    print(f"{program}: {len(names)} networks for {a.target}: {'clean' if clean else 'not clean'}\n" + "\n".join(complaints)[:6000])
    return not clean


if __name__ == "__main__":
    sys.exit(main())

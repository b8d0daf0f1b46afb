#!/usr/bin/env python3
"""Compiles contract.cpp, which states docs/generated-code.md, runs it, and sees that refused.cpp does not compile."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parent.parent / "examples" / "nucleo-cnn" / "nucleo-cnn.onnx"
FLAGS = "-Wall -Wextra -Wconversion -Wshadow -Werror -fno-exceptions -fno-rtti".split()
REFUSED_CASES = 8


def compiles(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True)


def main():
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        gen = pathlib.Path(name)
        networks = (("digits", EXAMPLE), ("again", EXAMPLE), ("ports", HERE / "ports.txtpb"), ("sums", HERE / "sums.txtpb", "--state", "h=hn"))
        for network, model, *options in networks:
            subprocess.run([os.environ["ONNX2MCU"], model, "-o", gen, "--name", network, *options], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        compilers = [c for c in ("g++", "clang++") if shutil.which(c)]
        for compiler, standard in [(c, s) for c in compilers for s in ("c++17", "gnu++20")]:
            done = compiles(compiler, f"-std={standard}", *FLAGS, "-O1", "-I", gen, HERE / "contract.cpp", "-o", gen / "contract")
            if done.returncode == 0:
                done = compiles(gen / "contract")
            failures += done.returncode != 0
            print(f"{compiler} {standard}: status {done.returncode}\n{done.stdout}{done.stderr}", end="")
        for case in range(REFUSED_CASES):
            done = compiles(compilers[0], "-std=c++17", *FLAGS, f"-DCASE={case}", "-I", gen, "-fsyntax-only", HERE / "refused.cpp")
            if (done.returncode == 0) != (case == 0):
                print(f"refused.cpp, case {case}: status {done.returncode}\n{done.stderr}")
                failures += 1
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())

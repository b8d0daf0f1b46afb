#!/usr/bin/env python3
"""docs/operators.md is the operator table of the executable: checks it, or rewrites it with --update."""
import os
import pathlib
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "operators.md"
HEAD = """# Operators

Made by `tests/docs/operators.py --update` from `onnx2mcu --list-ops`. ai.onnx opsets 7 to 26; com.microsoft as ONNX Runtime 1.30.0 has it.
An operator may refuse some attributes, shapes or types; it then says which and what it accepts.

| operator | domain | |
|---|---|---|
"""


def page():
    text = HEAD
    for line in subprocess.run([os.environ["ONNX2MCU"], "--list-ops"], capture_output=True, text=True, check=True).stdout.splitlines():
        name, _, note = line.partition(" ")
        domain, _, operator = name.rpartition(".")
        text += f"| {operator} | {domain or 'ai.onnx'} | {note.strip()} |\n"
    return text


def main():
    actual = page()
    if "--update" in sys.argv:
        PAGE.write_text(actual)
    elif not PAGE.exists() or PAGE.read_text() != actual:
        print("docs/operators.md is not current: cmake --build … --target update-operators")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

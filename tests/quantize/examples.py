#!/usr/bin/env python3
"""The quantized models of examples/ are what the commands in their READMEs make of the float models, byte by byte.

  examples.py [--update]"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = SOURCE / "examples"
ONNX2MCU = os.environ.get("ONNX2MCU", "onnx2mcu")


def command_of(readme, model):
    """The words behind `build/onnx2mcu` of the line that says how `model` was made, but for -o."""
    lines = [shlex.split(line) for line in re.findall(r"^build/onnx2mcu (quantize .*)$", readme.read_text(), re.M)]
    lines = [words for words in lines if words[words.index("-o") + 1] == str(model.relative_to(SOURCE))]
    if len(lines) != 1:
        return None
    words = lines[0]
    at = words.index("-o")
    return words[:at] + words[at + 2:]


def main():
    failed = 0
    floats = sorted(EXAMPLES.glob("*/*_float.onnx"))
    for float_model in floats:
        committed = float_model.with_name(float_model.name.replace("_float", ""))
        words = command_of(float_model.parent / "README.md", committed)
        if words is None:
            print(f"{float_model.parent.name}/README.md does not say, in one line, how {committed.name} is made")
            failed += 1
            continue
        with tempfile.TemporaryDirectory() as folder:
            made = committed if "--update" in sys.argv else pathlib.Path(folder) / "made.onnx"
            subprocess.run([ONNX2MCU, *words, "-o", made], cwd=SOURCE, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            same = committed.exists() and made.read_bytes() == committed.read_bytes()
        failed += not same
        print(f"{committed.relative_to(SOURCE)} {'is' if same else 'IS NOT'} what its README's command makes")
    sys.exit(failed != 0 or not floats)


if __name__ == "__main__":
    main()

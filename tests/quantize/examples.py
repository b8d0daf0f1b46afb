#!/usr/bin/env python3
"""The quantized models of examples/ are what onnx2mcu quantize makes of their float models, byte by byte.

  examples.py [--update]"""
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = SOURCE / "examples"
# As in the READMEs.
OPTIONS = ["--calibration", "examples/digits/digits_200x1x28x28_u8.npy", "--scale", "0.00392156862745098", "--io", "uint8,float"]


def main():
    failed = False
    for model in sorted(EXAMPLES.glob("*/*_float.onnx")):
        committed = model.with_name(model.name.replace("_float", ""))
        with tempfile.TemporaryDirectory() as folder:
            made = committed if "--update" in sys.argv else pathlib.Path(folder) / "made.onnx"
            subprocess.run([os.environ.get("ONNX2MCU", "onnx2mcu"), "quantize", model.relative_to(SOURCE), *OPTIONS, "-o", made], cwd=SOURCE,
                           check=True, stderr=subprocess.DEVNULL)
            if not committed.exists() or made.read_bytes() != committed.read_bytes():
                print(f"{committed.relative_to(SOURCE)} is not what the command makes")
                failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()

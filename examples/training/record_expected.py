"""Records what ONNX Runtime computes for an example: python3 record_expected.py nucleo-cnn.

Runs examples/NAME/NAME.onnx over the 200 digits; writes expected_200xC_f32.npy and, beside it, a .txt with
the version of ONNX Runtime and the hashes of what went in.
"""
import argparse
import hashlib

import numpy as np

import reference


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("example")
    example = parser.parse_args().example
    folder = reference.EXAMPLES / example
    model = folder / f"{example}.onnx"
    outputs, host = reference.run(model, np.load(reference.DIGITS))
    target = folder / f"expected_{outputs.shape[0]}x{outputs.shape[1]}_f32"
    np.save(target, outputs)
    hashes = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(reference.EXAMPLES)}"
              for path in (model, reference.DIGITS, target.with_suffix(".npy"))]
    target.with_suffix(".txt").write_text("\n".join([f"recorded with {host}", *hashes]) + "\n")


if __name__ == "__main__":
    main()

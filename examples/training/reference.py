"""Runs a model with the pinned ONNX Runtime of tests/reference (node) over an array of samples."""
import pathlib
import subprocess
import tempfile

import numpy as np
import onnx
from onnx import TensorProto

EXAMPLES = pathlib.Path(__file__).resolve().parents[1]
RUNNER = EXAMPLES.parent / "tests" / "reference" / "run.mjs"
DIGITS = EXAMPLES / "digits" / "digits_200x1x28x28_u8.npy"
DIGIT_LABELS = EXAMPLES / "digits" / "labels_200_u8.npy"


def as_input(model_path, images):
    """Images (N, 1, 28, 28) uint8 as the model declares its input: the bytes, or floats divided by 255."""
    element_type = onnx.load(str(model_path)).graph.input[0].type.tensor_type.elem_type
    return images if element_type == TensorProto.UINT8 else images.astype(np.float32) / np.float32(255)


def run(model_path, samples):
    """Outputs (N, classes) and the line that names version and processor."""
    with tempfile.TemporaryDirectory() as folder:
        x, y = f"{folder}/x.npy", f"{folder}/y.npy"
        np.save(x, as_input(model_path, samples))
        command = ["node", str(RUNNER), str(model_path), "--input", x, "--output", y]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{done.stderr}(npm ci --ignore-scripts in {RUNNER.parent}?)")
        return np.load(y).reshape(len(samples), -1), done.stderr.splitlines()[0]

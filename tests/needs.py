"""What test scripts share: saying what they need and skipping without it (exit status 77, which ctest reports as skipped,
with the reason printed), and seeded random arrays."""
import importlib
import pathlib
import shutil
import sys

SKIPPED = 77
SOURCE = pathlib.Path(__file__).resolve().parent.parent
SHARED = SOURCE.parent / "shared"
REFERENCE = SOURCE / "tests" / "reference"


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def packages(*names):
    """Python packages; to be called before they are imported."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            skip(f"{error.name} for Python is not installed")


def tools(*names):
    for name in names:
        if not shutil.which(name):
            skip(f"{name} is not installed")


def onnxruntime():
    """The live ONNX Runtime of tests/reference."""
    tools("node")
    if not (REFERENCE / "node_modules" / "onnxruntime-node").is_dir():
        skip("onnxruntime-node is not installed (npm install --ignore-scripts in tests/reference)")


def shared(*parts):
    """A folder or file below ../shared, which is beside the checkout on some machines."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        skip(f"there is no {'/'.join(('../shared', *parts))} beside the checkout")
    return path


def random_array(rng, dtype, shape, low, high):
    """Integers of [low, high], as far as the type goes; Booleans; floats around 0 with a standard deviation of `high`."""
    import numpy as np

    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return (rng.standard_normal(shape) * high).astype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    info = np.iinfo(dtype)
    return rng.integers(max(low, info.min), min(high, info.max), shape, endpoint=True).astype(dtype)

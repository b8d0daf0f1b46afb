#!/usr/bin/env python3
"""The float executor of the quantizer against the live ONNX Runtime, on whole float networks: the examples', the two of
common.py, and those in ../shared where it is there. Prints the signal-to-noise ratio and the largest difference of each.

  float_models.py RUN_EXECUTOR       the program of tool/run_executor.cpp

Needs node with tests/reference's onnxruntime-node, python3-numpy and python3-onnx; else exit status 77."""
import pathlib
import subprocess
import sys
import tempfile

from common import cnn, decibel, mlp, needs, np, onnx, onnxruntime, samples
from needs import SHARED, SOURCE

LEAST_DECIBEL = 100        # float32 sums of some hundred terms in another order
LARGEST_DIFFERENCE = 1e-5  # relative to the largest output


def with_one_input(model):
    """Without the constants that old models list among the inputs; an open batch is 1."""
    constants = {t.name for t in model.graph.initializer}
    kept = [i for i in model.graph.input if i.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    shape = [d.dim_value or 1 for d in kept[0].type.tensor_type.shape.dim]
    return model, shape


def models():
    yield "cnn", cnn()
    yield "mlp", mlp()
    files = sorted((SOURCE / "examples").glob("*/*_float.onnx"))
    if SHARED.is_dir():
        files += sorted(f for f in (SHARED / "models").glob("*/*.onnx") if f.parent.name in ("seeds", "others") and ("float" in f.name or "fp32" in f.name)
                        and "floatio" not in f.name)
    else:
        print(f"without the networks of {SHARED}, which is not there")
    for file in files:
        yield "/".join(file.parts[-2:]), onnx.load(str(file))


def main():
    needs.onnxruntime()
    failed = count = 0
    for name, model in models():
        model, shape = with_one_input(model)
        if len(model.graph.input) != 1 or model.graph.input[0].type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
            print(f"not run: {name}, whose inputs are not one float tensor")
            continue
        with tempfile.TemporaryDirectory() as folder:
            base = pathlib.Path(folder)
            onnx.save(model, str(base / "m.onnx"))
            np.save(base / "x.npy", samples(20, shape))
            onnxruntime([{"model": base / "m.onnx", "inputs": {"": base / "x.npy"}, "outputs": {model.graph.output[0].name: str(base / "y.npy")}}])
            done = subprocess.run([sys.argv[1], base / "m.onnx", base / "x.npy", base / "ours.npy"], capture_output=True, text=True)
            if done.returncode != 0:
                print(f"FAILED {name}: {done.stderr}")
                failed += 1
                continue
            expected, ours = np.load(base / "y.npy"), np.load(base / "ours.npy")
        largest = np.abs(ours.ravel() - expected.ravel()).max() / np.abs(expected).max()
        near = ours.size == expected.size and decibel(expected.ravel(), ours.ravel()) >= LEAST_DECIBEL and largest <= LARGEST_DIFFERENCE
        failed += not near
        count += 1
        print(f"{'ok    ' if near else 'FAILED'} {name}: {decibel(expected.ravel(), ours.ravel()):.1f} dB, largest difference {largest:.1e} of the largest output", flush=True)
    print(f"{count} networks run, {failed} failed")
    sys.exit(failed != 0 or count < 8)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Networks that nobody here made, from the folder ../shared: every output element against the live ONNX Runtime.

  shared.py [--samples N] [--only TEXT] [--targets portable,f103]     (ONNX2MCU names the executable)

Exit status 77: the folder, Python's onnx and numpy, or onnxruntime-node is missing."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import needs  # noqa: E402
from needs import REFERENCE, SHARED, random_array  # noqa: E402

needs.packages("numpy", "onnx")
import numpy as np  # noqa: E402
import onnx  # noqa: E402

from inputs import PREPROCESSING, keywords, mnist  # noqa: E402

# model: (samples, preprocessing, classes with known labels, correct of all samples as onnxruntime gives it)
NETWORKS = {
    "seeds/f446_tinyml_cnn_qdq": ("mnist", "standard", 7, 6949),
    "seeds/f446_tinyml_cnn_float": ("mnist", "standard", 7, 6951),
    "seeds/h750_mlp_qdq": ("mnist", "unit", 10, 9127),
    "seeds/st_mnist_v1_2023_floatio_qdq": ("mnist", "unit", 0, 0),
    "seeds/st_mnist_v1_2023_u8io_qdq": ("mnist", "bytes", 0, 0),
    "seeds/st_mnist_v1_2024_floatio_qdq": ("mnist", "signed", 0, 0),
    "seeds/f103_linear_float": ("mnist", "unit", 10, 9264),
    "seeds/f446_mlp_float": ("mnist", "columns", 10, 9716),
    "mlperf-tiny/kws_dscnn_int8io_qdq": ("keywords", "bytes", 12, None),
    "mlperf-tiny/kws_dscnn_floatio_qdq": ("keywords", "keyword", 12, None),
    "mlperf-tiny/ic_resnet8_int8io_qdq": ("random", None, 0, 0),
    "mlperf-tiny/ic_resnet8_floatio_qdq": ("random", 255, 0, 0),
    "others/micro_kws_m_static_qdq": ("random", 25, 0, 0),
    "others/micro_kws_m_static_fp32": ("random", 25, 0, 0),
    "others/mnist25_dynamic_quant": ("random", 1, 0, 0),
    "others/mnist25_float": ("random", 1, 0, 0),
    "others/mnist8_float": ("mnist", "bytes_float", 0, 0),
    "others/st_har_gmp24.float": ("random", 20, 0, 0),
    "others/st_har_ign24.float": ("random", 20, 0, 0),
    "others/tflm_hello_world.int8": ("random", None, 0, 0),
    "others/tflm_micro_speech.int8": ("random", None, 0, 0),
}
MOST = {"mnist": 10000, "keywords": 500, "random": 1000}


def random_inputs(model, reach, count):
    """Seeded: all values of an integer input, uniform in [0, reach) with some beyond for a float one."""
    value = model.graph.input[0].type.tensor_type
    shape = [d.dim_value or 1 for d in value.shape.dim]
    rng = np.random.default_rng(1)
    if value.elem_type == onnx.TensorProto.FLOAT:
        x = rng.uniform(0, reach, [count, *shape]).astype(np.float32)
        return np.floor(x) if reach == 255 else x - np.float32(reach / 2) * (rng.random([count] + [1] * len(shape)) < 0.5)
    return random_array(rng, np.int8 if value.elem_type == onnx.TensorProto.INT8 else np.uint8, [count, *shape], -128, 255)


def samples_for(model, name, count):
    kind, detail, classes, _ = NETWORKS[name]
    labels = None
    if kind == "random":
        x = random_inputs(model, detail, min(count, MOST[kind]))
    else:
        x, labels = mnist() if kind == "mnist" else keywords()
        if classes:
            x, labels = x[labels < classes], labels[labels < classes]
        x = x[:count].astype(np.float32) if detail == "bytes_float" else PREPROCESSING[detail](x[:count])
        labels = labels[:count] if classes else None
    return np.ascontiguousarray(x.astype(x.dtype, copy=False)), labels


def run(command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def check(name, count, targets, folder):
    """Complaints about one network."""
    file = SHARED / "models" / f"{name}.onnx"
    x, labels = samples_for(onnx.load(file), name, count)
    np.save(folder / "x.npy", x)
    status, _, error = run(["node", REFERENCE / "run.mjs", file, "--input", folder / "x.npy", "--output", folder / "y.npy"])
    if status:
        return [f"{name}: ONNX Runtime: {error}"]
    arguments = ["--input", folder / "x.npy", "--expected", folder / "y.npy", "--json"]
    if labels is not None:
        np.save(folder / "labels.npy", labels)
        arguments += ["--labels", folder / "labels.npy"]
    complaints = []
    for target in targets:
        status, out, error = run([os.environ["ONNX2MCU"], "validate", file, "--target", target, *arguments])
        if not out:
            complaints.append(f"{name} ({target}): status {status}: {error}")
            continue
        report = json.loads(out)
        result = report["outputs"][0]
        text = f"{name} ({target}): {report['samples']} samples, {result['identical']} of {result['elements']} identical"
        text += f", largest difference {result['largest_difference']:g} ({result['largest_ulp']} ULP)" if not report["passed"] else ""
        print(text + (f", {report['correct']} correct" if "correct" in report else ""), flush=True)
        known = NETWORKS[name][3]
        if not report["passed"]:
            complaints.append(text)
        if known and len(x) == len(samples_for(onnx.load(file), name, 10**9)[0]) and report["correct"] != known:
            complaints.append(f"{name}: {report['correct']} correct, known are {known}")
    return complaints


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--only", default="")
    parser.add_argument("--targets", default="portable")
    a = parser.parse_args()
    needs.shared("models")
    needs.shared("data")
    needs.onnxruntime()
    complaints, names = [], [n for n in NETWORKS if a.only in n]
    if not names:
        sys.exit(f"no network is called {a.only}")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            complaints += check(name, a.samples, a.targets.split(","), pathlib.Path(folder))
    print("\n".join(complaints))
    print(f"{len(complaints)} complaints")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()

"""The networks that are measured and the samples each gets: (N, ...) in the model's input type."""
import gzip
import os

import numpy as np

import autoencoder

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.path.join(os.path.dirname(ROOT), "shared")
CACHE = os.environ.get("ONNX2MCU_BENCH_CACHE", os.path.expanduser("~/.cache/onnx2mcu-bench"))


def compiler():
    return os.environ.get("ONNX2MCU", os.path.join(ROOT, "build/onnx2mcu"))


def digits():
    """(N, 1, 28, 28) bytes: MNIST's test images if they are there, else the project's own drawn digits."""
    path = os.path.join(SHARED, "data/mnist/t10k-images-idx3-ubyte.gz")
    if os.path.exists(path):
        with gzip.open(path) as f:
            return np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    return np.load(os.path.join(ROOT, "examples/digits/digits_200x1x28x28_u8.npy"))


def unit():
    return digits().astype(np.float32) / np.float32(255)


def standardized():
    return (unit() - np.float32(0.1307)) / np.float32(0.3081)


def centred():
    return digits().astype(np.float32) / np.float32(127.5) - np.float32(1)


def unit_columns():
    x = digits()[:500].astype(np.float32)
    norm = np.sqrt((x * x).sum(axis=2, keepdims=True))
    return x / np.where(norm == 0, np.float32(1), norm)


def keywords():
    raw = np.fromfile(os.path.join(SHARED, "data/kws01/inputs_500x49x10_s8.bin"), np.int8)
    return raw.reshape(-1, 1, 49, 10)


def keywords_float():
    return (keywords().astype(np.float32) - np.float32(83)) * np.float32(0.584702909)


def pictures():
    """Smooth random colour pictures, 0 to 255: there is no CIFAR-10 here."""
    rng = np.random.default_rng(1)
    small = rng.uniform(0, 255, (100, 3, 8, 8))
    big = small.repeat(4, axis=2).repeat(4, axis=3) + rng.normal(0, 12, (100, 3, 32, 32))
    return np.clip(np.rint(big), 0, 255)


def pictures_float():
    return pictures().astype(np.float32)


def pictures_int8():
    return (pictures() - 128).astype(np.int8)


# name: (model below the repository or below ../shared, samples)
NETWORKS = {
    "bluepill-linear": ("examples/bluepill-linear/bluepill-linear.onnx", digits),
    "bluepill-cnn": ("examples/bluepill-cnn/bluepill-cnn.onnx", digits),
    "nucleo-cnn": ("examples/nucleo-cnn/nucleo-cnn.onnx", digits),
    "nucleo-mlp": ("examples/nucleo-mlp/nucleo-mlp.onnx", digits),
    "h7-st-mnist": ("examples/h7-st-mnist/h7-st-mnist.onnx", digits),
    "h750-mlp": ("examples/h750-mlp/h750-mlp.onnx", digits),
    "tinyml-cnn": ("shared/models/seeds/f446_tinyml_cnn_qdq.onnx", standardized),
    "mlp-784-128-64-10": ("shared/models/seeds/h750_mlp_qdq.onnx", unit),
    "st-mnist": ("shared/models/seeds/st_mnist_v1_2023_u8io_qdq.onnx", digits),
    "st-mnist-float": ("shared/models/seeds/st_mnist_v1_2023_floatio_qdq.onnx", unit),
    "st-mnist-2024": ("shared/models/seeds/st_mnist_v1_2024_floatio_qdq.onnx", centred),
    "linear-float": ("shared/models/seeds/f103_linear_float.onnx", unit),
    "mlp-float": ("shared/models/seeds/f446_mlp_float.onnx", unit_columns),
    "kws-dscnn": ("shared/models/mlperf-tiny/kws_dscnn_int8io_qdq.onnx", keywords),
    "kws-dscnn-float": ("shared/models/mlperf-tiny/kws_dscnn_floatio_qdq.onnx", keywords_float),
    "resnet8": ("shared/models/mlperf-tiny/ic_resnet8_int8io_qdq.onnx", pictures_int8),
    "autoencoder": ("generated/autoencoder", autoencoder.samples_u8),
    "resnet8-float": ("shared/models/mlperf-tiny/ic_resnet8_floatio_qdq.onnx", pictures_float),
}


def model_path(name):
    relative = NETWORKS[name][0]
    if relative.startswith("generated/"):
        return autoencoder.make(compiler(), os.path.join(CACHE, "models"))
    return os.path.join(os.path.dirname(ROOT), relative) if relative.startswith("shared/") else os.path.join(ROOT, relative)

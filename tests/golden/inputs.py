"""Inputs for whole networks: the drawn digits, MNIST, the keyword-spotting samples."""
import gzip

import numpy as np

from needs import SHARED, SOURCE


def digits():
    """200 drawn digits and their labels."""
    folder = SOURCE / "examples" / "digits"
    return np.load(folder / "digits_200x1x28x28_u8.npy"), np.load(folder / "labels_200_u8.npy")


def mnist():
    """The 10,000 test images and their labels."""
    folder = SHARED / "data" / "mnist"
    images = np.frombuffer(gzip.open(folder / "t10k-images-idx3-ubyte.gz").read(), np.uint8, offset=16)
    return images.reshape(-1, 1, 28, 28), np.frombuffer(gzip.open(folder / "t10k-labels-idx1-ubyte.gz").read(), np.uint8, offset=8)


def keywords():
    folder = SHARED / "data" / "kws01"
    samples = np.fromfile(folder / "inputs_500x49x10_s8.bin", np.int8).reshape(-1, 1, 49, 10)
    return samples, np.fromfile(folder / "labels_500_u8.bin", np.uint8)


def columns_normalized(bytes_):
    """Each column divided by its L2 norm (0 -> 1)."""
    images = bytes_.astype(np.float32)
    norm = np.sqrt((images * images).sum(axis=2, keepdims=True))
    return images / np.where(norm == 0, np.float32(1), norm)


# What a network expects for the bytes of an image.
PREPROCESSING = {
    "bytes": lambda v: v,
    "unit": lambda v: v.astype(np.float32) / np.float32(255),
    "signed": lambda v: v.astype(np.float32) / np.float32(127.5) - np.float32(1),
    "standard": lambda v: (v.astype(np.float32) / np.float32(255) - np.float32(0.1307)) / np.float32(0.3081),
    "columns": columns_normalized,
    "keyword": lambda q: (q.astype(np.float32) - np.float32(83)) * np.float32(0.584702909),
}

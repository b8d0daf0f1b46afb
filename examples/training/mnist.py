"""Reads the MNIST database from its IDX files, packed with gzip or not."""
import gzip
import pathlib

import numpy as np

DEFAULT_FOLDER = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist"


def read_idx(path):
    """The array in an IDX file of unsigned bytes (big-endian header: 0, 0, 8, rank, then the sizes)."""
    path = pathlib.Path(path)
    packed = path.with_name(path.name + ".gz")
    data = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes())
    if data[:3] != b"\0\0\x08":
        raise ValueError(f"{path}: not an IDX file of unsigned bytes")
    rank = data[3]
    shape = np.frombuffer(data, ">u4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load(part, folder=None):
    """Images (N, 28, 28) and labels (N,), both uint8; part is "train" (60,000) or "t10k" (10,000)."""
    folder = pathlib.Path(folder or DEFAULT_FOLDER)
    return read_idx(folder / f"{part}-images-idx3-ubyte"), read_idx(folder / f"{part}-labels-idx1-ubyte")

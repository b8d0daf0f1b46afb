#!/usr/bin/env python3
"""Runs one fuzzer over seeds made from the tests' own models and data, and over what it once found (found/HARNESS).

  run.py FUZZER [--runs N] [--seconds S] [--keep DIR]

--runs: how many changed inputs beside the seeds; --seconds is for a fuzzer built by the preset "fuzz" (libFuzzer), which
then runs that long and leaves its corpus and what it found in DIR. Exit status 77: python3-onnx or NumPy is missing."""
import argparse
import importlib.util
import io
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import needs  # noqa: E402
from needs import SOURCE  # noqa: E402

needs.packages("numpy", "onnx")
import numpy as np  # noqa: E402
import onnx  # noqa: E402
from google.protobuf import text_format  # noqa: E402

LARGEST = 8_000  # bytes: larger seeds make slow fuzzing
# Bounded: a few seconds each, also in a build without optimization.
RUNS = {"model": 600, "text": 1000, "graph": 600, "npy": 20_000, "plan_csv": 1000, "frames": 20_000}


def transcripts():
    """The text-form models of tests/cli."""
    spec = importlib.util.spec_from_file_location("cli", SOURCE / "tests/cli/run.py")
    cli = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cli)
    for path in sorted((SOURCE / "tests/cli").glob("*/*.txt")):
        for name, content in cli.parse(path.read_text())[1].items():
            if name.endswith(".txtpb"):
                yield content


def binary_models():
    for path in sorted((SOURCE / "tests/ops").glob("*/*/model.onnx")):
        yield path.read_bytes()
    for text in transcripts():
        model = onnx.ModelProto()
        try:
            text_format.Parse(text, model)
        except text_format.ParseError:
            continue
        yield model.SerializeToString()


def text_models():
    yield from transcripts()
    for data in binary_models():
        if len(data) < 3000:
            yield text_format.MessageToString(onnx.load_from_string(data)).encode()


def arrays():
    for dtype in "<f4 |u1 |i1 <i2 <u2 <i4 <i8 <f8 <f2 |b1 <u4 <u8 >f4 <c8".split():
        for shape in ((), (0,), (3,), (2, 3), (2, 1, 2, 2)):
            for order in "CF":
                out = io.BytesIO()
                np.save(out, np.zeros(shape, dtype, order=order))
                yield out.getvalue()


def tables():
    yield b"id,lower,upper,size\na,0,3,10\nb,1,2,4\nc,2,4,6\nd,3,5,10\n"
    yield b"size,id,upper,lower,alignment,offset\r\n10,\"a,\"\"b\",3,0,4,0\r\n4,b,2,1,16,16\r\n"
    rng = np.random.default_rng(1)
    rows = [f"{i},{low},{low + 1 + int(rng.integers(6))},{int(rng.integers(1, 50))}" for i, low in enumerate(rng.integers(0, 20, 40))]
    yield ("id,lower,upper,size\n" + "\n".join(rows) + "\n").encode()


def frame(kind, argument=0, payload=b""):
    header = b"\xa5O2M" + struct.pack("<BBHI", kind, 7, argument, len(payload))
    return header + struct.pack("<I", zlib.crc32(header)) + payload + struct.pack("<I", zlib.crc32(payload))


def frames():
    good = [frame(1), frame(2, 0, b"12345678"), frame(3, 0, b"12345678"), frame(4, 0xFFFF), frame(4, 1), frame(4, 9), frame(9)]
    yield from good
    yield from (f[:-3] + b"\xfe" for f in good)
    yield b"".join(good)
    yield b"help\r\n\xfetext\r\n12345678\xfe123\xfe" + good[1]


SEEDS = {"model": binary_models, "graph": binary_models, "text": text_models, "npy": arrays, "plan_csv": tables, "frames": frames}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fuzzer", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--runs", type=int)
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--keep", type=pathlib.Path)
    a = parser.parse_args()
    harness = a.fuzzer.name.removeprefix("fuzz_")
    holder = None if a.keep else tempfile.TemporaryDirectory()
    root = (a.keep or pathlib.Path(holder.name)).resolve()
    seeds, corpus = root / "seeds", root / "corpus"
    for folder in (seeds, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    for n, data in enumerate(SEEDS[harness]()):
        if len(data) <= LARGEST:
            (seeds / f"{n:03}").write_bytes(data)
    found = HERE / "found" / harness
    folders = [str(seeds)] + ([str(found)] if found.is_dir() else [])
    if a.seconds:
        options = [f"-max_total_time={a.seconds}", "-timeout=300", "-rss_limit_mb=2048", "-malloc_limit_mb=512", f"-max_len={LARGEST + 4096}",
                   "-print_final_stats=1", f"-artifact_prefix={root}/"]
        return subprocess.run([str(a.fuzzer), *options, str(corpus), *folders], cwd=root, check=False).returncode
    return subprocess.run([str(a.fuzzer), f"-runs={RUNS[harness] if a.runs is None else a.runs}", *folders], cwd=root, check=False).returncode


if __name__ == "__main__":
    sys.exit(main() != 0)

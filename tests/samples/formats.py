#!/usr/bin/env python3
"""The same images as .npy, IDX, packed IDX, and folders of PGM and PNG, with and without --mean, --std and --scale, mean the
same to every subcommand that takes samples: run, validate, quantize, --firmware, and device infer and validate (the last two
in the simulator, where it and the cross compiler are there).

Needs python3-numpy; else exit status 77."""
import gzip
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import needs  # noqa: E402
from needs import SOURCE  # noqa: E402

EXAMPLE = SOURCE / "examples" / "bluepill-linear"
ONNX2MCU, SIMULATOR = os.environ.get("ONNX2MCU", "onnx2mcu"), os.environ.get("ONNX2MCU_SIM", "")
PIXELS = ["--scale", "0.00392156862745098", "--mean", "0.1307", "--std", "0.3081"]
COUNT = 20

needs.packages("numpy")
import numpy as np  # noqa: E402


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"FAILED: {' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def png(image):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    header = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write_all(images, folder):
    """{name: file or folder} of bytes [N, 28, 28]"""
    idx = b"\0\0\x08\x03" + struct.pack(">3I", *images.shape) + images.tobytes()
    (folder / "images-idx3-ubyte").write_bytes(idx)
    (folder / "images-idx3-ubyte.gz").write_bytes(gzip.compress(idx))
    np.save(folder / "images.npy", images[:, np.newaxis, np.newaxis])
    for kind, encode in (("pgm", lambda image: b"P5\n28 28\n255\n" + image.tobytes()), ("png", png)):
        (folder / kind).mkdir()
        for i, image in enumerate(images):
            (folder / kind / f"{i:03}.{kind}").write_bytes(encode(image))
    return {"npy": folder / "images.npy", "IDX": folder / "images-idx3-ubyte", "IDX.gz": folder / "images-idx3-ubyte.gz", "PGM": folder / "pgm",
            "PNG": folder / "png"}


def same(what, results):
    first = results["npy"]
    different = [name for name, result in results.items() if result != first]
    print(f"{'ok    ' if not different else 'FAILED'} {what}: {', '.join(results)}{' differ: ' + ', '.join(different) if different else ''}", flush=True)
    return not different


def tree(folder):
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def on_host(folder, files, labels):
    passed, y = True, folder / "y.npy"
    for model, pixels in (("bluepill-linear", []), ("bluepill-linear_float", PIXELS)):
        outputs = {}
        for name, file in files.items():
            run(ONNX2MCU, "run", EXAMPLE / f"{model}.onnx", "--input", file, "--output", y, *pixels)
            outputs[name] = y.read_bytes()
        if pixels:  # what --scale, --mean and --std mean, computed here
            image = np.load(files["npy"]).astype(np.float32)
            np.save(folder / "floats.npy", (image * np.float32(PIXELS[1]) - np.float32(PIXELS[3])) / np.float32(PIXELS[5]))
            run(ONNX2MCU, "run", EXAMPLE / f"{model}.onnx", "--input", folder / "floats.npy", "--output", y)
            outputs["floats"] = y.read_bytes()
        passed = same(f"run {model}", outputs) and passed
        texts = {name: run(ONNX2MCU, "validate", EXAMPLE / f"{model}.onnx", "--input", file, "--expected", y, "--labels", labels, *pixels)
                 for name, file in files.items()}
        passed = same(f"validate {model}", texts) and "passed" in texts["npy"] and passed
    return passed


def quantized(folder, files, labels):
    results = {}
    for name, file in files.items():
        text = run(ONNX2MCU, "quantize", EXAMPLE / "bluepill-linear_float.onnx", "--calibration", file, "--test", file, "--labels", labels, *PIXELS,
                   "-o", folder / "q.onnx")
        results[name] = (text, (folder / "q.onnx").read_bytes())
    return same("quantize", results)


def firmware(folder, files, labels):
    results = {}
    for name, file in files.items():
        gen = folder / f"gen-{name}"
        run(ONNX2MCU, EXAMPLE / "bluepill-linear.onnx", "-o", gen, "--target", "f103", "--firmware", "--input", file, "--expected", folder / "u8.npy",
            "--labels", labels)
        results[name] = tree(gen)
    return same("--firmware", results)


def on_device(folder, files, labels):
    missing = [tool for tool in ("arm-none-eabi-g++", "cmake", "ninja") if not shutil.which(tool)]
    if not SIMULATOR or missing:
        print(f"device: skipped, without {', '.join(missing) or 'the simulator'}")
        return True
    gen = folder / "gen-npy"
    run("cmake", "-S", gen, "-B", gen / "build", "-G", "Ninja")
    run("cmake", "--build", gen / "build", "-j1")
    answers, outputs, y = {}, {}, folder / "device.npy"
    for name, file in files.items():
        for action, options in (("infer", ["--output", y]), ("validate", ["--expected", folder / "u8.npy", "--labels", labels])):
            simulator = subprocess.Popen([SIMULATOR, "-t", "f103", "--uart", "tcp:0", gen / "build" / "firmware.elf"], stdout=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE)
            try:
                port = simulator.stderr.readline().decode().split()[-1]
                answers[name] = run(ONNX2MCU, "device", port, action, "--input", file, *options)
            finally:
                simulator.kill()
                simulator.wait()
                simulator.stderr.close()
        outputs[name] = y.read_bytes()
    outputs["host"] = (folder / "u8.npy").read_bytes()
    return same("device infer", outputs) & same("device validate", answers) and "passed" in answers["npy"]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        digits = SOURCE / "examples" / "digits"
        files = write_all(np.load(digits / "digits_200x1x28x28_u8.npy")[:COUNT, 0], folder)
        labels = folder / "labels-idx1-ubyte"
        labels.write_bytes(b"\0\0\x08\x01" + struct.pack(">I", COUNT) + np.load(digits / "labels_200_u8.npy")[:COUNT].tobytes())
        run(ONNX2MCU, "run", EXAMPLE / "bluepill-linear.onnx", "--input", files["npy"], "--output", folder / "u8.npy")
        passed = on_host(folder, files, labels)
        passed = quantized(folder, files, labels) and passed
        passed = firmware(folder, files, labels) and passed
        passed = on_device(folder, files, labels) and passed
    sys.exit(not passed)


if __name__ == "__main__":
    main()

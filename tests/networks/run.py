#!/usr/bin/env python3
"""The networks of make.py, in float32 and as `onnx2mcu quantize` makes them 8-bit: compiled, compared with the live ONNX
Runtime bit by bit on the host, then as firmware for the F446 in the simulator (--firmware).

usage: run.py [--firmware] [NAME...]"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import needs  # noqa: E402
from needs import REFERENCE  # noqa: E402

ONNX2MCU, SIMULATOR = os.environ.get("ONNX2MCU", "onnx2mcu"), os.environ.get("ONNX2MCU_SIM", "")
ON_DEVICE = 4  # samples that go through the simulated board


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"FAILED: {' '.join(map(str, command))}: status {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def reference_outputs(folder, models):
    """What ONNX Runtime makes of the samples, as NAME_y.npy."""
    jobs = [dict(model=str(folder / f"{m}.onnx"), inputs={"": str(samples_of(folder, m))}, outputs={"": str(folder / f"{m}_y.npy")})
            for m in models]
    for line in run("node", REFERENCE / "batch.mjs", input="\n".join(map(json.dumps, jobs))).splitlines():
        status = json.loads(line)
        if status["status"] != "ok":
            sys.exit(f"FAILED: ONNX Runtime: {status['model']}: {status['message']}")


def samples_of(folder, model):
    return folder / f"{model.removesuffix('_int8')}_x.npy"


def on_host(folder, model):
    report = run(ONNX2MCU, "validate", folder / f"{model}.onnx", "--target", "f446", "--input", samples_of(folder, model),
                 "--expected", folder / f"{model}_y.npy")
    print(f"{model}: {report.splitlines()[0]}")


def on_board(folder, model):
    sys.path.insert(0, str(HERE.parent / "firmware"))
    import board

    elf = board.build(str(folder), "f446", model=str(folder / f"{model}.onnx"))
    with board.simulated("f446", elf) as port:
        report = board.device(port, "validate", "--input", str(samples_of(folder, model)), "--expected", str(folder / f"{model}_y.npy"),
                              "--count", str(ON_DEVICE))
        board.need(f"passed: {ON_DEVICE} samples" in report, report)
        print(f"{model} on the F446: {' '.join(report.split())}")


def main():
    firmware, names = "--firmware" in sys.argv, [a for a in sys.argv[1:] if not a.startswith("-")]
    needs.packages("numpy", "onnx")
    needs.onnxruntime()
    import make
    if firmware:
        needs.tools("cmake", "ninja", "arm-none-eabi-g++", SIMULATOR)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        floats = [n for n in make.make(folder) if not names or n in names]
        if not floats:
            sys.exit("FAILED: there is no network")
        for n in floats:
            run(ONNX2MCU, "quantize", folder / f"{n}.onnx", "--calibration", folder / f"{n}_x.npy", "-o", folder / f"{n}_int8.onnx")
        models = [m for n in floats for m in (n, f"{n}_int8")]
        reference_outputs(folder, models)
        for model in models:
            on_board(folder, model) if firmware else on_host(folder, model)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Cycles that `onnx2mcu inspect` expects of a layer beside those in the simulator: at most 15 % apart.

  run.py CHIP… [--all]      (ONNX2MCU names the executable)

The layers are those of bench/kernels, none of which the model is fitted to (bench/cost.py); without --all a few of them.
Exit status 77: no cross compiler, no simulator (../shared), or no numpy and onnx."""
import argparse
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import needs  # noqa: E402

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path[:0] = [str(BENCH), str(BENCH / "kernels")]
FEW = ["fc 128 -> 64", "conv 3x3 8 -> 16, 14x14", "depthwise 3x3 16, 14x14", "pointwise 64 -> 64, 25x5", "maxpool 2x2 16, 28x28"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("chip", nargs="+")
    parser.add_argument("--all", action="store_true")
    args = parser.parse_args()
    needs.tools("arm-none-eabi-g++")
    needs.packages("numpy", "onnx")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ONNX2MCU_BENCH_CACHE"] = folder
        import cost
        import shapes
        try:
            cost.networks.simulator()
        except cost.networks.Failed as missing:
            needs.skip(missing)
        far = 0
        for i, (name, kind, geometry, _) in enumerate(shapes.SHAPES):
            if not args.all and name not in FEW:
                continue
            model = os.path.join(folder, f"layer{i}.onnx")
            sample = shapes.make(model, kind, geometry, i)[:1]
            for chip in args.chip:
                try:
                    rows = cost.measure(f"layer{i}", model, sample, chip, [])
                except cost.networks.Failed as reason:
                    print(f"{name:<26} {chip}  {str(reason).splitlines()[0][:80]}")
                    far += not str(reason).startswith("does not fit")
                    continue
                row = next(r for r in rows if r["name"] == "kernel")
                if row["expected_cycles"] is None:
                    print(f"{name:<26} {chip}  of unknown cost")
                    far += 1
                    continue
                error = row["expected_cycles"] / row["cycles"] - 1
                print(f"{name:<26} {chip}  expected {row['expected_cycles']:>9.0f}  simulated {row['cycles']:>9.0f}  {100 * error:+.1f} %", flush=True)
                far += abs(error) > cost.NEAR
    print(f"{far} layers are more than {100 * cost.NEAR:.0f} % off")
    return far != 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Every model of ../shared/models/refuse is refused: status 1, errors that name a node, and nothing is written.
Exit status 77: the folder is missing."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import needs  # noqa: E402


def main():
    failures, models = 0, sorted(needs.shared("models", "refuse").glob("*.onnx"))
    if not models:
        sys.exit("FAILED: ../shared/models/refuse has no model")
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([os.environ["ONNX2MCU"], model, "-o", pathlib.Path(folder, "gen"), "--target", "h750"], capture_output=True, text=True)
            lines = [line for line in done.stderr.splitlines() if "error:" in line]
            named = lines and all(re.search(r'error: (node \d+ ".+" \(\w+\)|the network): ', line) for line in lines)
            good = done.returncode == 1 and named and len(lines) <= 4 and not os.listdir(folder) and not done.stdout
            failures += not good
            print(f"{model.name}: {'refused' if good else 'WRONG'}, status {done.returncode}\n{done.stderr}")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Every model of ../shared/models/refuse is refused: status 1, errors that name a node, and nothing is written.
Exit status 77: the folder is missing."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "shared" / "models" / "refuse"


def main():
    if not FOLDER.is_dir():
        print("skipped: there is no folder ../shared/models/refuse beside the checkout")
        return 77
    failures = 0
    for model in sorted(FOLDER.glob("*.onnx")):
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

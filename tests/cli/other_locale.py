#!/usr/bin/env python3
"""Nothing that is read or written depends on the locale: with commas for decimal points, generated code, reports, JSON,
quantized models and messages are the same bytes. The locale is made for the test, from the sources in Debian's package
locales; exit status 77: they are not there."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import needs  # noqa: E402

EXAMPLES = needs.SOURCE / "examples"
MODEL, FLOAT = (EXAMPLES / "bluepill-linear" / f"bluepill-linear{kind}.onnx" for kind in ("", "_float"))
DIGITS = EXAMPLES / "digits" / "digits_200x1x28x28_u8.npy"
COMMANDS = [
    [MODEL, "-o", "gen", "--target", "f103", "--firmware", "--report", "report.html"],
    [FLOAT, "-o", "float", "--target", "f446"],
    ["inspect", MODEL, "--target", "f103", "--json"],
    ["quantize", FLOAT, "--calibration", DIGITS, "--scale", "0.00392156862745098", "-o", "quantized.onnx"],
    ["run", FLOAT, "--input", DIGITS, "--scale", "0.00392156862745098", "--output", "y.npy"],
]


def outputs(folder, environment):
    """Everything the commands print and write."""
    folder.mkdir()
    seen = {}
    for number, arguments in enumerate(COMMANDS):
        done = subprocess.run([os.environ["ONNX2MCU"], *map(str, arguments)], cwd=folder, env={**os.environ, **environment}, capture_output=True, check=False)
        messages = re.sub(rb"[\w ]+: \d+ %[\r\n]+", b"", done.stderr)  # how often progress is shown depends on the machine
        seen[number] = (done.returncode, done.stdout, messages)
    return seen | {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def main():
    needs.tools("localedef")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", folder / "de_DE.UTF-8"], capture_output=True, check=False)
        german = {"LOCPATH": name, "LC_ALL": "de_DE.UTF-8"}
        shown = subprocess.run(["/usr/bin/printf", "%.1f", "1"], env=german, capture_output=True, text=True, check=False).stdout
        if shown != "1,0":
            needs.skip("the locale de_DE could not be made (package locales)")
        plain, comma = outputs(folder / "plain", {"LC_ALL": "C"}), outputs(folder / "comma", german)
    different = sorted(map(str, (k for k in plain.keys() | comma.keys() if plain.get(k) != comma.get(k))))
    failed = [n for n in range(len(COMMANDS)) if plain[n][0] != 0]
    print(f"{len(plain)} texts and files under two locales: different {different}, commands failed {failed}")
    return bool(different or failed)


if __name__ == "__main__":
    sys.exit(main())

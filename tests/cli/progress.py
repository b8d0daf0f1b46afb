#!/usr/bin/env python3
"""Progress on stderr: a bar that draws over itself and goes away on a terminal, plain lines in a pipe, nothing of it on
stdout. Needs nothing but Python and a host C++ compiler."""
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
ONNX2MCU = os.environ.get("ONNX2MCU", "onnx2mcu")
DIGITS = "examples/digits/digits_200x1x28x28_u8.npy"
MODEL, FLOAT = "examples/nucleo-cnn/nucleo-cnn.onnx", "examples/nucleo-cnn/nucleo-cnn_float.onnx"
SAMPLES = 6000  # enough for the host program to be seen at work


def write_many_digits(path):
    images = (SOURCE / DIGITS).read_bytes()[-200 * 784:]
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({SAMPLES}, 1, 28, 28), }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode() + images * (SAMPLES // 200))


def on_terminal(command):
    """(stdout, what a terminal gets on stderr)"""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, cwd=SOURCE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 4096):
            seen += chunk
    except OSError:  # the other end is closed: Linux says EIO
        pass
    os.close(ours)
    out = process.stdout.read()
    process.stdout.close()
    assert process.wait() == 0, seen
    return out.decode(), seen.decode()


def in_pipe(command):
    done = subprocess.run(command, cwd=SOURCE, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


BAR = re.compile(r"(.+) \[(#*)(\.*)\] (\d+) of (\d+)")


def check_bar(text, phases):
    """Only bars that grow, each phase from its first to its last, and every one wiped out at its end."""
    end = text.rindex("\r\x1b[K") + 4  # behind it, warnings
    assert BAR.search(text[end:]) is None, "the last bar stays"
    text, seen = text[:end], []
    assert "\n" not in text, f"a bar must not scroll: {text!r}"
    for phase in filter(None, text.split("\r\x1b[K")):
        bars = [BAR.fullmatch(bar) for bar in phase.split("\r")[1:]]
        assert phase.startswith("\r") and all(bars) and len({bar[1] for bar in bars}) == 1, f"not a bar: {phase!r}"
        done = [int(bar[4]) for bar in bars]
        assert done == sorted(done), f"it goes back: {phase!r}"
        for bar in bars:
            assert len(bar[2]) == int(bar[4]) * 100 // int(bar[5]) * 40 // 100 and len(bar[2] + bar[3]) == 40, bar[0]
        seen.append((bars[0][1], len(bars), done[-1] == int(bars[-1][5])))
    for name, least in phases.items():
        assert any(n == name and steps >= least and finished for n, steps, finished in seen), f"{name}: {seen}"


def check_lines(text, phases):
    """Lines "phase: 10 %", each tenth once, in order."""
    assert "\r" not in text and "\x1b" not in text, f"control characters in a pipe: {text!r}"
    progress = list(re.finditer(r"^(.+): (\d+) %$", text, re.M))
    for name, least in phases.items():
        shares = [int(line[2]) for line in progress if line[1] == name]
        assert shares == sorted(set(shares)) and shares[-1:] == [100] and len(shares) >= min(least, 5) and all(s > 0 and s % 10 == 0 for s in shares), f"{name}: {shares}"


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_many_digits(folder / "many.npy")
        cases = {
            "quantize": (["quantize", FLOAT, "--calibration", DIGITS, "--scale", "0.0039", "--report", "-o", f"{name}/q.onnx"],
                         {"calibrate": 5, "choose ranges": 4, "correct biases": 5, "report (whole network)": 5, "report (each layer alone)": 2}),
            "run": (["run", MODEL, "--input", f"{name}/many.npy", "--output", f"{name}/y.npy", "--cxx-flags", "-O1"], {"run": 2}),
            "validate": (["validate", MODEL, "--input", f"{name}/many.npy", "--expected", f"{name}/y.npy", "--cxx-flags", "-O1"], {"validate": 2}),
        }
        for command, (words, phases) in cases.items():
            plain, lines = in_pipe([ONNX2MCU, *words])
            out, bar = on_terminal([ONNX2MCU, *words])
            assert plain == out, f"{command} prints other results on a terminal:\n{plain}{out}"
            check_lines(lines, phases)
            check_bar(bar, phases)
            print(f"{command}: {bar.count('[')} bars on a terminal, {len(lines.splitlines())} lines in a pipe")


if __name__ == "__main__":
    sys.exit(main())

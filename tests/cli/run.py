#!/usr/bin/env python3
"""Golden transcripts of the command line.

  run.py [--update] CASE.txt|FOLDER …        (ONNX2MCU names the executable)

A case is one text file: comments, the files it needs, and a transcript of shell commands run among those files.

  # What the case shows.
  == m.txtpb                     a file, verbatim
  == b.onnx: hex                 a file given as hexadecimal bytes
  == x.npy: uint8 2 3            a NumPy array: dtype, shape, then the values in C order
  ==
  $ onnx2mcu m.txtpb -o out      a command for sh; > are lines of stdout, ! of stderr, [N] the exit status
  > …
  [0]

--update rewrites the transcripts with what the commands really print. $SOURCE is the repository, $MODELS the folder
tests/cli/models. Needs nothing but Python."""
import difflib
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DTYPES = {"float32": ("<f4", "f"), "uint8": ("|u1", "B"), "int8": ("|i1", "b"), "int32": ("<i4", "i"), "int64": ("<i8", "q"), "float64": ("<f8", "d")}


def npy(description, text):
    dtype, *dims = description.split()
    descr, code = DTYPES[dtype]
    number = float if code in "fd" else int
    values = [number(word) for word in text.split()]
    shape = "".join(d + "," for d in dims)
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}{code}", *values)


def parse(text):
    """(everything before the transcript, {name: bytes}, [command])"""
    files, commands, name, kind, body = {}, [], None, "", []
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if line.startswith("==") or line.startswith("$ "):
            if name:
                content = "\n".join(body) + "\n"
                files[name] = bytes.fromhex("".join(body)) if kind == "hex" else npy(kind, content) if kind else content.encode()
            if line.startswith("$ "):
                return "\n".join(lines[:at]) + "\n", files, [text[2:] for text in lines[at:] if text.startswith("$ ")]
            name, _, kind = (part.strip() for part in line[2:].partition(":"))
            body = []
        else:
            body.append(line)
    return text, files, commands


def steady(text):
    """Output without what legitimately differs from run to run: temporary folders, progress."""
    text = re.sub(r"^(run|validate): \d+ %\n", "", text, flags=re.M)
    return re.sub(r"/tmp/onnx2mcu-\w{6}", "/tmp/onnx2mcu-XXXXXX", text)


def transcript(command, folder, environment):
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, capture_output=True, stdin=subprocess.DEVNULL)
    lines = [f"$ {command}"]
    for mark, stream in ((">", done.stdout), ("!", done.stderr)):
        lines += [f"{mark} {line}".rstrip(" ") for line in steady(stream.decode(errors="backslashreplace")).splitlines()]
    return lines + [f"[{done.returncode}]"]


def run_case(path, update, environment):
    text = path.read_text()
    head, files, commands = parse(text)
    if not commands:
        return f"{path}: no command\n"
    with tempfile.TemporaryDirectory(prefix="cli-") as folder:
        for name, content in files.items():
            file = pathlib.Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        actual = head + "".join("\n".join(transcript(c, folder, environment)) + "\n" for c in commands)
    if actual == text:
        return ""
    if update:
        path.write_text(actual)
        print(f"updated {path.relative_to(HERE)}")
        return ""
    return "".join(difflib.unified_diff(text.splitlines(True), actual.splitlines(True), f"{path} (expected)", "actual"))


def main():
    update = "--update" in sys.argv
    arguments = [pathlib.Path(a).resolve() for a in sys.argv[1:] if a != "--update"] or [HERE]
    cases = [case for a in arguments for case in (sorted(a.rglob("*.txt")) if a.is_dir() else [a]) if case.name != "CMakeLists.txt"]
    executable = pathlib.Path(os.environ["ONNX2MCU"]).resolve()
    environment = dict(os.environ, PATH=f"{executable.parent}:{os.environ['PATH']}", SOURCE=str(HERE.parent.parent), MODELS=str(HERE / "models"), LC_ALL="C.UTF-8")
    failed = 0
    for case in cases:
        difference = run_case(case, update, environment)
        failed += difference != ""
        sys.stdout.write(difference)
    print(f"{len(cases)} transcripts, {failed} differ")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())

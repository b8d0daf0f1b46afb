#!/usr/bin/env python3
"""README.md is true: its commands (```sh) run in order, its program (```cpp) is main.cpp, and every line of its excerpts
of generated code (```hpp; … stands for anything) is in the header that the commands generate, those of output (```txt) in
what the commands print."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


def run(text, folder, environment):
    """(exit status, stdout)"""
    print(text, end="", flush=True)
    done = subprocess.run(["sh", "-e", "-c", text], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="", flush=True)
    return done.returncode, done.stdout


def missing_lines(blocks, kind, text, where):
    lines = [line for k, body in blocks if k == kind for line in body.splitlines()]
    return [f"not in {where}: {line}" for line in lines if not re.search("^" + ".*".join(map(re.escape, line.split("…"))) + "$", text, re.M)]


def missing_links(text):
    return [link for link in re.findall(r"\]\(([^)#:]+)\)", text) if not (SOURCE / link).exists()]


def main():
    text = (SOURCE / "README.md").read_text()
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    environment = dict(os.environ, PATH=f"{pathlib.Path(os.environ['ONNX2MCU']).parent}:{os.environ['PATH']}")
    complaints = [f"{link}: there is no such file" for link in missing_links(text)]
    with tempfile.TemporaryDirectory() as name:
        folder, printed = pathlib.Path(name), ""
        (folder / "examples").symlink_to(SOURCE / "examples")
        for kind, body in blocks:
            if kind == "cpp":
                (folder / "main.cpp").write_text(body)
        for kind, body in blocks:
            if kind == "sh":
                status, out = run(body, folder, environment)
                printed += out
                complaints += [f"failed: {body}"] if status != 0 else []
            if kind == "" and body.strip() not in ("examples/run.sh", "tests/run.sh"):
                complaints.append(f"a command that nothing runs: {body}")
        complaints += missing_lines(blocks, "hpp", (folder / "gen" / "network.hpp").read_text(), "gen/network.hpp")
        complaints += missing_lines(blocks, "txt", printed, "what the commands print")
    print("\n".join(complaints))
    return len(complaints) > 0


if __name__ == "__main__":
    sys.exit(main())

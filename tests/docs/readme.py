#!/usr/bin/env python3
"""README.md is true: its commands (```sh) run in order, its program (```cpp) is main.cpp, and every line of its excerpts
of generated code (```hpp; … stands for anything) is in the header that the commands generate."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


def run(text, folder, environment):
    print(text, end="", flush=True)
    return subprocess.run(["sh", "-e", "-c", text], cwd=folder, env=environment).returncode


def missing_links(text):
    return [link for link in re.findall(r"\]\(([^)#:]+)\)", text) if not (SOURCE / link).exists()]


def main():
    text = (SOURCE / "README.md").read_text()
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    environment = dict(os.environ, PATH=f"{pathlib.Path(os.environ['ONNX2MCU']).parent}:{os.environ['PATH']}")
    complaints = [f"{link}: there is no such file" for link in missing_links(text)]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "examples").symlink_to(SOURCE / "examples")
        for kind, body in blocks:
            if kind == "cpp":
                (folder / "main.cpp").write_text(body)
        for kind, body in blocks:
            if kind == "sh" and run(body, folder, environment) != 0:
                complaints.append(f"failed: {body}")
            if kind == "" and body.strip() not in ("examples/run.sh", "tests/run.sh"):
                complaints.append(f"a command that nothing runs: {body}")
        header = (folder / "gen" / "network.hpp").read_text()
        for line in [line for kind, body in blocks if kind == "hpp" for line in body.splitlines()]:
            if not re.search("^" + ".*".join(map(re.escape, line.split("…"))) + "$", header, re.M):
                complaints.append(f"not in gen/network.hpp: {line}")
    print("\n".join(complaints))
    return len(complaints) > 0


if __name__ == "__main__":
    sys.exit(main())

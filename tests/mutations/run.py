#!/usr/bin/env python3
"""Structured mutations of real models: each is refused with a clear error, or becomes a network that computes what ONNX
Runtime computes.

  run.py [--count N] [--seed S] [--first I] [--no-compare] [--keep DIR]      (ONNX2MCU names the executable)

The models are the project's examples, those of tests/ops and, where it is there, real ones from ../shared. Refused means:
status 1, at least one "FILE: error: …", nothing written. Every compilation has 2 s of processor time and 512 MB. What is
accepted runs on the PC and in ONNX Runtime. Exit status 77: python3-onnx, NumPy, node or onnxruntime-node is missing. The
run is the same for the same seed, models and versions."""
import argparse
import collections
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import needs  # noqa: E402

needs.packages("numpy", "onnx")
import numpy as np  # noqa: E402

import mutate  # noqa: E402
import reference  # noqa: E402

SOURCE = needs.SOURCE
SECONDS, MEGABYTES, CHUNK = 2, 512, 240
TARGETS = ["portable"] * 5 + ["f103", "f446", "h750"]


def models(shared):
    if shared:
        folder = needs.shared("models")
        found = sorted(p for part in ("seeds", "mlperf-tiny", "others") for p in folder.glob(f"{part}/*.onnx"))
    else:
        found = sorted(SOURCE.glob("examples/*/*.onnx")) + sorted(SOURCE.glob("tests/ops/*/*/model.onnx"))
    if not found:
        sys.exit("there is no model to mutate")
    return [(p, p.read_bytes()) for p in found]


def limits(sanitized):
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS * 15, SECONDS * 15))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not sanitized:
        resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20, MEGABYTES << 20))


def compile_one(folder, name, target, sanitized):
    """(refused or accepted, what is wrong with that or None, the error text)"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [os.environ["ONNX2MCU"], f"{name}.onnx", "-o", name, "--name", name, "--target", target]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, preexec_fn=lambda: limits(sanitized), check=False)
    except subprocess.TimeoutExpired:
        return "refused", "hangs", ""
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    text = done.stderr.decode(errors="backslashreplace")
    written = (folder / name).exists() or any(folder.glob(f"{name}*.tmp*"))
    if done.returncode not in (0, 1):
        return "refused", f"status {done.returncode}", text
    if seconds > SECONDS * (15 if sanitized else 1):
        return "refused", f"takes {seconds:.1f} s", text
    if done.returncode == 0:
        return ("accepted", None, text) if (folder / name / f"{name}.hpp").exists() else ("refused", "status 0, nothing written", text)
    if written:
        return "refused", "status 1, but something is written", text
    if not re.match(rf"{name}\.onnx: error: .", text) or any(not re.match(rf"{name}\.onnx: (error|warning): |  ", line) for line in text.splitlines()):
        return "refused", "no clear error", text
    return "refused", None, text


def prepare(folder):
    """What external data may point at."""
    folder.mkdir(parents=True)
    (folder.parent / "outside.bin").write_bytes(bytes(1 << 16))
    (folder / "weights.bin").write_bytes(bytes(range(256)) * 2048)
    (folder / "link.bin").symlink_to("/etc/passwd")


def message_class(text):
    first = text.splitlines()[0] if text else ""
    first = re.sub(r'"(?:[^"\\]|\\.)*"', '"…"', first.split("error: ", 1)[-1])
    return re.sub(r"-?\d[\d.e+]*", "#", re.sub(r"\[[^\]]*\]", "[…]", first))[:110]


class Report:
    def __init__(self):
        self.counts, self.messages, self.rejected = collections.Counter(), collections.Counter(), collections.Counter()
        self.findings = []

    def finding(self, case, what, text=""):
        self.findings.append((case, what))
        print(f"FINDING {case}: {what}\n{text[:1500]}", flush=True)

    def print(self, verbose):
        if verbose:
            for title, counter in (("refused because", self.messages), ("accepted, but rejected by ONNX Runtime because", self.rejected)):
                print(title)
                for text, n in counter.most_common():
                    print(f"  {n:6} {text}")
        print(", ".join(f"{n} {what}" for what, n in sorted(self.counts.items())) + f", {len(self.findings)} findings")


def run_chunk(numbers, seed, originals, folder, a, report, known):
    prepare(folder)
    accepted = []
    for i in numbers:
        rng = np.random.default_rng([seed, i])
        path, data = originals[i % len(originals)]
        changed, what = mutate.mutate(rng, data)
        target = mutate.pick(rng, TARGETS)
        name = f"m{i}"
        (folder / f"{name}.onnx").write_bytes(changed)
        result, fault, text = compile_one(folder, name, target, a.sanitized)
        case = f"seed {seed} mutation {i} ({path.name}, {target}; {what})"
        report.counts["mutations"] += 1
        report.counts[result] += 1
        if fault:
            report.finding(case, fault, text)
        elif result == "accepted":
            accepted.append((name, case))
        else:
            report.messages[message_class(text)] += 1
    if accepted and not a.no_compare:
        reference.compare_all(accepted, folder, report, known)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutation")
    parser.add_argument("--shared", action="store_true", help="mutate the real models of ../shared instead of the project's own")
    parser.add_argument("--no-compare", action="store_true", help="only compile")
    parser.add_argument("--sanitized", action="store_true", help="the executable has sanitizers: slower, and no limit of memory")
    parser.add_argument("--verbose", action="store_true", help="list the reasons of refusals")
    parser.add_argument("--keep", type=pathlib.Path, help="work here and keep the files")
    a = parser.parse_args()
    if not a.no_compare:
        needs.onnxruntime()
    originals = models(a.shared)
    os.environ["ONNX2MCU"] = str(pathlib.Path(os.environ["ONNX2MCU"]).resolve())
    holder = None if a.keep else tempfile.TemporaryDirectory()
    root = (a.keep or pathlib.Path(holder.name)).resolve()
    report, known = Report(), {}
    for first in range(a.first, a.first + a.count, CHUNK):
        folder = root / f"{a.seed}-{first}" / "models"
        run_chunk(range(first, min(first + CHUNK, a.first + a.count)), a.seed, originals, folder, a, report, known)
        if not a.keep:
            shutil.rmtree(folder.parent)
        if a.verbose:
            print(f"{first + CHUNK}: {dict(report.counts)}", file=sys.stderr, flush=True)
    report.print(a.verbose)
    return len(report.findings) != 0


if __name__ == "__main__":
    sys.exit(main())

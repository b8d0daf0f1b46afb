#!/usr/bin/env python3
"""onnx2mcu device against firmware in the simulator, over a pseudo terminal and TCP: every action, images from files,
progress, timeouts; the plain-text mode; and that a generated project needs nothing but its folder."""
import os
import pty
import re
import shutil
import struct
import subprocess
import zlib

import board
from board import COMPILER, DIGITS, EXPECTED, LABELS, SIMULATOR, build_project, device, need, read_images, run, simulated


def standalone(folder):
    """Built somewhere else, after its folder has moved there."""
    made, moved = f"{folder}/made", f"{folder}/elsewhere/moved"
    run([COMPILER, board.MODEL, "-o", made, "--target", "f446", "--firmware"])
    os.mkdir(f"{folder}/elsewhere")
    shutil.move(made, moved)
    elf = build_project(moved)
    deps = run(["ninja", "-C", f"{moved}/build", "-t", "deps"]).stdout.decode()
    used = {os.path.realpath(os.path.join(moved, "build", line.strip())) for line in deps.splitlines() if line.startswith("    ")}
    inside = [path for path in used if path.startswith(os.path.realpath(moved))]
    toolchain = [path for path in used if path.startswith(("/usr/lib/", "/usr/include/", "/usr/arm-none-eabi/", "/usr/share/"))]
    need(len(inside) > 10 and len(inside) + len(toolchain) == len(used), f"files from elsewhere: {sorted(used - set(inside) - set(toolchain))}")
    targets = run(["ninja", "-C", f"{moved}/build", "-t", "commands", "flash", "flash-openocd"]).stdout.decode()
    need("st-flash --reset write firmware.bin 0x08000000" in targets and "openocd -f" in targets, targets)
    print(f"the project moved: {len(inside)} files of its own, {len(toolchain)} of the toolchain, no other; flash targets for st-flash and OpenOCD")
    return elf


def picture(folder):
    """Digit 7 of the drawn ones as PGM and PNG."""
    pixels = read_images()[7]
    with open(f"{folder}/seven.pgm", "wb") as f:
        f.write(b"P5 28 28 255\n" + pixels)
    rows = b"".join(b"\0" + pixels[28 * y:28 * y + 28] for y in range(28))
    with open(f"{folder}/seven.png", "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in ((b"IHDR", struct.pack(">IIBBBBB", 28, 28, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
            f.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
    with open(f"{folder}/two.idx", "wb") as f:
        f.write(struct.pack(">IIII", 0x803, 2, 28, 28) + read_images()[3] + pixels)


def actions(folder, port):
    info = device(port, "info")
    need("nucleo-cnn.onnx (sha256 " in info and "on f446 at 180 MHz" in info and 'input  "image" uint8[1, 1, 28, 28]' in info, info)
    shown = device(port, "show", "--input", f"{folder}/seven.pgm")
    print(shown, end="")
    need("prediction 7" in shown and "@" in shown and re.search(r" 9:-?\d", shown), shown)
    need(device(port, "show", "--input", f"{folder}/seven.png") == shown, "the PNG is not the PGM")
    of_idx = device(port, "show", "--input", f"{folder}/two.idx", "--first", "1")
    need(of_idx == shown, of_idx)
    run([COMPILER, "device", port, "infer", "--input", DIGITS, "--count", "20", "--output", f"{folder}/logits.npy"])
    with open(f"{folder}/logits.npy", "rb") as got, open(EXPECTED, "rb") as expected:
        need(got.read()[-800:] == expected.read()[-8000:][:800], "infer wrote other logits")
    profile = device(port, "profile", "--input", DIGITS, "--count", "1")
    need(re.search(r"conv1\S* +\d+ cycles", profile) and profile.splitlines()[-1].startswith("all "), profile)
    without = run([COMPILER, "device", port, "self-test"], 1).stderr.decode()
    need("built without test vectors" in without, without)


def progress(port):
    """Lines in a pipe, a bar on a terminal."""
    command = [COMPILER, "device", port, "validate", "--input", DIGITS, "--expected", EXPECTED, "--labels", LABELS, "--count", "30"]
    done = run(command)
    need(b"validate: 50 %\n" in done.stderr and b"\r" not in done.stderr, done.stderr)
    need(b"passed: 30 samples on f446" in done.stdout and b"labels: 30 of 30 correct" in done.stdout, done.stdout)
    master, slave = pty.openpty()
    status = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=slave).returncode
    os.close(slave)
    shown = os.read(master, 65536)
    os.close(master)
    need(status == 0 and b"\rvalidate [" in shown and b"#" in shown and b"15 of 30" in shown and b"\n" not in shown, shown)


def nobody_answers():
    """A terminal at the other end of which nobody is."""
    master, slave = pty.openpty()
    failed = run([COMPILER, "device", os.ttyname(slave), "info", "--timeout", "0.2"], 1).stderr.decode()
    need("no answer from the device in 4 attempts: it does not answer" in failed, failed)
    os.close(master)
    os.close(slave)
    gone = run([COMPILER, "device", "/dev/there-is-no-such-port", "info"], 1).stderr.decode()
    need("cannot open /dev/there-is-no-such-port" in gone, gone)
    gone = run([COMPILER, "device", "tcp:127.0.0.1:1", "info"], 1).stderr.decode()
    need("nobody listens there" in gone, gone)


def by_hand(elf):
    """What a person sees who types `text` and sends an image of 784 raw bytes."""
    done = run([SIMULATOR, "-q", "-t", "f446", elf], input=b"text\r" + read_images()[7]).stdout.decode()
    print(done.replace("\r", ""), end="")
    need("onnx2mcu nucleo-cnn.onnx at 180 MHz" in done and "Send 784 raw bytes" in done and "prediction 7, " in done, done)
    with open(EXPECTED, "rb") as f:
        expected = struct.unpack("<10f", f.read()[-8000:][7 * 40:8 * 40])
    logits = [float(v) for v in re.findall(r"^  \d  (-?\d+\.\d{4})\r$", done, re.M)]
    need(len(logits) == 10 and all(abs(a - b) < 1e-4 for a, b in zip(logits, expected)), f"{logits} {expected}")


def client(folder):
    elf = standalone(folder)
    picture(folder)
    for uart in ("tcp:0", "pty"):
        with simulated("f446", elf, uart) as port:
            need(port.startswith("tcp:127.0.0.1:" if uart == "tcp:0" else "/dev/pts/"), port)
            actions(folder, port)
            progress(port)
    nobody_answers()
    by_hand(elf)


if __name__ == "__main__":
    board.main(client)

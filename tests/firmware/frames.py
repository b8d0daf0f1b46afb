#!/usr/bin/env python3
"""Damaged frames against a firmware in the simulator: flipped bytes, short and over-long frames, noise, disconnects. Behind
every one comes a good frame, and every good frame is answered. ONNX2MCU_CORRUPTED_FRAMES: how many (default 1000)."""
import os
import random
import socket
import struct
import zlib

import board
from board import EXPECTED, MAGIC, SIMULATOR, build, frame, frames_in, need, read_images, run, simulated

FRAMES = int(os.environ.get("ONNX2MCU_CORRUPTED_FRAMES", "1000"))


def flipped(good, rng):
    bad = bytearray(good)
    for _ in range(rng.randint(1, 4)):
        bad[rng.randrange(len(bad))] ^= rng.randint(1, 255)
    return bytes(bad)


def short(good, rng):
    return good[:rng.randrange(1, len(good))]


def over_long(good, rng):
    """A correct header that announces too much, or more bytes than it announces."""
    more = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 60)))
    if rng.random() < 0.5:
        return good + more
    length = struct.unpack_from("<I", good, 8)[0] + rng.choice((1, len(more), 4096, 0x7FFFFFFF))
    header = good[:8] + struct.pack("<I", length)
    return header + struct.pack("<I", zlib.crc32(header)) + good[16:] + more


def noise(_, rng):
    """Random bytes, pieces of the magic among them."""
    return b"".join(MAGIC[:rng.randint(1, 4)] if rng.random() < 0.2 else bytes([rng.randrange(256)]) for _ in range(rng.randrange(1, 80)))


DAMAGE = (flipped, flipped, short, over_long, noise)


def bad_frame(images, rng, i):
    kind = rng.choice((1, 2, 4, 9))
    good = frame(kind, 0xEE, images[i % len(images)] if kind == 2 else b"", rng.choice((0, 0, 7)))
    return rng.choice(DAMAGE)(good, rng)


def expected_outputs():
    with open(EXPECTED, "rb") as f:
        data = f.read()
    return [data[-40 * (200 - i):][:40] for i in range(200)]


def without_a_pause(folder, elf, images):
    """One stream: every frame behind a bad one, each answered, in order. Every 20th is an inference with its right outputs."""
    rng, stream, wanted = random.Random(1), [], []
    expected = expected_outputs()
    for i in range(FRAMES):
        stream.append(bad_frame(images, rng, i))
        sequence, image = i % 200, i // 20 % 200
        stream.append(frame(2, sequence, images[image]) if i % 20 == 0 else frame(4, sequence, argument=3))
        wanted.append((0x82, sequence, expected[image]) if i % 20 == 0 else (0x7F, sequence, struct.pack("<III", 7, 0, 3)))
    stream += [frame(2, 0xEF, images[0])] * 3  # whatever an unfinished frame still waits for
    with open(f"{folder}/frames", "wb") as f:
        f.write(b"".join(stream))
    replies = frames_in(run([SIMULATOR, "-q", "-t", "f446", "--uart", f"file:{folder}/frames", elf]).stdout)
    answered = [(kind, s, payload[4:] if kind == 0x82 else payload) for kind, s, payload in replies
                if s < 200 and (kind == 0x82 or payload[:4] == struct.pack("<I", 7) and payload[8:12] == struct.pack("<I", 3))]
    need(answered == wanted, f"{len(answered)} of {len(wanted)} good frames answered, or otherwise")
    need(any(kind == 0x82 and s == 0xEF for kind, s, _ in replies), "the last inference was not answered")
    errors = sum(kind == 0x7F for kind, _, _ in replies) - sum(kind == 0x7F for kind, _, _ in wanted)
    print(f"{FRAMES} damaged frames: every good frame behind one answered, {errors} error frames for the damaged")


def answer(line, sequence):
    """Reads until the reply to an inference has come."""
    data = b""
    while not any(kind == 0x82 and s == sequence for kind, s, _ in frames_in(data)):
        data += line.recv(65536)
    return next(payload for kind, s, payload in frames_in(data) if kind == 0x82 and s == sequence)


def disconnects(elf, images):
    """The line breaks inside a frame; who connects next is answered."""
    rng, expected, count = random.Random(2), expected_outputs(), max(10, FRAMES // 100)
    with simulated("f446", elf) as port:
        address = ("127.0.0.1", int(port.rsplit(":", 1)[1]))
        for i in range(count):
            with socket.create_connection(address, timeout=20) as line:
                line.sendall(short(frame(2, 0xEE, images[i % 200]), rng))
            with socket.create_connection(address, timeout=20) as line:
                line.sendall(frame(2, i % 200, images[i % 200]))
                need(answer(line, i % 200)[4:] == expected[i % 200], f"wrong outputs after disconnect {i}")
    print(f"{count} disconnects inside a frame: the next connection was answered")


def frames(folder):
    images, elf = read_images(), build(folder, "f446")
    without_a_pause(folder, elf, images)
    disconnects(elf, images)


if __name__ == "__main__":
    board.main(frames)

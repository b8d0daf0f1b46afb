#!/usr/bin/env python3
"""Whole firmwares in the simulator: built by --firmware, fed over the UART protocol, compared with ONNX Runtime's recorded
outputs; faults; corrupted frames. Prints `skipped: …` and exits with 77 where a tool is missing."""
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

ROOT = os.environ.get("ONNX2MCU_SOURCE", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
COMPILER, SIMULATOR = os.environ.get("ONNX2MCU", ""), os.environ.get("ONNX2MCU_SIM", "")
FRAMES = int(os.environ.get("ONNX2MCU_CORRUPTED_FRAMES", "1000"))
MODEL = f"{ROOT}/examples/nucleo-cnn/nucleo-cnn.onnx"
DIGITS, LABELS = f"{ROOT}/examples/digits/digits_200x1x28x28_u8.npy", f"{ROOT}/examples/digits/labels_200_u8.npy"
EXPECTED = f"{ROOT}/examples/nucleo-cnn/expected_200x10_f32.npy"
MAGIC = b"\xa5O2M"
CPU = {"f103": ("stm32f103", ["-mcpu=cortex-m3"]),
       "f446": ("stm32f446", ["-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]),
       "h750": ("stm32h750", ["-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-d16"])}


def need(condition, text):
    if not condition:
        print(f"FAILED: {text}")
        sys.exit(1)


def run(command, status=0, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    need(status is None or done.returncode == status, f"{' '.join(command)}: status {done.returncode}\n" +
         (done.stdout + done.stderr).decode("utf-8", "replace")[-3000:])
    return done


def build(folder, target, *options):
    """The generated project exactly as a user builds it."""
    gen = f"{folder}/gen-{target}{''.join(options).replace('=', '-').replace('/', '-')[:40]}"
    run([COMPILER, MODEL, "-o", gen, "--target", target, "--firmware", *options])
    run(["cmake", "-S", gen, "-B", f"{gen}/build", "-G", "Ninja"])
    log = run(["cmake", "--build", f"{gen}/build", "-j1"]).stdout.decode()
    need("warning" not in log, log)
    return f"{gen}/build/firmware.elf"


def with_device(target, elf, *arguments, status=0):
    """onnx2mcu device against the simulator on a free TCP port."""
    simulator = subprocess.Popen([SIMULATOR, "-t", target, "--uart", "tcp:0", elf], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        line = simulator.stderr.readline().decode()
        port = line.split()[-1]
        return run([COMPILER, "device", port, *arguments], status).stdout.decode()
    finally:
        simulator.kill()
        simulator.wait()
        simulator.stderr.close()


def frame(kind, sequence, payload=b"", argument=0):
    header = MAGIC + struct.pack("<BBHI", kind, sequence, argument, len(payload))
    return header + struct.pack("<I", zlib.crc32(header)) + payload + struct.pack("<I", zlib.crc32(payload))


def frames_in(data):
    found, at = [], data.find(MAGIC)
    while at >= 0 and len(data) - at >= 20:
        kind, sequence, _, length, check = struct.unpack_from("<BBHII", data, at + 4)
        if check == zlib.crc32(data[at:at + 12]) and len(data) - at >= 20 + length:
            payload = data[at + 16:at + 16 + length]
            need(zlib.crc32(payload) == struct.unpack_from("<I", data, at + 16 + length)[0], "a reply is damaged")
            found.append((kind, sequence, payload))
            at += 19 + length
        at = data.find(MAGIC, at + 1)
    return found


def corrupted(good, rng):
    bad = bytearray(good)
    for _ in range(rng.randint(1, 4)):
        bad[rng.randrange(len(bad))] ^= rng.randint(1, 255)
    if rng.random() < 0.3:
        del bad[rng.randrange(len(bad)):]
    if rng.random() < 0.2:
        bad += bytes(rng.randrange(256) for _ in range(rng.randrange(30)))
    return bytes(bad)


def test_corrupted_frames(folder, target, elf, images):
    """A good frame behind every bad one, without a pause: each is answered, in order."""
    rng, stream, sequences = random.Random(1), b"", []
    for i in range(FRAMES):
        kind = rng.choice((1, 2, 2, 4, 9))
        stream += corrupted(frame(kind, 0xEE, images[i % len(images)] if kind == 2 else b""), rng)
        sequences.append(i % 200)
        stream += frame(1, i % 200)
    stream += frame(2, 0xEF, images[0]) * 3  # whatever an unfinished frame still waits for
    with open(f"{folder}/frames", "wb") as f:
        f.write(stream)
    out = run([SIMULATOR, "-q", "-t", target, "--uart", f"file:{folder}/frames", elf]).stdout
    replies = frames_in(out)
    answered = [s for kind, s, _ in replies if kind == 0x81 and s < 200]
    need(answered == sequences, f"{len(answered)} of {len(sequences)} good frames answered, or out of order")
    need(any(kind == 0x82 and s == 0xEF for kind, s, _ in replies), "the last inference was not answered")
    print(f"{target}: {FRAMES} corrupted frames, every good one answered, {sum(k == 0x7F for k, _, _ in replies)} error frames")


FAULTS = r"""
#include "chip.hpp"
[[gnu::noinline]] int deep(volatile int* p, int n) { volatile int a[64]; a[n & 63] = *p; return n > 100000 ? 0 : deep(a, n + 1) + a[1]; }
int main() {
  volatile int zero = 0;
#if MODE == 0
  return deep(&zero, 0);
#elif MODE == 1
  void (*volatile f)() = nullptr;
  f();
#elif MODE == 2
  return *reinterpret_cast<volatile int*>(0x30100000);
#elif MODE == 3
  return 5 / zero;
#endif
  return 42;
}
"""
FAULT_REPORTS = ("stack overflow", "call of a null pointer", "read of 4 bytes outside any memory at address 0x30100000", "division by zero")


def test_faults(folder, target):
    """The simulator's report and, delivered by it, the firmware's own."""
    name, cpu = CPU[target]
    source = f"{folder}/faults.cpp"
    with open(source, "w") as f:
        f.write(FAULTS)
    common, chip = f"{ROOT}/targets/common", f"{ROOT}/targets/{name}"
    sources = [f"{common}/startup.cpp", f"{common}/faults.cpp"] + [f"{chip}/{f}" for f in os.listdir(chip) if f.endswith(".cpp")]
    for mode in range(5):
        elf = f"{folder}/faults-{target}-{mode}.elf"
        run(["arm-none-eabi-g++", "-std=c++17", *cpu, "-mthumb", "-O1", "-fno-optimize-sibling-calls", "-w", "-ffreestanding", "-fno-exceptions",
             "-fno-rtti", "-fno-tree-loop-distribute-patterns", "-ffunction-sections", f"-DMODE={mode}", f"-I{common}", f"-I{chip}", *sources, source,
             "-nostartfiles", "-Wl,--gc-sections", "-L", common, "-T", f"{chip}/memory.ld", "-o", elf])
        done = run([SIMULATOR, "-t", target, "--uart", "file:/dev/null", elf], status=None)
        if mode == 4:
            need(done.returncode == 42, f"{target}: exit status {done.returncode}, not the firmware's 42")
            continue
        report, said = done.stderr.decode(), done.stdout.decode()
        need(FAULT_REPORTS[mode] in report and "deep(" in report if mode == 0 else FAULT_REPORTS[mode] in report and "<main+" in report, report)
        need("fault: exception" in said and done.returncode == 70, f"{target}, mode {mode}: {said!r}, status {done.returncode}")
    print(f"{target}: stack overflow, null call, bad read and division by zero are reported twice: by the simulator and by the firmware")


def read_images():
    with open(DIGITS, "rb") as f:
        data = f.read()
    return [data[-784 * (200 - i):][:784] for i in range(200)]


def first_samples(path, n, folder):
    """The first n samples of a .npy of 200."""
    with open(path, "rb") as f:
        data = f.read()
    begin = 10 + struct.unpack_from("<H", data, 8)[0]
    small = f"{folder}/{n}-{os.path.basename(path)}"
    with open(small, "wb") as f:
        f.write(data[:begin].replace(b"(200,", b"(%3d," % n) + data[begin:begin + (len(data) - begin) // 200 * n])
    return small


def main():
    for tool in ("cmake", "ninja", "arm-none-eabi-g++"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is missing")
            return 77
    if not SIMULATOR or not os.path.exists(SIMULATOR):
        print("skipped: onnx2mcu-sim was not built (libunicorn-dev, libcapstone-dev)")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        images = read_images()
        for target in CPU:
            elf = build(folder, target)
            info = with_device(target, elf, "info")
            need("nucleo-cnn.onnx" in info and f"on {target} at" in info, info)
            print(with_device(target, elf, "validate", "--input", DIGITS, "--expected", EXPECTED, "--labels", LABELS), end="")
            profile = with_device(target, elf, "profile", "--input", DIGITS, "--count", "1")
            need("conv1" in profile, profile)
            test_faults(folder, target)
        test_corrupted_frames(folder, "f446", f"{folder}/gen-f446/build/firmware.elf", images)
        elf = build(folder, "h750", "--place", "weights=qspi", "--place", "code=itcm", "--place", "arena=axi",
                    *sum(([option, first_samples(path, 50, folder)] for option, path in
                          (("--input", DIGITS), ("--expected", EXPECTED), ("--labels", LABELS))), []))
        tested = with_device("h750", elf, "self-test")
        need("50 of 50 vectors identical" in tested, tested)
        print("h750, weights in external flash, code in ITCM, arena in AXI RAM:", tested, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())

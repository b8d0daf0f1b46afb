"""What the firmware tests share: building firmware as a user does, running it in the simulator, frames of docs/protocol.md
written and read by code of their own."""
import contextlib
import os
import struct
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import needs  # noqa: E402

ROOT = os.environ.get("ONNX2MCU_SOURCE", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
COMPILER, SIMULATOR = os.environ.get("ONNX2MCU", ""), os.environ.get("ONNX2MCU_SIM", "")
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


def main(test, *tools):
    """Runs test(folder) in a temporary folder, or skips it when a tool is missing."""
    needs.tools("cmake", "ninja", "arm-none-eabi-g++", *tools)
    if not os.path.exists(SIMULATOR):
        needs.skip("onnx2mcu-sim was not built (libunicorn-dev, libcapstone-dev)")
    with tempfile.TemporaryDirectory() as folder:
        test(folder)


def run(command, status=0, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    need(status is None or done.returncode == status, f"{' '.join(command)}: status {done.returncode}\n" +
         (done.stdout + done.stderr).decode("utf-8", "replace")[-3000:])
    return done


def build_project(gen):
    run(["cmake", "-S", gen, "-B", f"{gen}/build", "-G", "Ninja"])
    log = run(["cmake", "--build", f"{gen}/build", "-j1"]).stdout.decode()
    need("warning" not in log, log)
    return f"{gen}/build/firmware.elf"


def build(folder, target, *options, model=MODEL):
    """The generated project exactly as a user builds it."""
    gen = f"{folder}/gen-{target}-{zlib.crc32(repr((model, options)).encode()):08x}"
    run([COMPILER, model, "-o", gen, "--target", target, "--firmware", *options])
    return build_project(gen)


@contextlib.contextmanager
def simulated(target, elf, uart="tcp:0"):
    """A simulator with this firmware; gives the port on which `onnx2mcu device` reaches it."""
    simulator = subprocess.Popen([SIMULATOR, "-t", target, "--uart", uart, elf], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield simulator.stderr.readline().decode().split()[-1]
    finally:
        simulator.kill()
        simulator.wait()
        simulator.stderr.close()


def device(port, *arguments, status=0):
    return run([COMPILER, "device", port, *arguments], status).stdout.decode()


def frame(kind, sequence, payload=b"", argument=0):
    header = MAGIC + struct.pack("<BBHI", kind, sequence, argument, len(payload))
    return header + struct.pack("<I", zlib.crc32(header)) + payload + struct.pack("<I", zlib.crc32(payload))


def frames_in(data):
    """(type, sequence, payload) of every frame; text around them is skipped."""
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


def read_images():
    with open(DIGITS, "rb") as f:
        data = f.read()
    return [data[-784 * (200 - i):][:784] for i in range(200)]

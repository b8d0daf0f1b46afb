"""Compiles many models and runs each on its input: the generated networks of a batch share one host compilation."""

import concurrent.futures
import os
import re
import subprocess

import numpy as np
import onnx

DTYPES = {"f2": np.float16, "f4": np.float32, "f8": np.float64, "b1": np.bool_}
PER_BATCH = 24

RUNNER = r"""
#include <cstdio>
#include <cstdlib>
#include <type_traits>
#include <utility>
%(includes)s
#include "%(host)s"

template <class T>
constexpr char kind_of() {
  return std::is_same<T, bool>::value ? 'b' : !std::is_integral<T>::value ? 'f' : std::is_signed<T>::value ? 'i' : 'u';
}
template <class Port>
void describe() {
  std::printf("%%c%%d", kind_of<typename Port::value_type>(), static_cast<int>(sizeof(typename Port::value_type)));
  for (const std::size_t d : Port::shape) std::printf(" %%d", static_cast<int>(d));
  std::printf("\n");
}
%(functions)s
int main(int, char** argv) {
  switch (std::atoi(argv[1])) {
%(cases)s
  }
  return 2;
}
"""

FUNCTION = r"""
static int run_%(name)s() {
  static %(name)s::Model model;
%(describe)s
  return onnx2mcu::host::run(model, 1, stdin, stdout, std::make_integer_sequence<int, %(inputs)d>{},
                             std::make_integer_sequence<int, %(outputs)d>{});
}"""


class Network:
    def __init__(self, case, index, folder):
        self.case, self.name, self.folder = case, f"n{index}", folder / f"n{index}"
        self.error, self.outputs = None, None

    def generate(self, tool):
        self.folder.mkdir(parents=True)
        self.model = self.folder / "model.onnx"
        onnx.save(self.case.model, str(self.model))
        is_open = lambda v: any(d.dim_value <= 0 for d in v.type.tensor_type.shape.dim)
        names = [v.name for v in self.case.model.graph.input if is_open(v) and v.name in self.case.inputs]
        arrays = [(name, self.case.inputs[name]) for name in names]
        shapes = [f"--input-shape={name}={','.join(map(str, a.shape))}" for name, a in arrays if a.ndim and a.size]
        command = [tool, str(self.model), "-o", str(self.folder / "gen"), "--name", self.name, "--any-size", *shapes]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            found = re.search(r"error: (.*)", done.stderr)
            self.error = found[1] if found else f"exit status {done.returncode}: {done.stderr[-200:]}"

    def function(self):
        ports = [len(self.case.inputs), len(self.case.model.graph.output)]
        lines = [f"  describe<{self.name}::Output<{i}>>();" for i in range(ports[1])]
        return FUNCTION % dict(name=self.name, describe="\n".join(lines), inputs=ports[0], outputs=ports[1])

    def run(self, program, number):
        data = b"".join(np.ascontiguousarray(a).tobytes() for a in self.case.inputs.values())
        done = subprocess.run([program, str(number)], input=data, capture_output=True, timeout=300)
        if done.returncode != 0:
            self.error = f"the network ended with status {done.returncode}"
            return
        self.outputs, rest = [], done.stdout
        ports = []
        for _ in self.case.model.graph.output:
            line, rest = rest.split(b"\n", 1)
            kind, *shape = line.decode().split()
            dtype = DTYPES.get(kind) or np.dtype(kind)
            ports.append((np.dtype(dtype), [int(d) for d in shape]))
        for dtype, shape in ports:
            size = dtype.itemsize * int(np.prod(shape))
            self.outputs.append(np.frombuffer(rest[:size], dtype).reshape(shape))
            rest = rest[size:]


def build(networks, path, source, flags):
    host = source / "runtime/onnx2mcu/host/runner.hpp"
    fill = dict(includes="\n".join(f'#include "{n.folder}/gen/{n.name}.hpp"' for n in networks), host=host,
                functions="".join(n.function() for n in networks),
                cases="\n".join(f"    case {i}: return run_{n.name}();" for i, n in enumerate(networks)))
    path.with_suffix(".cpp").write_text(RUNNER % fill)
    command = [os.environ.get("CXX", "c++"), "-std=c++17", "-w", *flags, "-o", str(path), str(path.with_suffix(".cpp"))]
    done = subprocess.run(command, capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr


def build_and_run(networks, path, source, flags):
    """One batch; where it does not compile, each network alone, so that one failure is not that of all."""
    error = build(networks, path, source, flags)
    if error and len(networks) > 1:
        for i, network in enumerate(networks):
            build_and_run([network], path.with_name(f"{path.name}_{i}"), source, flags)
    elif error:
        networks[0].error = "the host compiler: " + (re.search(r"error: .*", error) or [error[:200]])[0]
    else:
        for i, network in enumerate(networks):
            network.run(str(path), i)


def run_cases(cases, folder, tool, source, flags=("-O1",)):
    """Returns a Network per case: its outputs, or the error."""
    networks = [Network(case, i, folder) for i, case in enumerate(cases)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda n: n.generate(tool), networks))
        good = [n for n in networks if n.error is None]
        batches = [good[i : i + PER_BATCH] for i in range(0, len(good), PER_BATCH)]
        list(pool.map(lambda b: build_and_run(b[1], folder / f"batch{b[0]}", source, flags), enumerate(batches)))
    return networks

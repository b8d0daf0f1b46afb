"""GCC's call graph (-fcallgraph-info=su) of the generated code: stack that functions take, and the compiler's table of it."""
import re

from needs import SOURCE

TABLE = SOURCE / "compiler" / "program" / "stack_frames.def"
COLUMNS = ["f103", "f446", "h750"]
LIBRARY = 64  # bytes of a function of libgcc or libc, of which the graph says nothing
UNBOUNDED = 1 << 30


class CallGraph:
    def __init__(self, file):
        text = file.read_text()
        self.sizes, self.calls, self.known, self.layers = {}, {}, {}, {}
        for title, label in re.findall(r'node: \{ title: "([^"]*)" label: "([^"]*)"', text):
            frame = re.search(r"(\d+) bytes \((\w+)\)", label)
            self.sizes[title] = int(frame[1]) if frame and frame[2] == "static" else LIBRARY if not frame else UNBOUNDED
            layer = re.search(r"_ZN\d+(n_\w+?)6layers(\d+)(\w+)", title)
            if layer:
                self.layers.setdefault((layer[1], layer[3][:int(layer[2])]), []).append(title)
        for caller, callee in re.findall(r'edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"', text):
            self.calls.setdefault(caller, set()).add(callee)

    def stack_below(self, function, path=frozenset()):
        """Bytes of stack of `function` and of all that it calls."""
        if function in path:
            return UNBOUNDED  # recursion has no bound
        if function not in self.known:
            below = (self.stack_below(callee, path | {function}) for callee in self.calls.get(function, ()))
            self.known[function] = self.sizes.get(function, LIBRARY) + max(below, default=0)
        return self.known[function]


def kernels_of(header):
    """(layer, kernel) of a generated header."""
    return re.findall(r"ONNX2MCU_LAYER inline void (\w+)\(.*?onnx2mcu::(\w+)<", header.read_text(), re.S)


def note_frames(graph, names, folder, frames):
    """Raises frames[kernel] to the most stack that one of its layers takes, callees included."""
    for name in names:
        for layer, kernel in kernels_of(folder / f"{name}.hpp"):
            taken = [graph.stack_below(f) for f in graph.layers.get((name, layer), [])]  # none: it became part of run()
            frames[kernel] = max([frames.get(kernel, 0), *taken])


def read_table():
    return {m[1]: [int(v) for v in m[2].split(",")] for m in re.finditer(r"^FRAME\((\w+), (.*)\)$", TABLE.read_text(), re.M)}


def write_column(column, frames):
    """Renews one chip's column of the compiler's table."""
    table, i = read_table(), COLUMNS.index(column)
    for values in table.values():
        values[i] = -1
    for kernel, taken in frames.items():
        if kernel != "stream":  # its parts are in the table
            table.setdefault(kernel, [-1] * len(COLUMNS))[i] = taken
    comment = "".join(line + "\n" for line in TABLE.read_text().splitlines() if line.startswith("//"))
    TABLE.write_text(comment + "".join(f"FRAME({k}, {', '.join(map(str, v))})\n" for k, v in sorted(table.items()) if max(v) >= 0))

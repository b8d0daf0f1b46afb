#!/usr/bin/env python3
"""10,000 nodes in a row take moments, not hours: names of layers were sought among all calls (cubic), Transposes were
simplified one a pass, and every section of the memory plan looked at all overlaps. The limit is far from what it takes
(half a second of processor time) and from what it took (more than ten)."""
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

NODES, SECONDS = 10_000, 8


def chain(op):
    nodes = "".join(f'node {{ op_type: "{op}" input: "v{i}" output: "v{i + 1}" }}\n' for i in range(NODES))
    return ('ir_version: 8 opset_import { version: 13 } graph {\n'
            'input { name: "v0" type { tensor_type { elem_type: 1 shape { dim { dim_value: 3 } dim { dim_value: 5 } } } } }\n'
            f'{nodes}output {{ name: "v{NODES}" }} }}\n')


def main():
    failed = 0
    for op, layers in (("Relu", NODES), ("Transpose", 1), ("Identity", 1)):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "chain.txtpb").write_text(chain(op))
            done = subprocess.run([os.environ["ONNX2MCU"], "chain.txtpb", "-o", "out"], cwd=folder, text=True, capture_output=True, check=False,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS)))
        if done.returncode != 0 or f": {layers} layer" not in done.stdout:
            print(f"{op}: status {done.returncode}\n{done.stdout}{done.stderr}")
            failed += 1
    print(f"chains of {NODES} nodes: {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())

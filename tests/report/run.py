#!/usr/bin/env python3
"""The page of --report: self-contained, and in headless Chromium, wide and narrow, light and dark, what it draws is what
`inspect --json` says. Exit status 77: no Chromium. --keep DIR leaves pages and screenshots there."""
import html
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import needs  # noqa: E402

SOURCE = pathlib.Path(os.environ["ONNX2MCU_SOURCE"])
COMPILER = os.environ["ONNX2MCU"]
MODELS = [SOURCE / "examples/nucleo-cnn/nucleo-cnn.onnx", SOURCE / "examples/bluepill-linear/bluepill-linear.onnx"]
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"]
PROBE = """<script>
const box = e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; };
const all = s => [...document.querySelectorAll(s)];
const shown = e => e.getClientRects().length > 0;
parent.document.title = JSON.stringify({
  window: innerWidth, page: document.documentElement.scrollWidth, requests: performance.getEntriesByType("resource").length,
  svg: box(document.querySelector("svg")), peak: box(document.querySelector(".peak-step")), buffers: all("rect.buffer").map(box),
  titles: all("rect.buffer title").map(e => e.textContent), rows: all("tr[id]").map(e => e.innerText), choices: all(".choices tbody tr").map(e => [e.className, e.innerText]), head: shown(document.querySelector("thead")),
  cards: all(".card").map(box), culprits: all(".card.culprit b").map(e => e.textContent),
  colors: [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]});
</script>"""


def need(condition, text):
    if not condition:
        print(f"FAILED: {text}")
        sys.exit(1)


def inspect(model, page):
    text = subprocess.run([COMPILER, "inspect", model, "--target", "f446", "--json", "--report", page], capture_output=True, text=True, check=True).stdout
    return json.loads(text)


def browse(chromium, folder, page, width, scheme):
    """What the probe sees in a frame of that width (Chromium's own windows are not below 500)."""
    probed = folder / "probed.html"
    text = html.escape(page.read_text().replace("</body>", PROBE + "</body>"))
    probed.write_text(f'<html style="color-scheme: light dark"><iframe style="border: 0; width: {width}px; height: 2000px" srcdoc="{text}"></iframe></html>')
    done = subprocess.run([chromium, *FLAGS, f"--user-data-dir={folder}/profile", f"--blink-settings=preferredColorScheme={scheme}", "--window-size=1500,1000",
                           "--dump-dom", probed.as_uri()], capture_output=True, text=True, timeout=120)
    found = re.search(r"<title>(.*?)</title>", done.stdout, re.S)
    need(found, f"Chromium printed no page: {done.stderr[-500:]}")
    return json.loads(html.unescape(found[1]))


def check_static(text, model):
    for word in ("http:", "https:", "<script", "src=", "href=", "url(", "@import"):
        need(word not in text, f"{model.name}: the page has {word}")


def check_map(seen, report, what):
    """Every buffer's rectangle, from its lifetime and its place, on one scale."""
    steps, arena = len(report["live_bytes"]), max(report["arena_bytes"], 1)
    buffers = {f"{b['name']}: {b['bytes']} bytes at offset {b['offset']}": b for b in report["buffers"] if b["bytes"] > 0}
    need(len(seen["buffers"]) == len([b for b in report["buffers"] if b["bytes"] > 0]), f"{what}: {len(seen['buffers'])} rectangles")
    left, top, step, height = seen["peak"]
    left -= report["peak_step"] * step
    for place, title in zip(seen["buffers"], seen["titles"]):
        b = next(b for start, b in buffers.items() if title.startswith(start))
        expected = [left + b["lower"] * step, top + height * (1 - (b["offset"] + b["bytes"]) / arena), (b["upper"] - b["lower"]) * step, height * b["bytes"] / arena]
        need(all(abs(e - p) <= 1.6 for e, p in zip(expected, place)), f"{what}: {title}: drawn at {place}, expected {expected}")
    need(abs(seen["svg"][2] - (steps * step + 80 * seen["svg"][2] / 1160)) < 4, f"{what}: {steps} steps of {step} in {seen['svg']}")


def check_choices(seen, report, what):
    """Three ways to use RAM. Without sharing, the arena is what the buffers alive at a time add up to, but for alignment."""
    choices = report["ram_choices"]
    need(len(choices) == len(seen["choices"]) == 3, f"{what}: {len(seen['choices'])} ways to use RAM")
    for choice, (style, text) in zip(choices, seen["choices"]):
        need(f"{choice['arena_bytes']:,}" in text and choice["name"] in text, f"{what}: {choice} is not in {text!r}")
        need(choice["taken"] == (style == "taken"), f"{what}: {choice['name']}: class {style!r}")
        need(not choice["taken"] or choice["arena_bytes"] == report["arena_bytes"], f"{what}: another arena was compiled than {choice}")
    if choices[1]["taken"]:
        loads = [sum(b["bytes"] for b in report["buffers"] if b["lower"] <= step < b["upper"]) for step in range(len(report["live_bytes"]))]
        need(max(loads) <= choices[0]["arena_bytes"] <= max(loads) + 8 * len(report["buffers"]), f"{what}: {choices[0]} for a load of {max(loads)}")
    need(choices[0]["arena_bytes"] >= choices[1]["arena_bytes"] >= choices[2]["arena_bytes"], f"{what}: {choices}")


def check_page(seen, report, width, what):
    need(seen["requests"] == 0, f"{what}: the page asked for something else")
    need(seen["window"] == width and seen["page"] <= width, f"{what}: {seen['page']} pixels wide in a window of {seen['window']}")
    need(len(seen["rows"]) == len(report["layers"]), f"{what}: {len(seen['rows'])} rows for {len(report['layers'])} layers")
    for row, layer in zip(seen["rows"], report["layers"]):
        need(layer["name"] in row and f"{layer['macs']:,}" in row or layer["macs"] == 0, f"{what}: {layer['name']} is not in {row!r}")
    need(seen["head"] == (width > 760), f"{what}: table head shown: {seen['head']}")
    need(report["peak_layer"] in seen["culprits"], f"{what}: {report['peak_layer']} is not among {seen['culprits']}")
    need(all(x >= 0 and x + w <= width + 0.5 for x, _, w, _ in seen["cards"]), f"{what}: a card leaves the window")


def brightness(color):
    return sum(map(float, re.findall(r"[\d.]+", color)[:3])) / 3


def main():
    keep = pathlib.Path(sys.argv[2]) if sys.argv[1:2] == ["--keep"] else None
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or pathlib.Path(temporary)
        chromium = shutil.which("chromium")
        for model in MODELS:
            page = folder / f"{model.stem}.html"
            report = inspect(model, page)
            check_static(page.read_text(), model)
            if not chromium:
                continue
            for width in (1400, 400):
                for scheme in (1, 0):  # light, dark
                    what = f"{model.stem}, {width} pixels, {'light' if scheme else 'dark'}"
                    seen = browse(chromium, folder, page, width, scheme)
                    check_page(seen, report, width, what)
                    check_map(seen, report, what)
                    check_choices(seen, report, what)
                    text, ground = map(brightness, seen["colors"])
                    need((ground > 200 and text < 80) if scheme else (ground < 60 and text > 180), f"{what}: {seen['colors']}")
                    print(f"{what}: {len(seen['rows'])} layers, {len(seen['buffers'])} buffers, culprits {', '.join(seen['culprits'])}")
                    if keep:
                        subprocess.run([chromium, *FLAGS, f"--blink-settings=preferredColorScheme={scheme}", f"--window-size={width},2200",
                                        f"--screenshot={folder}/{model.stem}-{width}-{scheme}.png", page.as_uri()], capture_output=True, timeout=120)
        if not chromium:
            needs.skip("chromium is not installed; the pages' text was checked")
    return 0


if __name__ == "__main__":
    sys.exit(main())

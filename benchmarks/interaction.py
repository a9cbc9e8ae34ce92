"""The canvas under the hand: from an edit to a settled picture, frames while one pans, and Netron beside it.

    python -m benchmarks.interaction [--edits N] [--seconds N] [--without-netron]

In Chromium, on the page as it is deployed. A picture is settled when it shows the edit and nothing in it moves; the
clock is the browser's own, from the key that edits. Frames are counted while the wheel pans from end to end. Netron
opens ResNet-152's ONNX file in the same run. Prints a table, then one JSON line: figures, targets, "ok".
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, Locator, Page, expect

from benchmarks.served import DESKTOP, Server, chromium, free_port, served, settle
from benchmarks.startup import WATCH

TARGETS = {"edit_p95_seconds": 0.35, "fps_resnet152": 58.0, "fps_resnet1202": 30.0, "paint_lag_seconds": 0.5}
EDITED, PANNED = ("resnet50", "resnet152"), {"resnet152": "fps_resnet152", "resnet1202_cifar10": "fps_resnet1202"}
ROOT = "[...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector('.canvas'))?.shadowRoot"

# presses a key on a block and resolves with the seconds until the picture has so many pieces and nothing moves
EDIT = f"""async ([block, key, pieces]) => {{
    const root = {ROOT}
    const began = performance.now()
    root.querySelector(`.pieces .node[data-id="${{block}}"]`)
        .dispatchEvent(new KeyboardEvent("keydown", {{ key, bubbles: true, composed: true, cancelable: true }}))
    for (;;) {{
        await new Promise(requestAnimationFrame)
        const now = {ROOT}
        const settled = now?.querySelector(".network").dataset.pieces == pieces && !now.getAnimations().length
        if (settled) return (performance.now() - began) / 1000
        if (performance.now() - began > 20000) throw new Error("the edit was not drawn")
    }}
}}"""
# pans by the wheel at every frame, to and fro; resolves with the frames of each second
PAN = f"""async seconds => {{
    const window = {ROOT}.querySelector(".window")
    const counted = []
    let by = 24
    for (let i = 0; i < seconds; i++) {{
        const until = performance.now() + 1000
        let frames = 0
        while (performance.now() < until) {{
            window.dispatchEvent(new WheelEvent("wheel", {{ deltaX: by, bubbles: true, cancelable: true }}))
            await new Promise(requestAnimationFrame)
            frames++
        }}
        counted.push(frames)
        if (i % 3 === 2) by = -by
    }}
    return counted
}}"""
PIECES = f"() => Number({ROOT}.querySelector('.network').dataset.pieces)"


def opened(browser: Browser, server: Server, name: str, level: str) -> Page:
    page = browser.new_page(viewport=DESKTOP)
    page.goto(f"{server.url}/?design={name}")
    page.locator(".canvas .node").first.wait_for()
    settle(page)
    page.get_by_role("radio", name=level, exact=True).click()
    page.wait_for_timeout(1_000)
    settle(page)
    return page


def depth_of(page: Page) -> Locator:
    """The control that says how deep the stage is that is edited."""
    return page.get_by_role("spinbutton", name="Stage 1 blocks", exact=True)


def edits(browser: Browser, server: Server, name: str, count: int) -> tuple[list[float], int]:
    """Seconds of each edit at block level, and the bytes that one brought to the browser, the median."""
    page = opened(browser, server, name, "block")
    pieces = page.evaluate(PIECES)
    depth = depth_of(page)
    blocks = int(depth.input_value())
    seconds = []
    for i in range(count + 1):  # the first warms up
        more = i % 2 == 0
        seconds.append(page.evaluate(EDIT, ["stage1.block2", "+" if more else "-", pieces + more]))
        expect(depth).to_have_value(str(blocks + more))  # the form follows the picture, and the next edit follows it
        settle(page)
    page.close()
    return seconds[1:], bytes_of_an_edit(browser, server, name)


def bytes_of_an_edit(browser: Browser, server: Server, name: str) -> int:
    """Bytes that the page's socket receives for one more block: all of the page, its canvas and controls."""
    page = browser.new_page(viewport=DESKTOP)
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data))))
    page.goto(f"{server.url}/?design={name}")
    page.locator(".canvas .node").first.wait_for()
    settle(page)
    page.get_by_role("radio", name="block", exact=True).click()
    page.wait_for_timeout(1_000)
    depth = depth_of(page)
    blocks = int(depth.input_value())
    received.clear()
    page.evaluate(EDIT, ["stage1.block2", "+", page.evaluate(PIECES) + 1])
    expect(depth).to_have_value(str(blocks + 1))
    settle(page)
    page.close()
    return sum(received)


def frames(browser: Browser, server: Server, name: str, seconds: int) -> list[int]:
    page = opened(browser, server, name, "layer")
    counted: list[int] = page.evaluate(PAN, seconds)
    page.close()
    return counted


def seen_after(browser: Browser, address: str, content: str) -> float:
    """Seconds from an address to content on the screen."""
    page = browser.new_page(viewport=DESKTOP)
    page.add_init_script("document.cookie = 'consent=1'")  # which Netron asks for before it opens a file
    page.add_init_script(f"({WATCH})({json.dumps(content)})")
    page.goto(address, wait_until="commit")
    tools = page.context.new_cdp_session(page)  # Netron's page has no eval, by which Playwright would ask
    after = None
    while not after:
        page.wait_for_timeout(100)
        after = tools.send("Runtime.evaluate", {"expression": "window.paintedAfter"})["result"].get("value")
    page.close()
    return float(after) / 1000


def netron(browser: Browser, folder: Path) -> float:
    """Seconds until Netron shows ResNet-152's ONNX file."""
    import netron as viewer

    from resnet_tf.design.expand import expand
    from resnet_tf.design.presets import preset
    from resnet_tf.learning.build import build
    from resnet_tf.learning.onnx_file import write

    spec, path, port = preset("resnet152"), folder / "resnet152.onnx", free_port()
    write(build(spec), expand(spec), path)
    viewer.start(str(path), address=("127.0.0.1", port), browse=False)
    try:
        return seen_after(browser, f"http://127.0.0.1:{port}", "svg .node, #canvas .node")
    finally:
        viewer.stop(("127.0.0.1", port))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--without-netron", action="store_true")
    asked = parser.parse_args()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "home") as server, chromium() as browser:
        for name in EDITED:
            seconds, size = edits(browser, server, name, asked.edits)
            figures[f"edit_p95_{name}"] = round(quantiles(seconds, n=20)[-1], 3)
            figures[f"edit_median_{name}"] = round(median(seconds), 3)
            figures[f"bytes_{name}"] = size
            print(f"{name}: an edit settles in {median(seconds):.3f} s (median), {size:,} bytes")
        for name, key in PANNED.items():
            counted = frames(browser, server, name, asked.seconds)
            figures[key], figures[f"{key}_least"] = median(counted), min(counted)
            print(f"{name}, layers: {median(counted):.0f} frames a second while panning, {min(counted)} in the slowest")
        address = f"{server.url}/?design=resnet152"
        own, drawn = seen_after(browser, address, ".strip"), seen_after(browser, address, ".canvas .node")
        figures["paint_lag_seconds"] = round(max(0.0, drawn - own), 3)
        figures["picture_seconds"] = round(drawn, 3)
        print(f"ResNet-152 folded into stages: its numbers after {own:.2f} s, its picture after {drawn:.2f} s")
        if not asked.without_netron:
            figures["netron_seconds"] = round(netron(browser, Path(folder)), 3)
            print(f"Netron, ResNet-152's ONNX: {figures['netron_seconds']:.2f} s to all layers; it folds none")
    ok = (
        max(figures[f"edit_p95_{name}"] for name in EDITED) <= TARGETS["edit_p95_seconds"]
        and figures["fps_resnet152"] >= TARGETS["fps_resnet152"]
        and figures["fps_resnet1202_least"] >= TARGETS["fps_resnet1202"]
        and figures["paint_lag_seconds"] <= TARGETS["paint_lag_seconds"]
    )
    print(json.dumps({"benchmark": "interaction", **figures, "targets": TARGETS, "ok": ok}))


if __name__ == "__main__":
    main()

"""The moving picture of the README: a hand on the canvas of the running page, recorded by Chromium itself.

    python -m benchmarks.animation [--file assets/screenshots/canvas.webp]

Opens ResNet-18, looks inside a stage, drags a stage deeper, makes its blocks bottlenecks, cuts a shortcut and takes it
back. Prints one JSON line: the file's bytes, their target and "ok".
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import CDPSession, Locator, Page

from benchmarks.served import ROOT, chromium, served, settle

SIZE = {"width": 1200, "height": 720}
SHOWN = 800  # px of the picture's width
LEAST, LONGEST, LAST = 60, 1500, 2500  # ms that a frame is shown: not less, not more, and the last
QUALITY = 60
LARGEST = 3_000_000  # bytes
STEPS = 24  # of the hand from one place to the next
# whether the form, which is drawn last, shows the design that the address holds
STANDS = """() => document.querySelector(".st-key-heard input")?.value ===
    new URL(location.href).searchParams.get("design")"""
POINTER = """() => {
    const hand = document.createElement("div")
    Object.assign(hand.style, {
        position: "fixed", width: "16px", height: "16px", margin: "-8px", borderRadius: "50%", zIndex: 999999,
        background: "rgb(40 90 200 / 45%)", border: "2px solid white", pointerEvents: "none", left: "-99px",
    })
    document.body.append(hand)
    addEventListener("mousemove", ({ clientX, clientY }) => {
        Object.assign(hand.style, { left: `${clientX}px`, top: `${clientY}px` })
    }, { capture: true })
    addEventListener("mousedown", () => (hand.style.background = "rgb(40 90 200 / 95%)"), { capture: true })
    addEventListener("mouseup", () => (hand.style.background = "rgb(40 90 200 / 45%)"), { capture: true })
}"""


class Recorder:
    """What a page looked like, and when; Chromium tells each change once."""

    def __init__(self, page: Page) -> None:
        self._tools: CDPSession = page.context.new_cdp_session(page)
        self._frames: list[tuple[float, bytes]] = []
        self._tools.on("Page.screencastFrame", self._take)
        self._tools.send("Page.startScreencast", {"format": "png", "maxWidth": SHOWN})

    def _take(self, frame: dict[str, object]) -> None:
        metadata = frame["metadata"]
        assert isinstance(metadata, dict)
        self._frames.append((metadata["timestamp"], base64.b64decode(str(frame["data"]))))
        self._tools.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    def save(self, path: Path) -> int:
        """Writes an animated WebP; gives the number of frames."""
        self._tools.send("Page.stopScreencast")
        self._tools.remove_listener("Page.screencastFrame", self._take)
        pictures, shown, waited = [], [], 0
        for i, (at, data) in enumerate(self._frames):
            following = self._frames[i + 1][0] if i + 1 < len(self._frames) else at + LAST
            waited += round(1000 * (following - at)) if i + 1 < len(self._frames) else LAST
            if waited < LEAST:
                continue  # the next one comes before anybody has seen this one
            pictures.append(Image.open(io.BytesIO(data)).convert("RGB"))
            shown.append(min(waited, LAST if i + 1 == len(self._frames) else LONGEST))
            waited = 0
        first, *rest = pictures
        first.save(path, save_all=True, append_images=rest, duration=shown, loop=0, quality=QUALITY, method=4)
        return len(pictures)


def part(page: Page, name: str) -> Locator:
    return page.locator(f'.pieces .node[data-id="{name}"]')


def rest(page: Page, milliseconds: float) -> None:
    """Looks at the page for a while, once all of it is drawn."""
    page.wait_for_function(STANDS)
    settle(page)
    page.wait_for_timeout(milliseconds)


def go(page: Page, x: float, y: float) -> None:
    page.mouse.move(x, y, steps=STEPS)


def centre(at: Locator) -> tuple[float, float]:
    box = at.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def point(page: Page, at: Locator, **click: object) -> None:
    """Moves the hand to a thing and clicks it, so that one can follow."""
    go(page, *centre(at))
    page.wait_for_timeout(250)
    at.click(**click)
    rest(page, 700)


def walk(page: Page) -> None:
    """What is shown, from a design to another and back."""
    go(page, 500, 300)
    point(page, part(page, "stage1.block1"), click_count=2)  # unfolds the block
    point(page, page.locator('[data-turn-part="stage1.block1"]'))
    edge = page.locator('[data-drag="blocks"][data-drag-stage="stage3"]')
    x, y = centre(edge)
    go(page, x, y)
    page.mouse.down()
    page.mouse.move(x + 160, y, steps=STEPS)
    page.wait_for_timeout(900)
    page.mouse.up()
    rest(page, 900)
    point(page, part(page, "stage2.block2"), button="right")
    point(page, page.get_by_role("menuitem", name="Cut this shortcut"))
    point(page, page.get_by_role("radio", name="Bottleneck", exact=True))
    for _ in range(3):
        point(page, page.get_by_role("button", name="Undo"))
    page.mouse.move(-20, 300)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=ROOT / "assets" / "screenshots" / "canvas.webp")
    file: Path = parser.parse_args().file
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "home") as server, chromium() as browser:
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(f"{server.url}/?design=resnet18")
        part(page, "stage1.block1").wait_for()
        rest(page, 1_000)
        page.evaluate(POINTER)
        recorder = Recorder(page)
        walk(page)
        frames = recorder.save(file)
    size = file.stat().st_size
    print(f"{file}: {frames} frames")
    targets = {"bytes": LARGEST}
    print(json.dumps({"benchmark": "animation", "bytes": size, "targets": targets, "ok": size <= LARGEST}))


if __name__ == "__main__":
    main()

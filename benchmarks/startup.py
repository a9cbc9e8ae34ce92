"""From a link to a picture, from an edit to a new one, and from a click on Train to the first point of its curve.

    python -m benchmarks.startup [--rounds N] [--without-training]

Serves the workbench by the Procfile's own command and, in turn, a page of two lines, each from a cold start in every
round, and opens both in Chromium. A page is painted when its content is on the screen: the drawing here, the text
there. Prints a table, then one JSON line: figures, targets, "ok".
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page

from benchmarks.served import DESKTOP, Server, chromium, served, settle

TWO_LINES = 'import streamlit as st\nst.write("Two lines")\n'
TWO_LINES_COMMAND = "streamlit run page.py --server.port $PORT --server.headless true --browser.gatherUsageStats false"
OURS = ".canvas svg .node"
THEIRS = "[data-testid=stMarkdown]"
EDITS = 10
WARM = 120.0  # seconds that a worker may take to be warm
PAGES = ("train", "compare", "export")
TARGETS = {"first_paint_ratio": 1.4, "server_mb": 200.0, "edit_seconds": 0.5, "first_point_seconds": 5.0}

# what is on the screen: the drawing's description with its blocks, and the numbers of the strip
ON_SCREEN = """() => {
    const figures = document.querySelector('[aria-label="Costs of this design"]')
    const nodes = [...document.querySelectorAll('[data-testid=stMain] *')]
        .flatMap(e => e.shadowRoot ? [...e.shadowRoot.querySelectorAll('.node')] : e.matches('.node') ? [e] : [])
    return [figures?.innerText, nodes.map(n => n.getAttribute('aria-label')).join()]
}"""
BOTH_CHANGED = f"([figures, nodes]) => {{ const now = ({ON_SCREEN})(); return now[0] !== figures && now[1] !== nodes }}"


# looks at every frame that the browser draws, also into shadow roots, and notes when the content is there: a wait from
# outside looks only now and then, up to half a second apart
WATCH = """content => {
    const there = root => root.querySelector(content)
        || [...root.querySelectorAll('*')].some(e => e.shadowRoot && there(e.shadowRoot))
    const look = () => {
        if (document.body && there(document)) window.paintedAfter = performance.now()
        else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
}"""


def painted(browser: Browser, server: Server, content: str) -> float:
    """Seconds from the address to the content on the screen, for a visitor whose browser was never here."""
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.add_init_script(f"({WATCH})({json.dumps(content)})")
    page.goto(server.url, wait_until="commit")
    page.wait_for_function("() => window.paintedAfter", timeout=60_000)
    seconds = page.evaluate("window.paintedAfter") / 1000
    settle(page)
    context.close()
    return seconds


def first_paints(browser: Browser, folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds to the first paint of our page and of the two lines, by servers that nobody has visited, in turn."""
    (folder / "page.py").write_text(TWO_LINES)
    ours, theirs = [], []
    for i in range(rounds):
        with served(folder / f"theirs{i}", TWO_LINES_COMMAND, folder) as server:
            theirs.append(painted(browser, server, THEIRS))
        with served(folder / f"ours{i}") as server:
            ours.append(painted(browser, server, OURS))
    return ours, theirs


def edited(page: Page, blocks: int) -> float:
    """Seconds from the Enter that gives stage 3 so many blocks to the new drawing and numbers on the screen."""
    field = page.get_by_label("Stage 3 blocks")
    field.fill(str(blocks))
    before = page.evaluate(ON_SCREEN)
    began = time.perf_counter()
    field.press("Enter")
    page.wait_for_function(BOTH_CHANGED, arg=before)
    seconds = time.perf_counter() - began
    settle(page)
    return seconds


def edits(browser: Browser, server: Server) -> list[float]:
    page = browser.new_page(viewport=DESKTOP)
    page.goto(server.url)
    page.get_by_label("Stage 3 blocks").wait_for()
    settle(page)
    seconds = [edited(page, 3 + i % 4) for i in range(EDITS)]
    page.close()
    return seconds


def visit(browser: Browser, server: Server) -> float:
    """MB of the server's process once a visitor has been on every page."""
    page = browser.new_page(viewport=DESKTOP)
    for name in ("", *PAGES):
        page.goto(f"{server.url}/{name}")
        settle(page)
    page.close()
    return server.resident_bytes / 1e6


def until_warm(server: Server) -> None:
    from resnet_tf.runs.workbench import Workbench

    bench, limit = Workbench(server.home), time.monotonic() + WARM
    while bench.worker().state != "warm":
        if time.monotonic() > limit:
            raise TimeoutError(f"The worker was not warm after {WARM:.0f} s: {bench.worker()}")
        time.sleep(0.2)


def first_point(browser: Browser, server: Server) -> float:
    """Seconds from a click on Train to the first point of the curves, by a worker that is warm and idle."""
    page = browser.new_page(viewport=DESKTOP)
    page.goto(f"{server.url}/train")  # nothing was trained yet, so the first curve on it is this run's
    button = page.get_by_role("button", name=re.compile("^Train"))  # its shortcut may follow
    button.wait_for()
    settle(page)
    until_warm(server)
    began = time.perf_counter()
    button.click()
    page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first.wait_for(timeout=120_000)
    seconds = time.perf_counter() - began
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Stop").wait_for(state="hidden")
    page.close()
    return seconds


def measure(rounds: int, training: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="startup-") as name, chromium() as browser:
        ours, theirs = first_paints(browser, Path(name), rounds)
        figures = {
            "first_paint_seconds": median(ours),
            "two_lines_seconds": median(theirs),
            "first_paint_ratio": median(ours) / median(theirs),
        }
        with served(Path(name) / "home") as server:
            painted(browser, server, OURS)
            figures["server_mb_first_page"] = server.resident_bytes / 1e6
            if training:
                until_warm(server)
            figures["edit_seconds"] = median(edits(browser, server))
            if training:
                figures["first_point_seconds"] = first_point(browser, server)
            figures["server_mb"] = visit(browser, server)  # the most: a run's curves are drawn by now
    return figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--without-training", action="store_true")
    chosen = options.parse_args()
    figures = {name: round(value, 3) for name, value in measure(chosen.rounds, not chosen.without_training).items()}
    for name, value in figures.items():
        target = f"   at most {TARGETS[name]:g}" if name in TARGETS else ""
        print(f"{name.replace('_', ' '):30}{value:10.3f}{target}")
    ok = all(figures[name] <= target for name, target in TARGETS.items() if name in figures)
    print(json.dumps({"benchmark": "startup", **figures, "targets": TARGETS, "ok": ok}))


if __name__ == "__main__":
    main()

"""The pictures of the README, taken from the running pages: what they show was designed, trained and exported for them.

    python -m benchmarks.screenshots [--folder assets/screenshots]

Trains ResNet-20 and the plain network of the same depth on the bundled digits, exports the first in every format,
sweeps its width and learning rate, profiles ResNet-56, and takes each page in light and dark. Takes five minutes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from benchmarks.served import DESKTOP, ROOT, Server, chromium, served, settle
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.sweep_axes import parse_axis
from resnet_tf.learning.sweeps import Search
from resnet_tf.runs.records import Run, Sweep
from resnet_tf.runs.workbench import Workbench

SHOWN, OTHER = "resnet20_cifar10", "plain20_cifar10"
BESIDE = "resnet56_cifar10"
SWEPT = ("width=0.25,0.5,1", "learning_rate=0.02,0.1,0.5")
LONGEST = 600.0  # seconds that a training or an export may take
COLOURS = 256  # of a picture: a page has fewer hues than a photograph, and its file a third of the size
SCHEMES = ("light", "dark")


def finished(find: Callable[[str], Run] | Callable[[str], Sweep], id: str) -> str:
    """The id of what `find` finds, once it has finished. Raises RuntimeError where it ended otherwise."""
    limit = time.monotonic() + LONGEST
    while not (found := find(id)).over:
        if time.monotonic() > limit:
            raise TimeoutError(f"{found.name} was still {found.state} after {LONGEST:.0f} s")
        time.sleep(0.2)
    if found.state != "finished":
        raise RuntimeError(f"{found.name} is {found.state}")
    return id


def prepare(bench: Workbench) -> dict[str, str]:
    """Page -> the path that opens it, once there is something real to see on it."""
    other, run = (bench.train(preset(name), "digits", "quick", name=PRESETS[name].title) for name in (OTHER, SHOWN))
    spec = bench.run(finished(bench.run, run)).spec
    export = finished(
        bench.run,
        bench.export(spec, [row.name for row in bench.formats() if row.usual], run=run, name=PRESETS[SHOWN].title),
    )
    search = Search(axes=tuple(parse_axis(axis) for axis in SWEPT))
    sweep = bench.sweep(preset(SHOWN), "digits", recipe(epochs=2), search, name=PRESETS[SHOWN].title)
    finished(bench.sweep_of, sweep)
    finished(bench.run, bench.laboratory.profile(preset(BESIDE), name=PRESETS[BESIDE].title))
    beside = "&".join(f"with={key}" for key in (f"run.{run}", f"run.{other}", f"preset.{BESIDE}"))
    return {
        "design": "",
        "explore": "explore?around=ImageNet&by=Block&design=resnet50",
        "train": f"train?design={SHOWN}&run={run}",
        "compare": f"compare?design={SHOWN}&{beside}",
        "sweeps": f"sweeps?design={SHOWN}&sweep={sweep}",
        "laboratory": f"laboratory?design={BESIDE}",
        "lessons": "lessons?lesson=gradient",
        "export": f"export?design={SHOWN}&export={export}",
    }


def shoot(page: Page, path: Path) -> None:
    """Writes what is on the screen, once it is all there."""
    settle(page)
    page.wait_for_function(  # a function: the pages' policy lets no text be evaluated
        "() => document.fonts.status === 'loaded' && !document.querySelector('[data-testid=stSkeleton]')"
    )
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path, animations="disabled")
    Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def pictures(browser: Browser, server: Server, paths: dict[str, str], folder: Path) -> None:
    for scheme in SCHEMES:
        context = browser.new_context(viewport=DESKTOP, color_scheme=scheme)
        for name, path in paths.items():
            page = context.new_page()
            page.goto(f"{server.url}/{path}")
            file = folder / f"{name}-{scheme}.png"
            shoot(page, file)
            page.close()
            print(f"{file.name:20} {file.stat().st_size / 1e3:6.0f} kB", flush=True)
        context.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--folder", type=Path, default=ROOT / "assets" / "screenshots")
    folder = options.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as home, served(Path(home)) as server:
        bench = Workbench(home)
        bench.start()
        paths = prepare(bench)
        with chromium() as browser:
            pictures(browser, server, paths, folder)
        bench.close()


if __name__ == "__main__":
    main()

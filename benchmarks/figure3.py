"""Draws Figure 3 of He 2015 (arXiv:1512.03385) from the presets: VGG-19, and 34 layers without and with shortcuts.

python -m benchmarks.figure3 [--out assets/figure3.svg]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from resnet_tf.design.figures import figure
from resnet_tf.design.presets import preset

COLUMNS = {"VGG-19": "vgg19", "34-layer plain": "plain34", "34-layer residual": "resnet34"}
OUT = Path(__file__).parents[1] / "assets" / "figure3.svg"


def drawn() -> bytes:
    """The figure as SVG."""
    return figure({title: preset(name) for title, name in COLUMNS.items()}, "svg", style="paper")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    out.write_bytes(drawn())
    print(json.dumps({"benchmark": "figure3", "path": str(out), "bytes": out.stat().st_size}))


if __name__ == "__main__":
    main()

"""Points of accuracy against cost: published networks on ImageNet, and runs measured here."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from app import state
from app.components.history import accuracy
from resnet_tf.design.presets import PRESETS
from resnet_tf.design.published import CIFAR10, CIFAR100
from resnet_tf.runs.records import Run

TABLE = Path(__file__).parents[2] / "assets" / "landmarks" / "timm_resnets.csv"
ALONE, MORE = "trained on ImageNet-1k alone", "trained on other images or by a larger teacher too"
PUBLISHED, HERE = "published", "measured here"
_BENCHMARKS = {"cifar10": CIFAR10, "cifar100": CIFAR100}  # dataset -> the benchmark that papers report on it


class Point(NamedTuple):
    """A network: its cost, its accuracy in percent, and what a click opens."""

    name: str
    group: str
    macs: float
    parameters: float
    accuracy: float
    note: str
    opens: str = ""  # a key as in chosen.py; empty where there is nothing to open


@lru_cache(maxsize=1)
def published() -> tuple[Point, ...]:
    """ImageNet top-1 of timm's residual networks. Where timm counted multiply-adds at another image size than it
    measured accuracy, they are scaled by the image's area, and the note says so."""
    with TABLE.open(newline="") as file:
        return tuple(_landmark(row) for row in csv.DictReader(file) if row["infer_gmacs"])


def _landmark(row: dict[str, str]) -> Point:
    tested, counted = float(row["img_size"]), float(row["infer_img_size"])
    macs = float(row["infer_gmacs"]) * 1e9 * (tested / counted) ** 2
    note = (
        f"at {tested:.0f} px" if tested == counted else f"at {tested:.0f} px; MACs scaled by area from {counted:.0f} px"
    )
    weights = row["model"].partition(".")[2]
    group = MORE if "_ft_" in weights or "distilled" in weights else ALONE
    opens = f"preset.{row['arch']}" if row["arch"] in PRESETS else ""
    return Point(row["model"], group, macs, float(row["param_count"]) * 1e6, float(row["top1"]), note, opens)


def measured(runs: Iterable[Run], dataset: str) -> list[Point]:
    """Validation accuracy of runs on a dataset, with what papers report on it where they do."""
    points = [_of_run(run) for run in runs if run.dataset and run.dataset.name == dataset and run.epochs]
    benchmark = _BENCHMARKS.get(dataset)
    for preset in PRESETS.values():
        if benchmark in preset.published:
            counted = state.counted(preset.spec)
            points.append(
                Point(preset.title, PUBLISHED, counted.macs, counted.trainable_parameters,
                      100 - preset.published[benchmark], preset.source, f"preset.{preset.name}")
            )  # fmt: skip
    return points


def _of_run(run: Run) -> Point:
    counted = state.counted(run.spec)
    note = f"seed {run.seed}, {run.epochs[-1]['epoch']} epochs, {run.state}"
    reached = 100 * (accuracy(run) or 0.0)
    return Point(run.name, HERE, counted.macs, counted.trainable_parameters, reached, note, f"run.{run.id}")

"""Every preset beside the network of that name in timm, torchvision and keras.applications.

    python -m benchmarks.fidelity [--only NAME ...]

Counts: trainable parameters, moving statistics and multiply-adds against tests/fixtures/{references,counts}.json, to
the integer. Outputs: both networks filled by the same numbers (tests/fixtures/make_outputs.py), the largest difference
of the logits in inference and training mode as a share of the largest logit, and of the gradients. Weights: the
libraries whose network of that name has the same tensors, in name and shape (tests/fixtures/names.json). Prints a
table, then one JSON line: figures, targets, "ok".
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from resnet_tf.design.costs import costs
from resnet_tf.design.presets import PRESETS
from resnet_tf.learning.naming import NoCounterpart, modules

TESTS = Path(__file__).parents[1] / "tests"
SOURCES = {"timm": "timm", "torchvision": "torchvision", "keras.applications": "keras"}
TARGETS = {"counts_that_differ": 0, "weights_that_differ": 0, "compared": 30, "logits": 1e-4, "gradients": 1e-6}
COLUMNS = "{:42} {:>13} {:>10} {:>10}  {}"


class Row(NamedTuple):
    """What is known of one preset."""

    name: str
    counts: bool | None  # whether every count is the reference's; None where there is none
    logits: float | None  # the largest difference of all libraries' networks; None where there is none
    gradients: float | None
    sources: tuple[str, ...]  # whose weights fit
    differing: tuple[str, ...]  # libraries that have it, with other tensors
    why_not: str  # where there are none of either


def references() -> dict[str, list[dict[str, int]]]:
    """The counts of other libraries' networks, by our preset's name."""
    found: dict[str, list[dict[str, int]]] = {}
    for file in ("references.json", "counts.json"):
        for row in json.loads((TESTS / "fixtures" / file).read_text()):
            keras = row.get("library") == "keras.applications"
            found.setdefault(f"keras_{row['name'].lower()}" if keras else row["name"], []).append(row)
    return found


def exact(name: str, known: list[dict[str, int]]) -> bool | None:
    if not known:
        return None
    counted = costs(PRESETS[name].spec)
    counts = ("trainable_parameters", "non_trainable_parameters", "macs")
    return all(getattr(counted, count) == row[count] for row in known for count in counts)


def weights(name: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """The libraries whose network of that name has our tensors, those whose has others, and why there are none."""
    from test_naming import NAMES, here, lines

    spec, same, differing = PRESETS[name].spec, [], []
    for peer, digest in NAMES.items():
        library, theirs = peer.split("/")
        if here(library, theirs) == name:
            text = "\n".join(sorted(lines(spec, SOURCES[library])))
            (same if hashlib.sha256(text.encode()).hexdigest() == digest else differing).append(library)
    return tuple(same), tuple(differing), "" if same or differing else why_none(name)


def why_none(name: str) -> str:
    """Whether the tensors of a network that has no row in names.json have names in timm at least."""
    layers = costs(PRESETS[name].spec).layers
    try:
        modules([layer.name for layer in layers], [layer.name for layer in layers if layer.parameters], "timm")
    except NoCounterpart as error:
        return f"none: {error}"
    return "none published; its tensors are named as timm names them"


def outputs(name: str) -> tuple[float, float] | None:
    """The largest differences of logits and of gradients, of all networks that the preset was compared with."""
    from peers import PEERS, compute, differences

    found = [differences(compute(peer), peer) for peer in PEERS.values() if peer["preset"] == name]
    if not found:
        return None
    logits = max(max(each.inference, each.training) for each in found)
    return logits, max(share for each in found for share in each.gradients.values())


def rows(names: Iterable[str]) -> Iterable[Row]:
    known = references()
    for name in names:
        logits, gradients = outputs(name) or (None, None)
        yield Row(name, exact(name, known.get(name, [])), logits, gradients, *weights(name))


def line(row: Row) -> str:
    counts = {True: "exact", False: "DIFFERENT", None: "no reference"}[row.counts]
    shares = ("" if share is None else f"{share:.0e}" for share in (row.logits, row.gradients))
    from_whom = ", ".join([*row.sources, *(f"NOT {library}" for library in row.differing)]) or row.why_not
    return COLUMNS.format(row.name, counts, *shares, from_whom)


def summary(table: list[Row]) -> dict[str, float]:
    return {
        "presets": len(table),
        "counts_exact": sum(row.counts is True for row in table),
        "counts_that_differ": sum(row.counts is False for row in table),
        "compared": sum(row.logits is not None for row in table),
        "logits": max((row.logits for row in table if row.logits is not None), default=0.0),
        "gradients": max((row.gradients for row in table if row.gradients is not None), default=0.0),
        "with_weights": sum(bool(row.sources) for row in table),
        "weights_that_differ": sum(bool(row.differing) for row in table),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", nargs="+", choices=PRESETS, metavar="NAME", default=list(PRESETS))
    sys.path[:0] = [str(TESTS / "fixtures"), str(TESTS / "learning")]  # where the networks are filled and compared
    print(COLUMNS.format("preset", "counts", "logits", "gradients", "weights from"))
    table = []
    for row in rows(options.parse_args().only):
        table.append(row)
        print(line(row), flush=True)
    figures = {
        name: float(f"{value:.2g}") if isinstance(value, float) else value for name, value in summary(table).items()
    }
    ok = all(figures[n] >= t if n == "compared" else figures[n] <= t for n, t in TARGETS.items())
    print(json.dumps({"benchmark": "fidelity", **figures, "targets": TARGETS, "ok": ok}))


if __name__ == "__main__":
    main()

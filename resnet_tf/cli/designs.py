"""An argument becomes a design: a preset's name, a link's text, the page's whole address, a JSON file."""

from __future__ import annotations

import glob
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import typer

from resnet_tf.design.links import from_link
from resnet_tf.design.paths import is_path, put, value_of
from resnet_tf.design.presets import PRESETS, edit
from resnet_tf.design.spec import Spec, SpecError, parse_spec

MOST_FILE = 10_000_000  # bytes: a document that holds a design beside other things
PLAN = "training.json"  # in a folder that `train` wrote: its design among others


class Design(NamedTuple):
    """A design and what its files are called."""

    name: str
    spec: Spec


def complete(incomplete: str) -> list[str]:
    """Designs that begin so: presets, and the JSON files that are here."""
    return [*(name for name in PRESETS if name.startswith(incomplete)), *sorted(glob.glob(f"{incomplete}*.json"))]


_HELP = (
    "A preset's name, a link, the page's address, a JSON file (- reads one from standard input), a folder of `train`."
)
DesignArgument = Annotated[
    str, typer.Argument(metavar="DESIGN", help=_HELP, autocompletion=complete, show_default=False)
]
Changes = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="FIELD=VALUE", default_factory=list, show_default=False,
        help="Change a field first: classes=10, stages[2].blocks=9, stages[*].width=32. Values are JSON. Repeatable.",
    ),
]  # fmt: skip


def design(text: str, changes: Sequence[str] = ()) -> Design:
    """The design that an argument means, its fields changed. Raises SpecError for what is none."""
    name, spec = _read(text)
    return Design(name, edit(spec, **changed(spec.model_dump(mode="json"), changes)))


def _read(text: str) -> tuple[str, Spec]:
    if text == "-":
        return "network", _of_json(sys.stdin.buffer.read(MOST_FILE))
    if "?" in text or "://" in text:
        text = _of_address(text)
    name = text.partition("~")[0]
    if name in PRESETS:
        return name, from_link(text)
    if os.path.isdir(text):
        text = os.path.join(text, PLAN)
    if os.path.exists(text):  # a pipe too, as a shell's <(...) gives one
        return _stem(Path(text)), _of_json(_head(Path(text)))
    if text.endswith(".json"):
        raise SpecError("design", "a file that is there", text)
    return name, from_link(text)


def _of_address(address: str) -> str:
    """What the page's address says behind `design=`."""
    try:
        said = parse_qs(urlsplit(address).query).get("design")
    except ValueError:  # an address that is none
        said = None
    if said is None:
        raise SpecError("design", "an address with design=... in it, as the page has it", address)
    return said[-1]


def _stem(path: Path) -> str:
    """A file's name without what it ends with; a training's folder gives its own."""
    return path.resolve().parent.name if path.name == PLAN else path.name.partition(".")[0] or "network"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_FILE)


def _of_json(text: bytes) -> Spec:
    """The design in a JSON text; one that holds it as `spec`, as `show --json` does, is a design too."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return parse_spec(text)  # which says what is wrong
    inner = fields.get("spec") if isinstance(fields, dict) else None
    return parse_spec(text if inner is None else inner)


def changed(fields: dict[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """Those top fields that some FIELD=VALUE change, as they become; `fields` itself changes too."""
    touched = set()
    for text in changes:
        path, mark, value = text.partition("=")
        if not (mark and is_path(path)):
            raise SpecError("change", "FIELD=VALUE, as classes=10 or stages[2].blocks=9", text)
        touched.add(put(fields, path, value_of(value)))
    return {name: fields[name] for name in fields if name in touched}

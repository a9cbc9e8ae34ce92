"""A design as the short text of a link: a preset is its name, anything else its difference from the nearest preset."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

from resnet_tf.design.presets import ALIASES, PRESETS, preset
from resnet_tf.design.rules import MOST_BLOCKS
from resnet_tf.design.spec import Spec, SpecError, parse_spec

MOST_LINK = 8_000  # characters: what every browser and server carries in an address
MOST_UNPACKED = 100_000  # bytes: a bomb stops here
_RUN = re.compile(r"([0-9]{1,2})\.([0-9]{1,4})(?:-([0-9]{1,4}))?")
_MARK = "~"  # between the preset and the difference; no preset's name has it, and no browser escapes it


def to_link(spec: Spec) -> str:
    """The text that says this design in a link, safe in a URL as it is: `resnet50`, or `resnet50~eJyrVs...`.

    The difference is a JSON object of the top fields that differ, deflated and in base64; every preset of the family is
    tried and the shortest text is taken, so that a copy of a published network with one change stays short. Blocks
    whose shortcut is cut are said in runs, "1.2-3 4.1", since there may be thousands.
    """
    fields = spec.model_dump(mode="json")
    if fields.get("cut_shortcuts"):
        fields["cut_shortcuts"] = _as_runs(fields["cut_shortcuts"])
    differences = (
        (name, {key: value for key, value in fields.items() if base[key] != value})
        for name, base in _presets_of(spec.family)
    )
    name, difference = min(differences, key=lambda pair: len(_text(pair[1])) + len(pair[0]))
    return name if not difference else f"{name}{_MARK}{_pack(difference)}"


def from_link(text: str) -> Spec:
    """The design that a link's text says. Raises SpecError for whatever is not one, however hostile."""
    if len(text) > MOST_LINK:
        raise SpecError("design", f"at most {MOST_LINK:,} characters in a link", f"{len(text):,} characters")
    name, mark, packed = text.partition(_MARK)
    base = preset(name)
    if not mark:
        return base
    difference = _unpack(packed)
    if isinstance(difference.get("cut_shortcuts"), str):
        difference["cut_shortcuts"] = [*_of_runs(difference["cut_shortcuts"])]
    return parse_spec({**base.model_dump(mode="json"), **difference})


def title_of(link: str) -> str:
    """What the design of a link is called: a preset's title, or that of the nearest, edited."""
    name, mark, _ = link.partition(_MARK)
    return PRESETS[ALIASES.get(name, name)].title + (", edited" if mark else "")


_DUMPS: dict[str, list[tuple[str, dict[str, Any]]]] = {}


def _presets_of(family: str) -> list[tuple[str, dict[str, Any]]]:
    """Names and fields of a family's presets, dumped once: an edit asks for its link at every keystroke."""
    if not _DUMPS:
        for each in PRESETS.values():
            _DUMPS.setdefault(each.family, []).append((each.name, each.spec.model_dump(mode="json")))
    return _DUMPS[family]


def _as_runs(names: list[str]) -> str:
    """Names of blocks, in order, as runs of neighbours: stage, first block, last block."""
    runs: list[tuple[str, int, int]] = []
    for name in names:
        stage, block = name.removeprefix("stage").split(".block")
        if runs and runs[-1][0] == stage and runs[-1][2] + 1 == int(block):
            runs[-1] = (stage, runs[-1][1], int(block))
        else:
            runs.append((stage, int(block), int(block)))
    return " ".join(f"{stage}.{first}" + (f"-{last}" if last > first else "") for stage, first, last in runs)


def _of_runs(text: str) -> Iterator[str]:
    """The names that runs stand for, as many as a design may have blocks and one more."""
    left = MOST_BLOCKS + 1
    for run in text.split():
        found = _RUN.fullmatch(run)
        if not found:
            raise SpecError("design", "a whole link: this one was cut or changed on its way", run)
        first, last = int(found[2]), min(int(found[3] or found[2]), int(found[2]) + left - 1)
        yield from (f"stage{found[1]}.block{block}" for block in range(first, last + 1))
        left -= max(last - first + 1, 0)
        if left <= 0:
            return


def _text(difference: dict[str, Any]) -> str:
    return json.dumps(difference, separators=(",", ":"))


def _pack(difference: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(zlib.compress(_text(difference).encode(), 9)).decode().rstrip("=")


def _unpack(packed: str) -> dict[str, Any]:
    try:
        raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        inflate = zlib.decompressobj()
        text = inflate.decompress(raw, MOST_UNPACKED)
        if inflate.unconsumed_tail or not inflate.eof:
            raise SpecError("design", "a whole link: this one was cut or holds too much", packed[:40])
        difference = json.loads(text)
    except (ValueError, binascii.Error, zlib.error, RecursionError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError("design", "a whole link: this one was cut or changed on its way", packed[:40]) from None
    if not isinstance(difference, dict):
        raise SpecError("design", "a link to a design", packed[:40])
    return difference

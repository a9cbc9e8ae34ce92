"""Figures as files: what the canvas shows, or networks as He 2015 drew them, as SVG, PDF, PNG or TikZ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Literal, NamedTuple, TypeAlias

from resnet_tf.design.costs import as_costs
from resnet_tf.design.figures.marks import Figure
from resnet_tf.design.figures.pdf import to_pdf
from resnet_tf.design.figures.png import to_png
from resnet_tf.design.figures.seen import seen
from resnet_tf.design.figures.stacks import stacks
from resnet_tf.design.figures.svg import to_svg
from resnet_tf.design.figures.tikz import to_tikz
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.layout import layout
from resnet_tf.design.part import SpecError, nearest_word
from resnet_tf.design.picture import LEVELS, Level, Picture
from resnet_tf.design.presets import preset_of
from resnet_tf.design.spec import Spec

__all__ = ["FILES", "STYLES", "Figure", "figure", "network_figure", "written"]

Style: TypeAlias = Literal["canvas", "paper"]
STYLES: tuple[Style, ...] = ("canvas", "paper")
Subject: TypeAlias = Spec | LayerGraph | Picture


class File(NamedTuple):
    """A format: what it is called, how its files end, what a browser is told of them, what writes them."""

    title: str
    suffix: str
    mime: str
    write: Callable[[Figure], bytes]


FILES: dict[str, File] = {
    "svg": File("SVG", ".svg", "image/svg+xml", to_svg),
    "pdf": File("PDF", ".pdf", "application/pdf", to_pdf),
    "png": File("PNG", ".png", "image/png", to_png),
    "tikz": File("TikZ", ".tex", "application/x-tex", to_tikz),
}


def figure(
    subject: Subject | Mapping[str, Spec | LayerGraph], format: str = "svg", *, level: Level = "block",
    style: Style = "canvas", turned: Collection[str] = frozenset(),
) -> bytes:  # fmt: skip
    """The file of a figure, as bytes: "svg", "pdf", "png" (at twice the size) or "tikz".

    `subject` is a network, or a picture that `layout` made of one; `turned` are the parts that stand open or folded
    against the level, as `layout` has them. In the style "paper" it may be several networks by their titles, side by
    side as in He 2015, Figure 3; at level "stage" blocks that repeat are drawn once.
    Raises SpecError for another format, style or level, and for a PNG that is too large.
    """
    return written(network_figure(subject, level=level, style=style, turned=turned), format)


def written(drawn: Figure, format: str) -> bytes:
    """A figure as a file of a format. Raises SpecError for an unknown format."""
    _one_of("format", format, list(FILES))
    return FILES[format].write(drawn)


def network_figure(
    subject: Subject | Mapping[str, Spec | LayerGraph], *, level: Level = "block", style: Style = "canvas",
    turned: Collection[str] = frozenset(),
) -> Figure:  # fmt: skip
    """The figure of a network before it is a file."""
    _one_of("style", style, list(STYLES))
    _one_of("level", level, list(LEVELS))
    if style == "paper" and not isinstance(subject, Picture):
        named = subject if isinstance(subject, Mapping) else {_title(subject): subject}
        return stacks(named, folded=level == "stage")
    if isinstance(subject, Mapping):
        raise SpecError("style", "paper for several networks", style, "paper")
    if style == "paper":
        raise SpecError("style", "canvas for a picture", style, "canvas")
    picture = subject if isinstance(subject, Picture) else layout(subject, level, turned)
    return seen(picture, _about(subject))


def _title(subject: Subject) -> str:
    known = None if isinstance(subject, LayerGraph | Picture) else preset_of(subject)
    return known.title if known else ""


def _about(subject: Subject) -> str:
    title = _title(subject) or "A network"
    if isinstance(subject, Picture):
        return title
    return f"{title}: {as_costs(subject).parameters:,} parameters, {as_costs(subject).macs:,} MACs"


def _one_of(field: str, value: str, known: list[str]) -> None:
    if value not in known:
        raise SpecError(field, f"one of {', '.join(known)}", value, nearest_word(value, known))

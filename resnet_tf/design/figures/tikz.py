r"""A figure as a TikZ picture for \input in a paper: lines stay lines, and words are set in the paper's own font."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from resnet_tf.design.figures.marks import POINTS, Box, Circle, Figure, Line, Words, head, steps

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "×": r"$\times$", "‖": r"$\Vert$", "−": r"$-$",
    "\n": " ",
}  # fmt: skip
_ANCHORS = {"start": "west", "middle": "center", "end": "east"}


def to_tikz(figure: Figure) -> bytes:
    r"""The `tikzpicture` in UTF-8; the paper needs \usepackage{tikz} and nothing else."""
    colours = dict.fromkeys(colour for mark in figure.marks for colour in _colours(mark))
    names = {colour: f"net{i}" for i, colour in enumerate(colours)}
    lines = [
        f"% {' '.join(figure.about.split())}",
        r"% \usepackage{tikz} before \begin{document}; \resizebox{\linewidth}{!}{\input{...}} fits it to a column",
        rf"\begin{{tikzpicture}}[x={POINTS:g}bp,y=-{POINTS:g}bp,every node/.style={{inner sep=0pt,font=\sffamily}}]",
        *(rf"\definecolor{{{name}}}{{HTML}}{{{colour[1:].upper()}}}" for colour, name in names.items()),
        *(_ROWS[type(mark)](mark, names) for mark in figure.marks),
        "\\end{tikzpicture}\n",
    ]
    return "\n".join(lines).encode()


def _colours(mark: Any) -> list[str]:
    found = (getattr(mark, part, None) for part in ("fill", "stroke", "colour"))
    return [colour for colour in found if colour]


def _box(box: Box, names: dict[str, str]) -> str:
    line = f",draw={names[box.stroke]},line width={_bp(box.width)}" if box.stroke else ""
    corners = f",rounded corners={_bp(box.radius)}" if box.radius else ""
    return (
        rf"\path[fill={names[box.fill]}{line}{corners}] "
        f"({box.x:.6g},{box.y:.6g}) rectangle ({box.x + box.w:.6g},{box.y + box.h:.6g});"
    )


def _circle(ring: Circle, names: dict[str, str]) -> str:
    style = f"fill={names[ring.fill]},draw={names[ring.stroke]},line width={_bp(ring.width)}"
    return rf"\path[{style}] ({ring.x:.6g},{ring.y:.6g}) circle [radius={_bp(ring.r)}];"


def _line(line: Line, names: dict[str, str]) -> str:
    dash = " ".join(f"{word} {_bp(part)}" for word, part in zip(("on", "off"), line.dash, strict=False))
    style = f"draw={names[line.stroke]},line width={_bp(line.width)}" + (f",dash pattern={dash}" if dash else "")
    text = rf"\path[{style}] {_path(line.d)};"
    if not line.arrow:
        return text
    corners = " -- ".join(f"({x:.6g},{y:.6g})" for x, y in head(line))
    return rf"{text}\path[fill={names[line.stroke]}] {corners} -- cycle;"


def _path(d: str) -> str:
    said = []
    for step in steps(d):
        *by, to = (f"({x:.6g},{y:.6g})" for x, y in step.points)
        mark = {"move": "", "line": " -- ", "curve": f" .. controls {' and '.join(by)} .. "}[step.kind]
        said.append(f"{mark}{to}")
    return "".join(said)


def _words(words: Words, names: dict[str, str]) -> str:
    anchor = _ANCHORS[words.anchor]
    size = rf"\fontsize{{{words.size * POINTS:.4g}}}{{{words.size * POINTS * 1.2:.4g}}}\selectfont"
    style = f"anchor={anchor},text={names[words.colour]}" + (",rotate=90" if words.turned else "")
    text = "".join(_ESCAPES.get(letter, letter) for letter in words.text)
    text = rf"\textbf{{{text}}}" if words.bold else text
    return rf"\node[{style}] at ({words.x:.6g},{words.y:.6g}) {{{size} {text}}};"


def _bp(pixels: float) -> str:
    return f"{pixels * POINTS:.4g}bp"


_ROWS: dict[type, Callable[[Any, dict[str, str]], str]] = {Box: _box, Circle: _circle, Line: _line, Words: _words}

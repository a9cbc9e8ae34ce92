"""What a sweep changes: a field of the design or of the recipe, and the values or the range that it takes."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterator
from typing import Annotated, Any, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from resnet_tf.design.part import Part, SpecError, nearest_word
from resnet_tf.design.paths import is_path, put, value_of
from resnet_tf.design.presets import edit
from resnet_tf.design.spec import Spec
from resnet_tf.learning.recipes import Recipe

IMAGE_SIZE = "image_size"  # px a side that the images are scaled to
# a factor -> what it multiplies, of what a design has
FACTORS = {
    "width": ("stem.widths", "stages[*].width", "growth", "hidden"),
    "depth": ("stages[*].blocks", "stages[*].convolutions"),
}
OF_RECIPE = tuple(name for name in Recipe.model_fields if name not in ("name", "title", "source", "reached"))
_OF_IMAGES = ("classes", "input_shape")  # which the dataset decides
_RANGE = re.compile(r"\s*(\S+?)\s*\.\.\s*(\S+?)\s*(?::\s*(log|linear))?\s*")


def frozen(value: Any) -> Any:
    """A value with tuples for lists, so that it can be a key."""
    return tuple(frozen(each) for each in value) if isinstance(value, list | tuple) else value


def _is_plain(value: Any) -> bool:
    parts = value if isinstance(value, tuple) else (value,)
    return all(part is None or isinstance(part, bool | int | float | str) for part in parts)


Value: TypeAlias = Any  # a number, a word, None, or a tuple of them: one for each stage
Values: TypeAlias = tuple[tuple[str, Value], ...]  # field -> value, in the order of the axes


class Span(Part):
    """Numbers from `low` to `high`, whole ones where both are; with `log` every factor is as likely as any other."""

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if not self.low < self.high:
            raise SpecError("high", f"greater than low, which is {self.low:g}", self.high)
        if self.log and self.low <= 0:
            raise SpecError("low", "greater than 0 where the range is logarithmic", self.low)
        return self

    def draw(self, draws: random.Random) -> int | float:
        """A number from the range, to three significant digits where it is not whole."""
        is_whole = isinstance(self.low, int) and isinstance(self.high, int)
        low, high = (self.low - 0.5, self.high + 0.5) if is_whole else (self.low, self.high)
        if self.log:
            low = max(low, self.low / 2)  # of whole numbers from 1 on
            number = math.exp(draws.uniform(math.log(low), math.log(high)))
        else:
            number = draws.uniform(low, high)
        number = round(number) if is_whole else float(f"{number:.3g}")
        return min(max(number, self.low), self.high)

    def __str__(self) -> str:
        return f"{self.low:g}..{self.high:g}{':log' if self.log else ''}"


class SweepAxis(Part):
    """A field and what it takes: `values`, or a `span` to draw from.

    A field is a path into the design (`block`, `stem.kernel`, `stages[*].width`: of every stage, or with a list one for
    each), a recipe's (`learning_rate`), `image_size`, or a factor of all widths (`width`) or of all stages' blocks
    (`depth`).
    """

    field: Annotated[str, Field(min_length=1, max_length=120)]
    values: Annotated[tuple[Value, ...], BeforeValidator(frozen), Field(max_length=100)] = ()
    span: Span | None = None

    @model_validator(mode="after")
    def _has_something(self) -> Self:
        if bool(self.values) == (self.span is not None):
            raise SpecError(self.field, "given values, or a range", self.values)
        strange = next((value for value in self.values if not _is_plain(value)), None)
        if strange is not None:
            raise SpecError(self.field, "given numbers, words or lists of them", strange)
        twice = next((value for value in self.values if self.values.count(value) > 1), None)
        if twice is not None:
            raise SpecError(self.field, "given each value once", twice)
        return self

    def draw(self, draws: random.Random) -> Value:
        return self.span.draw(draws) if self.span else draws.choice(self.values)

    def __str__(self) -> str:
        """The axis as `parse_axis` reads it."""
        return f"{self.field}={written(self)}"


def written(axis: SweepAxis) -> str:
    """What an axis takes, as people write it: `0.5, 1, 2` or `0.01..1:log`."""
    return str(axis.span) if axis.span else ", ".join(map(written_value, axis.values))


def written_value(value: Value) -> str:
    """A value as people write it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(written_value, value))}]"
    return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)


def in_words(values: Values) -> str:
    """`width 0.5, learning_rate 0.01`."""
    return ", ".join(f"{field} {written_value(value)}" for field, value in values)


def parse_axis(text: str) -> SweepAxis:
    """The axis that somebody wrote: `width=0.5,1,2`, `learning_rate=0.01..1:log`, `stages[*].blocks=[2,2,2],[3,4,6]`.

    Raises SpecError for what is none.
    """
    field, mark, values = text.partition("=")
    field = field.strip()
    if not (mark and is_path(field) and values.strip()):
        raise SpecError("axis", "FIELD=VALUE,VALUE or FIELD=LOW..HIGH, with :log where factors matter", text)
    return SweepAxis(field=field, **parse_values(field, values))


def parse_values(field: str, text: str) -> dict[str, Any]:
    """The `values` or the `span` of an axis, as somebody wrote them. Raises SpecError for a range without numbers."""
    if (found := _RANGE.fullmatch(text)) is None:
        return {"values": tuple(frozen(value_of(part)) for part in _parts(text))}
    low, high = (value_of(end) for end in found.group(1, 2))
    for end in (low, high):
        if isinstance(end, bool) or not isinstance(end, int | float):
            raise SpecError(field, "from a number to a number, as 0.01..1", text)
    return {"span": Span(low=low, high=high, log=found[3] == "log")}


def _parts(text: str) -> Iterator[str]:
    """What stands between commas that are in no brackets."""
    part, depth = "", 0
    for letter in f"{text},":
        depth += (letter == "[") - (letter == "]")
        if letter != "," or depth > 0:
            part += letter
        else:
            if part.strip():
                yield part.strip()
            part = ""


# --- what an axis does to a design and its recipe


def check_field(axis: SweepAxis, spec: Spec, recipe: Recipe) -> None:
    """Returns where there is such a field; raises SpecError, with the nearest."""
    known = (IMAGE_SIZE, *FACTORS, *OF_RECIPE)
    if axis.field in known:
        return
    fields = spec.model_dump(mode="json")
    top = re.split(r"[.\[]", axis.field)[0]
    if top in _OF_IMAGES:
        raise SpecError(
            "axes", f"of fields that the images leave open; the size is {IMAGE_SIZE}", axis.field, IMAGE_SIZE
        )
    if top not in fields:
        words = [*known, *(name for name in fields if name not in ("family", *_OF_IMAGES))]
        raise SpecError("axes", "of the design, of the recipe, or width, depth, image_size", axis.field,
                        nearest_word(axis.field, words))  # fmt: skip
    put(fields, axis.field, axis.values[0] if axis.values else axis.span.low)


def changed(spec: Spec, recipe: Recipe, side: int | None, values: Values) -> tuple[Spec, Recipe, int | None]:
    """A design, a recipe and an image size with some fields changed. Raises SpecError for what cannot be."""
    fields, touched, of_recipe = spec.model_dump(mode="json"), set(), {}
    for field, value in values:
        if field == IMAGE_SIZE:
            side = _whole_side(value)
        elif field in FACTORS:
            touched |= {_multiply(fields, path, _factor(field, value)) for path in FACTORS[field]}
        elif field in OF_RECIPE:
            of_recipe[field] = value
        else:
            touched.add(put(fields, field, value))
    changes = {name: fields[name] for name in fields if name in touched}
    if of_recipe:
        recipe = Recipe(**{**recipe.model_dump(), **of_recipe})
    return edit(spec, **changes), recipe, side


def _whole_side(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SpecError(IMAGE_SIZE, "a whole number of pixels", value)
    return value


def _factor(field: str, value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise SpecError(field, "a factor above 0, as 0.5 or 2", value, 1)
    return value


def _multiply(fields: dict[str, Any], path: str, factor: float) -> str:
    """Multiplies what lies at a path, where the design has it; the numbers stay whole, and at least 1."""
    whole, _, part = path.replace("[*]", "").partition(".")
    held = fields.get(whole)
    if isinstance(held, list) and part:
        held = [_times(stage, part, factor) for stage in held]
    elif isinstance(held, dict):
        held = _times(held, part, factor)
    elif held is not None:
        held = _product(held, factor)
    if whole in fields:
        fields[whole] = held
    return whole


def _times(held: dict[str, Any], part: str, factor: float) -> dict[str, Any]:
    return {**held, part: _product(held[part], factor)} if part in held else held


def _product(held: Any, factor: float) -> Any:
    if isinstance(held, list):
        return [_product(each, factor) for each in held]
    return max(round(held * factor), 1)

"""What descriptions are made of: frozen, validated parts, and the one error that says what is wrong with one."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

Json: TypeAlias = Mapping[str, Any]


class SpecError(ValueError):
    """A description that no network has: which field, the rule, the value received, the nearest legal one."""

    def __init__(self, field: str, rule: str, value: object, nearest: object = None) -> None:
        self.field, self.rule, self.value, self.nearest = field, rule, value, nearest
        super().__init__(str(self))

    def __str__(self) -> str:
        shown = repr(self.value)
        received = shown if len(shown) <= 80 else f"{shown[:77]}..."
        nearest = "" if self.nearest is None else f"; the nearest is {self.nearest!r}"
        return f"{self.field} must be {self.rule} (got {received}){nearest}"

    def __reduce__(self) -> tuple[type[SpecError], tuple[object, ...]]:
        return SpecError, (self.field, self.rule, self.value, self.nearest)


def _whole(value: object) -> int | None:
    return round(value) if isinstance(value, float) and abs(value) < 1e15 else None


def nearest_word(value: object, words: list[str]) -> str | None:
    """The word most like `value`, or None when none is."""
    close = difflib.get_close_matches(str(value), words, n=1, cutoff=0.4)
    return close[0] if close else None


def _literal(value: object, context: Json) -> tuple[str, object]:
    words = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
    return f"one of {', '.join(words)}", nearest_word(value, words)


# pydantic's kind of error -> the rule in our words, and the nearest legal value
_RULES: dict[str, Callable[[Any, Json], tuple[str, object]]] = {
    "greater_than_equal": lambda value, c: (f"at least {c['ge']:,}", c["ge"]),
    "less_than_equal": lambda value, c: (f"at most {c['le']:,}", c["le"]),
    "greater_than": lambda value, c: (f"greater than {c['gt']}", None),
    "less_than": lambda value, c: (f"less than {c['lt']}", None),
    "int_type": lambda value, c: ("a whole number", _whole(value)),
    "int_parsing": lambda value, c: ("a whole number", None),
    "int_parsing_size": lambda value, c: ("a whole number of ordinary size", None),
    "int_from_float": lambda value, c: ("a whole number", _whole(value)),
    "float_type": lambda value, c: ("a number", None),
    "float_parsing": lambda value, c: ("a number", None),
    "finite_number": lambda value, c: ("a finite number", None),
    "literal_error": _literal,
    "missing": lambda value, c: ("given", None),
    "extra_forbidden": lambda value, c: ("left out: no design has such a field", None),
    "string_type": lambda value, c: ("a word", None),
    "string_too_long": lambda value, c: (f"at most {c['max_length']} characters long", None),
    "tuple_type": lambda value, c: ("a list", None),
    "too_short": lambda value, c: (f"at least {c['min_length']} long", None),
    "too_long": lambda value, c: (f"at most {c['max_length']} long", None),
    "json_invalid": lambda value, c: (f"valid JSON ({c['error']})", None),
    "union_tag_invalid": lambda value, c: (f"a known family ({c['expected_tags']})", None),
    "union_tag_not_found": lambda value, c: ("a design: an object with a 'family'", None),
}


_TAGS = ("resnet", "vgg", "densenet", "se", "eca")  # pydantic puts the kind of a union into the place of an error


def spec_error(error: ValidationError, whole: str) -> SpecError:
    """The first of pydantic's complaints as ours."""
    first = error.errors(include_url=False)[0]
    place = [part for part in first["loc"] if part not in _TAGS]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    context = first.get("ctx", {})
    inner = context.get("error")
    if isinstance(inner, SpecError):  # raised by one of our own validators, perhaps inside a nested part
        outer = f"{field}." if field else ""
        return SpecError(outer + inner.field, inner.rule, inner.value, inner.nearest)
    value = first["input"]
    if first["type"] == "missing":
        value = None
    if first["type"] not in _RULES:
        return SpecError(field or whole, f"valid: {first['msg']}", value)
    rule, nearest = _RULES[first["type"]](value, context)
    return SpecError(field or whole, rule, value, nearest)


class Part(BaseModel):
    """A frozen piece of a description; whatever is wrong with it is raised as SpecError."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, allow_inf_nan=False)

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise spec_error(error, type(self).__name__) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise spec_error(error, cls.__name__) from None

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise spec_error(error, cls.__name__) from None

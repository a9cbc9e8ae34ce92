"""What two makings of one experiment have otherwise: where they were made, of which images, every number. No Keras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from resnet_tf.design.costs import costs
from resnet_tf.design.spec import parse_spec
from resnet_tf.reports.readings import Row, rows
from resnet_tf.reports.record import COUNTS, Design, Experiment, Made, counts_of

Verdict: TypeAlias = Literal["same", "differs", "time", "missing", "not recorded"]

# what computes: of other versions the last digits may be others
COMPUTING = ("keras", "tensorflow", "tensorflow_cpu", "jax", "torch", "numpy", "backend", "processor")


class Difference(NamedTuple):
    """A field, what the report says of it, what came out now, and by how much that is otherwise."""

    what: str
    then: str
    now: str
    verdict: Verdict
    note: str = ""


def of_counts(design: Design) -> tuple[Difference, ...]:
    """What is counted of a design, in the report and now. Raises SpecError where its fields make no network."""
    now = counts_of(costs(parse_spec(design.spec)))
    return tuple(
        Difference(count.title, f"{then:,}", f"{now[count.name]:,}", *_integer(then, now[count.name]))
        for count in COUNTS
        if (then := design.counts.get(count.name)) is not None
    )


def _integer(then: int, now: int) -> tuple[Verdict, str]:
    return ("same", "") if then == now else ("differs", f"{now - then:+,}")


def of_places(then: Made, now: Made) -> tuple[Difference, ...]:
    """Device, versions and images; what the report does not say of them is "not recorded"."""
    packages = [name for name in then.versions if name in COMPUTING or name in ("Python", "resnet_tf")]
    pairs = [("device", then.device, now.device)]
    pairs += [(name, then.versions[name], now.versions.get(name, "none")) for name in packages]
    if "processor" in now.versions and "processor" not in packages:
        pairs.append(("processor", "", now.versions["processor"]))
    found = tuple(Difference(what, a, b, _text(a, b)) for what, a, b in pairs)
    return (*found, *of_images(then, now)) if then.images else found


def of_images(then: Made, now: Made) -> tuple[Difference, ...]:
    """Of which images it was made, by the digest of all of them and their labels."""
    return (Difference("SHA-256 of images and labels", then.data, now.data, _text(then.data, now.data)),)


def are_other_images(then: Made, now: Made) -> bool:
    """Whether it is another experiment, being of other images; not where the report says nothing of them."""
    return bool(then.data) and then.data != now.data


def _text(then: str, now: str) -> Verdict:
    return "same" if then == now else "differs" if then else "not recorded"


def is_same_place(then: Made, now: Made) -> bool:
    """Whether every bit must come out as it did: the same device, processor and versions of what computes.

    Not where the report does not say on which processor: kernels divide their sums otherwise on another.
    """
    known = [name for name in COMPUTING if name in then.versions]
    same = all(then.versions[name] == now.versions.get(name) for name in known)
    return "processor" in known and same and then.device == now.device


def of_numbers(then: Experiment, now: Experiment) -> tuple[Difference, ...]:
    """Every row of numbers; those of several seeds are one field."""
    before, after = _fields(rows(then)), _fields(rows(now))
    return tuple(_field(what, same, after.get(what, {})) for what, same in before.items())


_Fields: TypeAlias = dict[tuple[str, str], dict[int | None, Row]]


def _fields(found: Sequence[Row]) -> _Fields:
    fields: _Fields = {}
    for row in found:
        fields.setdefault((row.of, row.whose), {})[row.seed] = row
    return fields


def _field(what: tuple[str, str], then: Mapping[int | None, Row], now: Mapping[int | None, Row]) -> Difference:
    """What became of a field. Numbers are the same where they are so to the last bit."""
    of, whose = what
    title = ", ".join(part for part in (of.replace("_", " "), whose) if part)
    shown = _shown(then), _shown(now)
    if {*then} - {*now}:
        return Difference(title, *shown, "missing", "not found now")
    pairs = [pair for seed, row in then.items() for pair in _pairs(row, now[seed])]
    if next(iter(then.values())).timed:
        return Difference(title, *shown, "time", _times(pairs))
    apart = [(place, a, b) for place, a, b in pairs if a != b]
    if not apart:
        return Difference(title, *shown, "same")
    place = apart[0][0]
    count = f"at {len(apart):,} of {len(pairs):,}, first at {place}" if len(pairs) > 1 else ""
    return Difference(title, *shown, "differs", ", ".join(part for part in (_most(apart), count) if part))


_Pair: TypeAlias = tuple[str, float | None, float | None]


def _pairs(then: Row, now: Row) -> Iterator[_Pair]:
    """Each number beside what it is now, by its place; one that either lacks is None there."""
    before = dict(zip(then.places or ("",), then.values, strict=True))
    after = dict(zip(now.places or ("",), now.values, strict=True))
    for place in (*before, *(place for place in after if place not in before)):
        called = place if isinstance(place, str) else f"{then.along} {place:g}"
        yield ", ".join(filter(None, (called, then.sown))), before.get(place), after.get(place)


def _most(apart: Sequence[_Pair]) -> str:
    """By how much numbers differ at most, and what share of the number that is."""
    known = [(abs(b - a), abs(a)) for _, a, b in apart if a is not None and b is not None]
    if not known:
        return "a number on one side alone"
    far, whole = max(known)
    return f"by {far:.3g}" + (f" ({100 * far / whole:.2g} %)" if whole else "")


def _times(pairs: Sequence[_Pair]) -> str:
    ratios = [b / a for _, a, b in pairs if a and b]
    return f"{sum(ratios) / len(ratios):.2f} ×" if ratios else ""


def _shown(found: Mapping[int | None, Row]) -> str:
    """A number as it is, of several how many."""
    numbers = [value for row in found.values() for value in row.values]
    if len(numbers) == 1:
        return "none" if numbers[0] is None else f"{numbers[0]:.6g}"
    return f"{len(numbers):,} numbers" if numbers else ""

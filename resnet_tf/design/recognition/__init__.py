"""A network that was made elsewhere becomes a design, and is proved to be it operation by operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

from resnet_tf.design.expand import expand
from resnet_tf.design.graph import Convolution, Layer
from resnet_tf.design.part import SpecError
from resnet_tf.design.presets import PRESETS, Preset
from resnet_tf.design.recognition.found import Essences, Found, Unrecognised, Unsaid, difference, folded
from resnet_tf.design.recognition.measured import measured
from resnet_tf.design.recognition.parts import Fields
from resnet_tf.design.spec import ResNetSpec, Spec, parse_spec

__all__ = ["Found", "Recognised", "Unrecognised", "recognise"]


@dataclass(frozen=True)
class Recognised:
    """A design that computes what was found, the published network that it is, and what the source left unsaid."""

    spec: Spec
    preset: Preset | None
    notes: tuple[str, ...]


# what cannot be measured at one place but follows from the whole: field -> the values that are tried
_TRIED: dict[str, tuple[Any, ...]] = {
    "order": ("post", "pre", "norm-after-addition", "activation-before-addition", "activation-only-pre"),
    "shortcut": ("projection", "zero-padding", "average-pool", "projection-everywhere", "none"),
    "stride_at": ("3x3", "1x1", "last-block"),
    "shared_preactivation": ("project", "first", "always", "never"),
    "shortcut_kernel": (1, 3),
    "antialias": ("none", "blur", "average"),
    "bias": ("none", "unnormalized", "all"),
}
_TRAINED = ("normalization", "dropout", "stochastic_depth", "layer_scale", "zero_init_residual", "initializer", "head")
_ROUNDS = 4  # through all of these fields
PROVED = float("inf")  # how far two networks agree that are one
LARGE = 300  # layers: fields are tried one by one


def recognise(found: Found) -> Recognised:
    """The design of a network, proved: expanded, it is the network that was found, operation by operation.

    A published network is preferred to another description of the same: it also says what the file does not. Raises
    Unrecognised, with the first layer that differs, where no design computes what was found.
    """
    guesses = measured(found)
    readings = [replace(found, unsaid=unsaid) for unsaid in _readings(found)]
    nearest: Spec | None = None
    for seen in readings:
        for fields in guesses:
            if known := _published(seen, fields):
                return Recognised(*known, _notes(seen))
        for fields in guesses:
            best = _climb(seen, fields, nearest)
            if best and not difference(seen, expand(best)):
                return _like_published(seen, best, fields)
            nearest = best or nearest
    if nearest is None:
        raise Unrecognised(_illegal(guesses[0]))
    raise Unrecognised(difference(found, expand(nearest)))


def _readings(found: Found) -> Iterator[frozenset[Unsaid]]:
    """What is left out of the comparison: what this kind of file never says; norms, where they may be folded into
    convolutions; how a training begins, which not every design says."""
    training: frozenset[Unsaid] = found.unsaid | {"training"}
    if found.unsaid and not folded(found.graph) and any(_biased(layer) for layer in found.graph):
        yield training | {"norms"}
    yield from dict.fromkeys((found.unsaid, training))


def _biased(layer: Layer) -> bool:
    return isinstance(layer.op, Convolution) and layer.op.bias


def _illegal(fields: Fields) -> str:
    """Why what was measured makes no design."""
    try:
        parse_spec(fields)
    except SpecError as error:
        return f"no design is so: {error}"
    return "no design agrees with it"


def _climb(found: Found, fields: Fields, nearest: Spec | None) -> Spec | None:
    """The design that agrees with what was found for longest, field by field.

    It begins with the nearest that is known already, or with the styles of the presets.
    """
    essences = Essences(found.unsaid)
    there = essences.of(found.graph)
    known = set(there.values())

    def agreed(spec: Spec) -> float:
        graph = expand(spec)
        ours = essences.of(graph)
        if ours[graph.output.name] == there[found.graph.output.name]:
            return PROVED
        return next((i for i, number in enumerate(ours.values()) if number not in known), len(ours))

    best: Spec | None = None
    most = -1.0
    for spec in [nearest] if nearest else _styles(fields, found.unsaid):
        score = agreed(spec)
        if score > most:
            best, most = spec, score
    for _ in range(_ROUNDS):
        better = None
        for count in (1, 2) if len(found.graph) < LARGE else (1,):  # two fields at once where one alone is no better
            if better is None and isinstance(best, ResNetSpec) and most < PROVED:
                better = max(_neighbours(best, count), key=agreed, default=None)
                better = better if better is not None and agreed(better) > most else None
        if better is None:
            break
        best, most = better, agreed(better)
    return best


def _styles(fields: Fields, unsaid: frozenset[Unsaid]) -> Iterator[Spec]:
    """The measured fields in each of the styles that published networks have."""
    if "norms" in unsaid and fields.get("normalization", {}).get("kind") == "none":
        fields = {**fields, "normalization": {"kind": "batch"}}
    seen = []
    for each in ({}, *(_style_of(row) for row in PRESETS.values() if row.family == fields["family"] == "resnet")):
        style = {**each, **({"shortcut": "none"} if fields.get("block") == "plain" else {})}
        if style not in seen:
            seen.append(style)
            if spec := _legal({**style, **fields}):
                yield spec


def _style_of(row: Preset) -> Fields:
    return {name: getattr(row.spec, name) for name in _TRIED}


def _neighbours(spec: ResNetSpec, count: int) -> Iterator[Spec]:
    """The designs that differ in so many of the fields that are tried."""
    fields = spec.model_dump()
    for names in combinations(_TRIED, count):
        for values in product(*(_TRIED[name] for name in names)):
            change = dict(zip(names, values, strict=True))
            if all(fields[name] != value for name, value in change.items()) and (other := _legal({**fields, **change})):
                yield other


def _legal(fields: Fields) -> Spec | None:
    try:
        return parse_spec(fields)
    except SpecError:
        return None


def _published(found: Found, fields: Fields) -> tuple[Spec, Preset] | None:
    """The published network that computes what was found, at its image's size and for its classes."""
    essences = Essences(found.unsaid)
    wanted = essences.of(found.graph)[found.graph.output.name]
    anywhere = {"input_shape": fields["input_shape"], "classes": fields.get("classes", 1000)}
    stages = [_count(stage) for stage in fields["stages"]]
    for row in PRESETS.values():
        if row.family != fields["family"] or [_count(stage.model_dump()) for stage in row.spec.stages] != stages:
            continue
        same = _legal({**row.spec.model_dump(), **anywhere})
        if same and essences.of_output(expand(same)) == wanted:
            return same, row
    return None


def _like_published(found: Found, spec: Spec, fields: Fields) -> Recognised:
    """The design in the words of a published network that computes the same, where one does."""
    computed = _published(replace(found, unsaid=found.unsaid | {"training"}), fields)
    if computed is None:
        return Recognised(spec, None, _notes(found))
    same, row = computed
    trained = {name: value for name, value in spec.model_dump().items() if name in _TRAINED}
    like = _legal({**same.model_dump(), **trained})
    proved = like is not None and not difference(found, expand(like))
    return Recognised(like if like and proved else spec, row, _notes(found))


def _count(stage: Fields) -> int:
    return int(stage.get("blocks") or stage.get("convolutions") or 0)


def _notes(found: Found) -> tuple[str, ...]:
    said = {
        "training": "First weights, momentum, dropout and stochastic depth are not taken over: they are as usual here.",
        "norms": "The file's norms are folded into its convolutions: they are batch norms here.",
    }
    return (*found.notes, *(said[name] for name in sorted(found.unsaid)))

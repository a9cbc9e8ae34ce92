"""A sweep: what is changed in a design and in its recipe, how that is searched, and the trials that come of it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from resnet_tf.design.costs import costs
from resnet_tf.design.part import Part, SpecError
from resnet_tf.design.spec import Spec
from resnet_tf.learning.asha import expected, rungs
from resnet_tf.learning.catalogue import DatasetCard, fit
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.sweep_axes import SweepAxis, Values, changed, check_field, frozen

MOST_TRIALS = 500
USUAL_TRIALS = 16
MOST_DRAWS = 20  # for each trial that is wanted, where many draws make no network
# an epoch's arithmetic, for each image, over that of one answer: four fifths of the images go forward and, which takes
# twice as much, back; the rest are only answered
AN_EPOCH = 2.6


class Search(Part):
    """What a sweep searches, and how.

    A "grid" is every combination of the axes' values; "random" and "asha" draw `trials` of them, or from ranges. With
    more combinations than `trials` a grid is drawn from, too, none twice. Every trial of a grid or a random search is
    trained to its end, `repeats` times, by seeds that begin with `seed`. Of "asha" see `asha.py`: only the best 1/`eta`
    of the trials go on after `least` epochs, and of these again after `eta` times as many.
    """

    axes: Annotated[tuple[SweepAxis, ...], Field(min_length=1, max_length=8)]
    how: Literal["grid", "random", "asha"] = "grid"
    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] | None = None
    repeats: Annotated[int, Field(ge=1, le=20)] = 1
    seed: Annotated[int, Field(ge=0, le=2**31 - 21)] = 0
    eta: Annotated[int, Field(ge=2, le=10)] = 3
    least: Annotated[int, Field(ge=1, le=10_000)] = 1

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        fields = [axis.field for axis in self.axes]
        twice = next((field for field in fields if fields.count(field) > 1), None)
        if twice is not None:
            raise SpecError("axes", "of different fields", fields, list(dict.fromkeys(fields)))
        ranged = next((axis.field for axis in self.axes if axis.span is not None), None)
        if self.how == "grid" and ranged is not None:
            raise SpecError(
                "how", f"'random' or 'asha' where {ranged} has a range: a grid needs values", "grid", "random"
            )
        if self.how == "asha" and self.repeats > 1:
            rule = "1 with asha, which would choose lucky seeds: repeat its best designs in a grid afterwards"
            raise SpecError("repeats", rule, self.repeats, 1)
        return self

    @property
    def combinations(self) -> int | None:
        """How many there are; None where a range has any number of them."""
        return None if any(axis.span for axis in self.axes) else math.prod(len(axis.values) for axis in self.axes)

    @property
    def most(self) -> int:
        """How many designs are trained at most."""
        there, asked = self.combinations, self.trials or (MOST_TRIALS if self.how == "grid" else USUAL_TRIALS)
        return min(asked, MOST_TRIALS // self.repeats, MOST_TRIALS if there is None else there)

    def ends(self, recipe: Recipe) -> tuple[int, ...]:
        """The epochs after which a trial waits to be chosen, the last those of the recipe."""
        if self.how != "asha":
            return (recipe.epochs,)
        return rungs(self.least, recipe.epochs, self.eta)


class Base(NamedTuple):
    """What the trials of a sweep are changed from."""

    spec: Spec
    dataset: DatasetCard
    recipe: Recipe
    image_size: int | None = None


class Trial(NamedTuple):
    """One of a sweep's trainings; `number` counts from 0."""

    number: int
    values: Values
    seed: int


class Illegal(NamedTuple):
    """Values that make no network, or no training, and why."""

    values: Values
    reason: str


class Plan(NamedTuple):
    """What a sweep will do."""

    trials: tuple[Trial, ...]
    illegal: tuple[Illegal, ...]
    epochs: int  # in all; of asha about
    macs: int  # of all trainings, every step forward and back; of asha about


def plan(base: Base, search: Search, refusal: Callable[[Spec, Recipe], str] = lambda spec, recipe: "") -> Plan:
    """The trials of a sweep, those that cannot be, and what it costs.

    `refusal` says why a training cannot be here, though there is such a network. Raises SpecError for an axis that the
    design and the recipe do not have, and for what cannot be searched so.
    """
    _check(base, search)
    legal: list[Values] = []
    illegal: list[Illegal] = []
    for values in islice(_combinations(search), MOST_DRAWS * search.most):
        try:
            reason = refusal(*build(base, values))
        except SpecError as error:
            reason = str(error)
        if reason:
            illegal.append(Illegal(values, reason))
        else:
            legal.append(values)
        if len(legal) == search.most:
            break
    seeds = range(search.seed, search.seed + search.repeats)
    pairs = [(values, seed) for values in legal for seed in seeds]
    trials = tuple(Trial(number, *pair) for number, pair in enumerate(pairs))
    return Plan(trials, tuple(illegal), *_costs(base, search, trials))


@lru_cache(maxsize=4096)
def build(base: Base, values: Values) -> tuple[Spec, Recipe]:
    """The design of a trial, fitted to its dataset, and its recipe. Raises SpecError where there is none such."""
    spec, recipe, side = changed(base.spec, base.recipe, base.image_size, values)
    return fit(spec, base.dataset, side), recipe


def _check(base: Base, search: Search) -> None:
    for axis in search.axes:
        check_field(axis, base.spec, base.recipe)
    if search.how != "asha":
        return
    if "epochs" in [axis.field for axis in search.axes]:
        raise SpecError("axes", "without epochs: they are what asha gives to the best", "epochs")
    if base.recipe.patience is not None:
        raise SpecError("patience", "none with asha, which ends trials itself", base.recipe.patience)
    if search.least > base.recipe.epochs:
        rule = f"at most the recipe's {base.recipe.epochs:,} epochs"
        raise SpecError("least", rule, search.least, base.recipe.epochs)


def _combinations(search: Search) -> Iterator[Values]:
    """The values to be tried, in order, none twice: all of a grid, or draws without end from ranges."""
    there, draws = search.combinations, random.Random(search.seed)
    if there is not None:
        chosen = range(there)
        if search.how != "grid" or search.most < there:
            count = min(there, MOST_DRAWS * search.most)
            chosen = draws.sample(chosen, count)
            # what is left of a grid stays in the grid's order
            chosen = sorted(chosen[: search.most]) + chosen[search.most :] if search.how == "grid" else chosen
        yield from (_combination(search.axes, number) for number in chosen)
        return
    seen: set[Values] = set()
    for _ in range(MOST_DRAWS * search.most):
        values = tuple((axis.field, axis.draw(draws)) for axis in search.axes)
        if values not in seen:
            seen.add(values)
            yield values


def _combination(axes: Sequence[SweepAxis], number: int) -> Values:
    """The so manieth combination; the last axis changes fastest."""
    values = []
    for axis in reversed(axes):
        number, place = divmod(number, len(axis.values))
        values.append((axis.field, axis.values[place]))
    return tuple(reversed(values))


def _costs(base: Base, search: Search, trials: Sequence[Trial]) -> tuple[int, int]:
    """Epochs and MACs of all trials."""
    built = [build(base, trial.values) for trial in trials]
    if not built:
        return 0, 0
    epochs = all_epochs(search, [recipe for _, recipe in built])
    if search.how == "asha":
        macs = sum(_macs(spec) for spec, _ in built) / len(built) * epochs
    else:
        macs = sum(_macs(spec) * recipe.epochs for spec, recipe in built)
    return epochs, round(AN_EPOCH * macs * base.dataset.images)


def all_epochs(search: Search, recipes: Sequence[Recipe]) -> int:
    """The epochs of trials with these recipes, together; of asha, where the best alone go on, about."""
    if search.how == "asha" and recipes:
        return expected(len(recipes), search.ends(recipes[0]), search.eta)
    return sum(recipe.epochs for recipe in recipes)


@lru_cache(maxsize=4096)
def _macs(spec: Spec) -> int:
    return costs(spec).macs


def as_values(found: Mapping[str, Any]) -> Values:
    """Values as JSON keeps them, as they were."""
    return tuple((field, frozen(value)) for field, value in found.items())

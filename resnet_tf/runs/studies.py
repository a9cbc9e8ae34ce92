"""Studies in the records: what is asked, which run has what was found, and what pages may know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from resnet_tf.design.lesions import exchanges, removable, resizing, selections
from resnet_tf.design.orders import in_orders
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.learning.catalogue import DatasetCard, fit
from resnet_tf.learning.path_findings import carried, comes_by, passed
from resnet_tf.learning.profile import BATCH
from resnet_tf.learning.studies import (
    DRAWS,
    IN_LESION,
    LENGTHS,
    ON_SURFACE,
    POINTS,
    READ,
    SEEDS,
    SWAPS,
    LesionStudy,
    PathGradients,
    SignalByDepth,
    Surface,
)
from resnet_tf.learning.study_findings import by_depth, by_size, cost, lesions
from resnet_tf.learning.surface_findings import around, beside, heights
from resnet_tf.runs.laboratory import digest
from resnet_tf.runs.profiles import IMAGES, fitted_to_images
from resnet_tf.runs.records import Run, StoredEvent

__all__ = ["BATCH", "KINDS", "LesionStudy", "PathGradients", "SignalByDepth", "Studied", "Surface", "around", "beside",
           "by_depth", "by_size", "carried", "comes_by", "cost", "heights", "is_of", "lesions",
           "of_run", "passed", "resizing", "usual_seconds", "wish_of"]  # fmt: skip

HELD_OUT = 0.2  # of the images
BUILT, TRACED = 1.0, 0.06  # seconds for a network, and for each of its layers
RATE = 20e9  # multiply-adds a second, on two cores


class Kind(NamedTuple):
    """A kind of study: `edition` of what it measures is raised where older ones are to be done anew."""

    edition: int
    of_run: bool  # of a training's weights, not of a design at its first
    load: Callable[[Spec, int], tuple[int, float]]  # networks that are built, images that pass them, of so many there


def _of_paths(spec: Spec, images: int) -> tuple[int, float]:
    taken = min(LENGTHS, len(removable(spec)) + 1)
    return 1, len(SEEDS) * (1 + taken * DRAWS) * BATCH * 3  # forward, and twice as much back


def _of_variance(spec: Spec, images: int) -> tuple[int, float]:
    orders = len(in_orders(spec)[0])
    return orders, orders * len(SEEDS) * BATCH * 3  # forward, and twice as much back


def _of_lesion(spec: Spec, images: int) -> tuple[int, float]:
    done = 1 + len(removable(spec)) + len(selections(spec, DRAWS)) + len(exchanges(spec, SWAPS))
    return 1, done * min(IN_LESION, HELD_OUT * images)


def _of_surface(spec: Spec, images: int) -> tuple[int, float]:
    return 1, POINTS**2 * min(ON_SURFACE, (1 - HELD_OUT) * images)


KINDS = {
    "paths": Kind(1, False, _of_paths),
    "variance": Kind(1, False, _of_variance),
    "lesion": Kind(1, True, _of_lesion),
    "surface": Kind(1, True, _of_surface),
}


class Wish(NamedTuple):
    """A study that somebody asks for."""

    key: str  # the same for the same question
    spec: Spec
    dataset: DatasetCard
    asked: dict[str, Any]


@dataclass(frozen=True)
class Studied:
    """What a study found, on how many images of what, where and when (unix seconds)."""

    found: Any
    images: int
    dataset: DatasetCard
    spec: Spec
    device: str
    measured: float
    made: dict[str, Any] = field(default_factory=dict)  # see `learning/provenance.py`; earlier ones do not say


def wish_of(kind: str, subject: Spec | Run) -> Wish:
    """A study of a design, as it fits the bundled digits, or of a trained run.

    Raises SpecError for a design that this kind has nothing to say of.
    """
    row = KINDS[kind]
    if isinstance(subject, Run):
        assert subject.dataset is not None  # as every training has
        asked = {"kind": kind, "run": subject.id}
        return Wish(digest(row.edition, asked), subject.spec, subject.dataset, asked)
    fitted = fitted_to_images(subject)
    if kind == "variance":
        in_orders(fitted)
    elif not removable(fitted):
        raise SpecError("shortcut", "one that is added, in some block", "none", "projection")
    return Wish(digest(row.edition, kind, fitted.model_dump(mode="json")), fitted, IMAGES, {"kind": kind})


def of_run(run: Run, event: StoredEvent) -> Studied:
    """What the event of a study's run says."""
    assert run.dataset is not None
    values = event.values
    found = READ[run.asked["kind"]](values["found"])
    return Studied(
        found, values["images"], run.dataset, run.spec, run.device or "", run.started or run.created,
        values.get("made", {}),
    )  # fmt: skip


def is_of(run: Run, spec: Spec) -> bool:
    """Whether a training was of a design, as it fits the images at the size that was chosen for them."""
    try:
        sizes = (None, run.spec.input_shape[0])
        return run.dataset is not None and run.spec in (fit(spec, run.dataset, size) for size in sizes)
    except SpecError:
        return False


def usual_seconds(kind: str, subject: Spec | Run, macs: int, layers: int) -> float:
    """How long a study usually takes on two cores, of a network of so many multiply-adds an image and layers."""
    wish = wish_of(kind, subject)
    networks, images = KINDS[kind].load(wish.spec, wish.dataset.images)
    return networks * (BUILT + TRACED * layers) + images * macs / RATE

"""What an owner and an instance may use: a rule is a function that says the value and the nearest legal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from resnet_tf.design.costs import costs
from resnet_tf.design.spec import Spec
from resnet_tf.learning import capacity
from resnet_tf.learning.capacity import TrainingRefused, available_bytes, check_memory
from resnet_tf.learning.recipes import Recipe
from resnet_tf.runs.checkpoints import sizes
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.settings import Settings, variable

if TYPE_CHECKING:
    from resnet_tf.runs.store import Store

UNKNOWN = 2**60  # bytes, more than there are
LOADED = 600_000_000  # bytes of a worker before its first run, most of them TensorFlow's (measured: 584 MB)


class QuotaReached(WorkbenchError):
    """More than this instance allows; the sentence says what the limit is and what fits it."""


class Wish(NamedTuple):
    """A run that somebody asks for."""

    owner: str
    spec: Spec
    recipe: Recipe | None  # None for an export


def check_quotas(settings: Settings, store: Store, wish: Wish) -> None:
    """Returns where a run may be queued. Raises QuotaReached, WorkbenchError for a training that memory cannot hold."""
    check_room(settings, store, wish)
    check_size(settings, wish)


def check_room(settings: Settings, store: Store, wish: Wish) -> None:
    """Returns where there is room for a run now, whatever its size. Raises QuotaReached."""
    _check(settings, wish, {name: partial(rule, store) for name, rule in _ROOM.items()})


def check_size(settings: Settings, wish: Wish) -> None:
    """Returns where a run is not too large for this instance. Raises QuotaReached; WorkbenchError for its memory."""
    _check(settings, wish, _SIZE)
    if wish.recipe is not None:
        try:
            check_memory(wish.spec, wish.recipe, available(settings))
        except TrainingRefused as error:
            raise WorkbenchError(str(error)) from error


def check_pass(settings: Settings, spec: Spec, batch: int) -> None:
    """Returns where one pass of so many images forward and back fits the memory; raises WorkbenchError."""
    try:
        capacity.check_pass(spec, batch, available(settings))
    except TrainingRefused as error:
        raise WorkbenchError(str(error)) from error


def _check(settings: Settings, wish: Wish, rules: Mapping[str, Callable[[Wish, int], str]]) -> None:
    for name, rule in rules.items():
        most = settings.limit(name)
        if most is not None and (said := rule(wish, most)):
            raise QuotaReached(f"{said}. The limit is this instance's ({variable(name)}).")


def available(settings: Settings) -> int:
    """Bytes that a training may have: what the machine has left, within what the worker may have."""
    most = settings.limit("worker_mb")
    # elsewhere, as on the nodes of a cluster, workers refuse for themselves what they cannot hold
    elsewhere = settings.ray_address or settings.worker != "local"
    here = UNKNOWN if elsewhere else available_bytes()
    return here if most is None else max(min(here, most * 10**6 - LOADED), 0)


def check_upload(settings: Settings, count: int, folder: Path) -> None:
    """Returns where an upload of so many bytes may be kept in an owner's folder; raises QuotaReached."""
    most = settings.limit("upload_mb")
    if most is not None and count > most * 10**6:
        raise QuotaReached(
            f"The upload has {count / 1e6:,.1f} MB and may have {most:,} MB ({variable('upload_mb')}): "
            "send fewer or smaller images, or a smaller network's weights"
        )
    taken, most = sum(sizes(folder).values()), settings.limit("disk_mb")
    if most is not None and taken + count > most * 10**6:
        raise QuotaReached(
            f"Your images and weights take {taken / 1e6:,.1f} MB and may take {most:,} MB ({variable('disk_mb')}): "
            f"the upload has {count / 1e6:,.1f} MB, and {max(most - taken / 1e6, 0):,.1f} MB are left"
        )


def _runs(store: Store, wish: Wish, most: int) -> str:
    open_now = store.open_runs(wish.owner)
    if open_now < most:
        return ""
    return f"{open_now:,} of your runs wait or are under way and at most {most:,} may: stop one or wait for its end"


def _queue(store: Store, wish: Wish, most: int) -> str:
    waiting = store.waiting()
    return f"{waiting:,} runs wait already, and at most {most:,} may: try again in a while" if waiting >= most else ""


def _epochs(wish: Wish, most: int) -> str:
    asked = wish.recipe.epochs if wish.recipe else 0
    return f"epochs must be at most {most:,} (got {asked:,}; nearest {most:,})" if asked > most else ""


def _parameters(wish: Wish, most: int) -> str:
    count = _counted(wish.spec)
    if count <= most:
        return ""
    percent = int(100 * (most / count) ** 0.5)  # weights grow with the square of the widths
    return f"The design has {count:,} parameters and may have {most:,}: it would with widths at {percent} %"


@lru_cache(maxsize=1024)
def _counted(spec: Spec) -> int:
    return costs(spec).parameters


def _disk(store: Store, wish: Wish, most: int) -> str:
    taken = store.disk(wish.owner)
    return f"Your files take {taken / 1e6:,.0f} MB and may take {most:,}: delete a run" if taken > most * 10**6 else ""


def _instance_disk(store: Store, wish: Wish, most: int) -> str:
    taken = store.disk()
    full = taken > most * 10**6
    return f"All files here take {taken / 1e6:,.0f} MB and may take {most:,}: delete a run" if full else ""


# limits by name: of what is there already, and of a run itself
_ROOM: dict[str, Callable[[Store, Wish, int], str]] = {
    "runs": _runs, "queue": _queue, "disk_mb": _disk, "instance_disk_mb": _instance_disk,
}  # fmt: skip
_SIZE: dict[str, Callable[[Wish, int], str]] = {"epochs": _epochs, "parameters": _parameters}

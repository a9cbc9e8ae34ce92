"""Profiles in the records: which run has the one of a design, and what pages may know of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from resnet_tf.design.spec import Spec
from resnet_tf.learning.catalogue import DATASETS, DEFAULT, fit, what_changed
from resnet_tf.learning.findings import adds_up, alive, arrives, carries, ends, joined_side
from resnet_tf.learning.profile import ALONE, BATCH, SEEDS, WITH, WITHOUT, Profile, Sum, dead_units, profile_of
from resnet_tf.learning.signals import BlockSignal, GradientFlow, Spread, over_seeds
from resnet_tf.runs.records import Run, StoredEvent

__all__ = ["ALONE", "BATCH", "SEEDS", "WITH", "WITHOUT", "BlockSignal", "GradientFlow", "Profile", "Profiled", "Spread",
           "Sum", "adds_up", "alive", "arrives", "carries", "dead_units", "ends", "fitted_to_images", "fitting",
           "joined_side", "key_of", "of_run", "over_seeds"]  # fmt: skip

EDITION = 1  # of what a profile measures: raised, older ones are measured anew
IMAGES = DATASETS[DEFAULT]


@dataclass(frozen=True)
class Profiled:
    """A profile that a worker measured, of which design as it fits the images, where and when (unix seconds)."""

    profile: Profile
    spec: Spec
    device: str
    measured: float
    made: Mapping[str, Any] = field(default_factory=dict)  # with which software, of which images (see `provenance`)


def fitted_to_images(spec: Spec) -> Spec:
    """The design as it is measured: on the bundled digits, as it would be trained on them (see `catalogue.fit`)."""
    return fit(spec, IMAGES)


def fitting(spec: Spec) -> str:
    """One sentence on what that changes; empty where it is nothing."""
    return what_changed(spec, fitted_to_images(spec)).replace("Trained with", "Measured with", 1)


def key_of(spec: Spec) -> str:
    """What the runs that profile one design have in common."""
    text = f"{EDITION} {SEEDS} {BATCH} {spec.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def of_run(run: Run, event: StoredEvent) -> Profiled:
    """The profile in a run's event."""
    return Profiled(profile_of(event.values), run.spec, run.device or "", run.started or run.created,
                    event.values.get("made") or {})  # fmt: skip

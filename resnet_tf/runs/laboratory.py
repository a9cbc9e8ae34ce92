"""What an owner has measured: of designs, of trained runs, of the lessons' claims. Loads no Keras.

A measurement is a run of its own task. Runs that ask the same have a key in common among their options, and one event
of a finished one has what came of it: so the same is measured once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from resnet_tf.design.costs import costs
from resnet_tf.design.spec import Spec
from resnet_tf.runs.logs import noted
from resnet_tf.runs.names import proper
from resnet_tf.runs.quotas import Wish, check_pass, check_quotas, check_size
from resnet_tf.runs.records import MEASURED, PROFILED, Run, StoredEvent, Task

if TYPE_CHECKING:
    from resnet_tf.learning.catalogue import DatasetCard
    from resnet_tf.lessons.course import Lesson
    from resnet_tf.lessons.experiments import Mode
    from resnet_tf.lessons.results import Outcome
    from resnet_tf.runs.instance import Instance
    from resnet_tf.runs.profiles import Profiled
    from resnet_tf.runs.studies import Studied
    from resnet_tf.runs.versus import Question

MOST_TRAINED = 50  # of the newest trainings are offered
MOST_LOOKED_THROUGH = 20  # of the newest runs of a key, for one that ended well


def digest(*asked: Any) -> str:
    """A key: what is asked, in a few letters. JSON can say each part."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


def _lesson_key(lesson: str, mode: str) -> str:
    return digest("lesson", lesson, mode)


def work(spec: Spec) -> int:
    """What is in a network's way when there is little memory: the activations of one image."""
    return costs(spec).activations


class Laboratory:
    """The measurements of one owner; safe in threads. It raises what `Workbench` does."""

    def __init__(self, instance: Instance, owner: str) -> None:
        self._instance = instance
        self.owner = owner

    # --- a design's profile

    @noted("run.queued")
    def profile(self, spec: Spec, *, name: str) -> str:
        """The id of a run that measures how signals travel through a design at first weights, on the bundled digits.

        That is beside the same design with other shortcuts; a run of this owner's that is under way or has finished, or
        a new one.

        Raises SpecError for a design without a head, WorkbenchError for one that is too large for this instance or the
        memory of this machine, QuotaReached where this instance allows no more runs.
        """
        from resnet_tf.runs.profiles import BATCH, IMAGES, fitted_to_images, key_of

        fitted = fitted_to_images(spec)
        key = key_of(fitted)
        return self.begun("profile", key) or self.begin("profile", key, name, fitted, IMAGES, batch=BATCH)

    def profiled(self, spec: Spec) -> Profiled | None:
        """What was measured of a design last, whoever asked, as it is of the design alone; None where nothing was.

        Raises SpecError for a design without a head.
        """
        from resnet_tf.runs.profiles import fitted_to_images, key_of, of_run

        found = self.found("profile", key_of(fitted_to_images(spec)), PROFILED, everybodys=True)
        return of_run(*found) if found else None

    def profiling(self, spec: Spec) -> Run | None:
        """This owner's newest run that measures a design, under way or over. Raises SpecError as `profiled`."""
        from resnet_tf.runs.profiles import fitted_to_images, key_of

        return self.newest("profile", key_of(fitted_to_images(spec)))

    # --- a lesson's experiment

    @noted("run.queued")
    def try_lesson(self, lesson: Lesson, mode: Mode) -> str:
        """The id of a run that does a lesson's experiment on this machine: one under way, or a new one."""
        run = self.trying(lesson.name, mode)
        if run is not None and not run.over:
            return run.id
        setting = lesson.experiment.setting(mode)
        largest = max((setting.fitted(arm) for arm in setting.arms if arm.measures), key=work)
        name = f"Lesson {lesson.number}, {mode}"
        return self.begin("lesson", _lesson_key(lesson.name, mode), name, largest, None,
                          batch=setting.batch, lesson=lesson.name, mode=mode)  # fmt: skip

    def trying(self, lesson: str, mode: Mode) -> Run | None:
        """This owner's newest run of a lesson's experiment, under way or over."""
        return self.newest("lesson", _lesson_key(lesson, mode))

    def tried(self, lesson: str, mode: Mode) -> Outcome | None:
        """What came of it when this owner last ran it to its end; None where he never did."""
        from resnet_tf.lessons.results import Outcome

        found = self.found("lesson", _lesson_key(lesson, mode))
        return Outcome.from_json(json.dumps(found[1].values)) if found else None

    def lessons_done(self) -> frozenset[str]:
        """The names of the lessons whose experiment this owner has run to its end, in either mode."""
        runs = self._instance.store.runs("lesson", self.owner, brief=True)
        return frozenset(run.asked["lesson"] for run in runs if run.state == "finished")

    # --- studies of a design, and of what a training made of it

    @noted("run.queued")
    def study(self, kind: str, subject: Spec | Run, *, name: str) -> str:
        """The id of a run that does a study (see `runs/studies.py`): "variance" of a design, the others of a training.

        As with `profile` it may be one that there is already. Raises what `profile` does, SpecError for a design that
        this kind has nothing to say of.
        """
        from resnet_tf.runs.studies import BATCH, wish_of

        wish = wish_of(kind, subject)
        return self.begun("study", wish.key) or self.begin(
            "study", wish.key, name, wish.spec, wish.dataset, batch=BATCH, **wish.asked
        )

    def studied(self, kind: str, subject: Spec | Run) -> Studied | None:
        """What a study found last, whoever asked; None before. Raises SpecError as `study`."""
        from resnet_tf.runs.studies import of_run, wish_of

        found = self.found("study", wish_of(kind, subject).key, everybodys=True)
        return of_run(*found) if found else None

    def studying(self, kind: str, subject: Spec | Run) -> Run | None:
        """This owner's newest run of a study, under way or over. Raises SpecError as `study`."""
        from resnet_tf.runs.studies import wish_of

        return self.newest("study", wish_of(kind, subject).key)

    def trained(self, spec: Spec | None = None) -> list[Run]:
        """This owner's newest finished trainings, of one design where it is given; their weights can be studied."""
        from resnet_tf.runs.studies import is_of

        runs = self._instance.store.runs("train", self.owner, most=MOST_TRAINED, brief=True)
        return [run for run in runs if run.state == "finished" and (spec is None or is_of(run, spec))]

    # --- trainings in step

    @noted("run.queued")
    def versus(self, asked: Question, *, name: str) -> str:
        """The id of a run that trains a design with and without some shortcuts in step, on the bundled digits.

        Raises WorkbenchError and QuotaReached as `Workbench.train` does.
        """
        from resnet_tf.runs.profiles import IMAGES

        check_size(self._instance.settings, Wish(self.owner, asked.spec, asked.recipe))
        return self.begun("versus", asked.key) or self.begin(
            "versus", asked.key, name, asked.spec, IMAGES, **asked.asked
        )

    # --- what all measurements are

    def begin(
        self, task: Task, key: str, name: str, spec: Spec, dataset: DatasetCard | None, *, batch: int = 0,
        **asked: Any,
    ) -> str:  # fmt: skip
        """The id of a new run of a task; what is `asked` the worker finds in `run.asked`.

        With a `batch`, whether one of so many images fits the memory is looked at first. Raises WorkbenchError where it
        does not, and QuotaReached where this instance allows no more runs.
        """
        instance = self._instance
        check_quotas(instance.settings, instance.store, Wish(self.owner, spec, None))
        if batch:
            check_pass(instance.settings, spec, batch)
        options = {"key": key, "asked": asked}
        return instance.store.add_run(task, proper(name), spec, self.owner, dataset=dataset, options=options)

    def newest(self, task: Task, key: str) -> Run | None:
        """This owner's newest run of a task and a key, under way or over."""
        return next(iter(self._runs(task, key, most=1)), None)

    def begun(self, task: Task, key: str) -> str | None:
        """The id of the newest one, if it is under way or has finished."""
        run = self.newest(task, key)
        return run.id if run and (not run.over or run.state == "finished") else None

    def found(
        self, task: Task, key: str, kind: str = MEASURED, *, everybodys: bool = False
    ) -> tuple[Run, StoredEvent] | None:  # fmt: skip
        """The newest run of a key that has an event of a kind, and that event: this owner's, or whoever's."""
        for run in self._runs(task, key, most=MOST_LOOKED_THROUGH, everybodys=everybodys):
            for event in self._instance.store.events(run.id, (kind,)):
                return self._instance.store.run(run.id), event  # as it is by now: it may have waited a moment ago
        return None

    def _runs(self, task: Task, key: str, *, most: int, everybodys: bool = False) -> Iterator[Run]:
        owner = None if everybodys else self.owner
        return iter(self._instance.store.runs(task, owner, most=most, brief=True, key=key))

"""All that a page may ask of runs. Loads no Keras, and no database before the first question."""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from resnet_tf.design.calibration import Calibration
from resnet_tf.design.graph import Shape
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import Spec, SpecError, nearest_word, parse_spec
from resnet_tf.learning import capacity, catalogue
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.formats import CARD, FORMATS, Format, check
from resnet_tf.learning.recipes import RECIPES, Recipe
from resnet_tf.learning.recipes import recipe as recipe_named
from resnet_tf.learning.sweeps import Base, Plan, Search, plan
from resnet_tf.runs import logs, starts
from resnet_tf.runs.checkpoints import Checkpoints
from resnet_tf.runs.executor import WORKER
from resnet_tf.runs.failures import FilesUnavailable, NoSuchRun, NoSuchSweep, WorkbenchError, disk_sentence
from resnet_tf.runs.home import LOCAL, Home
from resnet_tf.runs.instance import Instance
from resnet_tf.runs.laboratory import Laboratory
from resnet_tf.runs.logs import noted
from resnet_tf.runs.names import proper
from resnet_tf.runs.points import KINDS, parameters_of, points_of
from resnet_tf.runs.polls import timed
from resnet_tf.runs.presence import presence
from resnet_tf.runs.quotas import Wish, check_quotas, check_size, check_upload
from resnet_tf.runs.records import (
    CALIBRATED,
    Artifact,
    Design,
    DesignVersion,
    KeptDesign,
    Origin,
    Run,
    StoredEvent,
    Sweep,
    Task,
    WorkerStatus,
)
from resnet_tf.runs.settings import Settings

if TYPE_CHECKING:
    from resnet_tf.design.recognition import Recognised
    from resnet_tf.runs.designs import Designs
    from resnet_tf.runs.store import Store
    from resnet_tf.runs.sweeps import Sweeps

log = logging.getLogger(__name__)

ALL = 10**9  # events: more than any run has
CALIBRATED_BY = "resnet18"  # every run has a design; that of a calibration says nothing
MOST_CALIBRATIONS = 5  # of the newest are looked through for one that ended well
MOST_STARTS = 50  # of the newest runs are offered to begin with


class Workbench:
    """Runs, designs and the worker, as one owner sees them; safe in threads.

    `home` is a folder (`RESNET_TF_HOME` or the user's data folder by default), `database_url` any that SQLAlchemy knows
    (`DATABASE_URL`, or a SQLite file in the home). `worker` is the command that starts a worker; `settings` are the
    environment's. Every method raises WorkbenchError, with a sentence for people, where the disk or the database cannot
    be used; SpecError where a design, a recipe or a dataset's name cannot. What is another owner's is not there, unless
    he shared it: then it can be read by its id.
    """

    def __init__(
        self, home: str | os.PathLike[str] | None = None, database_url: str | None = None, *,
        worker: Sequence[str] = WORKER, settings: Settings | None = None,
    ) -> None:  # fmt: skip
        self._instance = Instance(home, database_url, worker, settings)
        self.owner: str | None = LOCAL

    def of(self, owner: str | None) -> Workbench:
        """The workbench as an owner sees it; None sees what is everybody's, as who runs the instance may."""
        view = copy.copy(self)
        view.owner = owner
        return view

    @property
    def home(self) -> Home:
        return self._instance.home

    @property
    def settings(self) -> Settings:
        return self._instance.settings

    @property
    def _store(self) -> Store:
        return self._instance.store

    @property
    def _owner(self) -> str:
        """Whose what is made now will be."""
        return self.owner or LOCAL

    def secret(self, name: str) -> str:
        """What signs cookies and links on every server of this instance: the environment's, or one that was made up."""
        return self.settings.secret or self._store.secret(name)

    def adopt(self, guest: str, user: str) -> None:
        """Gives a user what he made and added as a guest; a design whose name is taken gets a number."""
        self._store.adopt(guest, user)
        self.home.adopt(guest, user)

    def start(self) -> None:
        """Starts or adopts the warm worker (where idle ones leave, when needed) and the mirror, in the background."""
        self._instance.start()

    def ask(self) -> None:
        """Returns if the records answer. Raises StoreUnavailable where they do not, as any question does."""
        self._store.database.ask()

    def metrics(self) -> str:
        """The whole instance in figures, as Prometheus reads them; nothing of any owner."""
        from resnet_tf.runs.metrics import exposition

        return exposition(self._instance)

    def close(self) -> None:
        """Lets go of the worker: it ends by itself once nothing is queued and no other server is up."""
        self._instance.close()

    def worker(self) -> WorkerStatus:
        """The worker as it is now."""
        return presence(self._instance)

    # --- what there is to choose from

    def datasets(self) -> list[DatasetCard]:
        """What there is to train on: the datasets that are always there, then this owner's images, newest first."""
        uploads = self.home.uploads(self._owner)
        self._instance.files.seek_uploads(self._owner)
        kept = sorted(uploads.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
        cards = (_card_of(path, path.stat().st_mtime_ns) for path in kept)
        return [*catalogue.DATASETS.values(), *(card for card in cards if card is not None)]

    def add_images(self, name: str, data: bytes | str | os.PathLike[str]) -> DatasetCard:
        """The card of somebody's own images, checked and kept: the bytes of a zip or npz, or the path of a folder."""
        from resnet_tf.learning import archives

        if isinstance(data, bytes):
            check_upload(self.settings, len(data), self.home.uploads(self._owner))
        try:
            card = archives.keep(archives.read(data), proper(name), self.home.make(self.home.uploads(self._owner)))
        except archives.ArchiveError as error:
            raise WorkbenchError(str(error)) from error
        except OSError as error:
            raise WorkbenchError(disk_sentence(error, f"The images of {name!r}")) from error
        self._send(Path(card.path))
        return card

    def _send(self, upload: Path) -> None:
        """Sends what was added to the object store; what that does not take is sent later."""
        try:
            self._instance.files.send_upload(upload)
        except FilesUnavailable as error:
            log.warning("%s: %s is sent when it answers again", error, upload.name, extra=logs.of("files.trouble"))

    def recipes(self) -> list[Recipe]:
        return list(RECIPES.values())

    def computes_bfloat16(self) -> bool:
        """Whether training in half precision is faster here than in float32."""
        return capacity.computes_bfloat16()

    def formats(self) -> list[Format]:
        """What a network can be taken away as; the last is the model card, which every export has."""
        return [*FORMATS.values(), CARD]

    def imported(self, file: str, data: bytes) -> Recognised:
        """The design of a network in a file of another library, which is read as data.

        Raises WorkbenchError with what of it no design has.
        """
        from resnet_tf.learning.imported import imported_file

        return _recognised(file, lambda: imported_file(file, data))

    def named(self, name: str) -> Recognised:
        """The design that timm, torchvision or keras.applications mean by a name; raises WorkbenchError for none."""
        from resnet_tf.learning.imported import named

        return _recognised(name, lambda: named(name))

    def add_weights(self, file: str, data: bytes | str | os.PathLike[str]) -> Origin:
        """Somebody's weights, checked and kept for `train` to begin with: the bytes of a file so called, or its path.

        They are of any library that `load_weights` knows. Raises WorkbenchError for what is no file of weights.
        """
        folder = self.home.make(self.home.uploads(self._owner))
        if isinstance(data, bytes):
            check_upload(self.settings, len(data), self.home.uploads(self._owner))
        try:
            origin = starts.keep_weights(folder, proper(PurePath(file).stem), file, data)
        except OSError as error:
            raise WorkbenchError(disk_sentence(error, f"The weights of {file!r}")) from error
        self._send(starts.weights_path(folder, origin.weights))
        return origin

    def starts(self, spec: Spec, dataset: str | DatasetCard, image_size: int | None = None) -> list[Origin]:
        """What the design could begin with on a dataset: this owner's trained runs and added weights that fit it."""
        card = self._card(dataset)
        newest = self.runs(most=MOST_STARTS, brief=True)
        sources = {starts.origin_of(run): run.spec for run in newest if run.over and run.epochs}
        files = starts.kept_weights(self.home.uploads(self._owner))
        sources |= {starts.origin_of(path): path for path in files}
        return [origin for origin, source in sources.items() if starts.fits(spec, card, image_size, source)]

    def fit(
        self, spec: Spec, dataset: str | DatasetCard, image_size: int | None = None, start: str | None = None
    ) -> tuple[Spec, str]:
        """The design as `train` trains it on a dataset, and one sentence on what was changed (empty if nothing)."""
        card = self._card(dataset)
        if start is None:
            fitted = catalogue.fit(spec, card, image_size)
        else:
            origin, shapes = self._beginning(start)
            fitted = starts.fit(spec, card, image_size, shapes, origin.title)
        return fitted, catalogue.what_changed(spec, fitted)

    def _beginning(self, start: str) -> tuple[Origin, Mapping[str, Shape]]:
        """What a run's id or the name of added weights stands for, and the shapes of its tensors."""
        uploads = self.home.uploads(self._owner)
        if start.startswith(starts.PREFIX):
            path = starts.weights_file(uploads, start)
            return starts.origin_of(path), starts.shapes_of(path)
        run = self.run(start)
        if run.task != "train" or not (run.bytes or Checkpoints(self.home.checkpoints(run.id)).bytes):
            raise WorkbenchError(starts.no_checkpoint(run))
        return starts.origin_of(run), starts.shapes_of(run.spec)

    def _card(self, dataset: str | DatasetCard) -> DatasetCard:
        """The card by its name, even of a card: the images of a run that somebody shared stay his own."""
        name = dataset.name if isinstance(dataset, DatasetCard) else dataset
        cards = {card.name: card for card in self.datasets()}
        if name not in cards:
            raise SpecError("dataset", "a known name", name, nearest_word(name, list(cards)))
        return cards[name]

    # --- runs

    @noted("run.queued")
    def train(
        self, spec: Spec, dataset: str | DatasetCard, recipe: str | Recipe, seed: int = 0, *, name: str,
        image_size: int | None = None, start: str | None = None,
    ) -> str:  # fmt: skip
        """The id of a new run, queued: the design, fitted to the dataset (see `fit`), trained with a recipe and a seed.

        `start` is the id of a run that it begins with, or the name of added weights (see `starts`); by default weights
        are drawn. Raises WorkbenchError where that is gone, or of another network, or where the memory of this machine
        is too small for it, with the nearest that fits, and QuotaReached where this instance allows less.
        """
        card = self._card(dataset)
        chosen = recipe_named(recipe) if isinstance(recipe, str) else Recipe(**recipe.model_dump())
        fitted, _ = self.fit(spec, card, image_size, start)
        options = {} if start is None else {"start": asdict(self._beginning(start)[0])}
        wish = Wish(self._owner, fitted, chosen)
        check_quotas(self.settings, self._store, wish)
        return self._store.add_run(
            "train", proper(name), fitted, wish.owner, dataset=card, recipe=chosen, seed=_seed(seed), options=options
        )

    @noted("run.queued")
    def export(self, spec: Spec, formats: Sequence[str], *, run: str | None = None, name: str) -> str:
        """The id of a new run that writes the formats: of a trained run, or of fresh weights.

        Raises WorkbenchError without a format, QuotaReached where this instance allows less, SpecError for a format
        that does not exist.
        """
        if run is not None:
            spec = self.run(run).spec
        options = {"formats": list(dict.fromkeys(formats)), "source": run}
        if not options["formats"]:
            raise WorkbenchError("Choose at least one format to export")
        check(options["formats"])
        wish = Wish(self._owner, spec, None)
        check_quotas(self.settings, self._store, wish)
        return self._store.add_run("export", proper(name), spec, wish.owner, options=options)

    @noted("run.queued")
    def calibrate(self) -> str:
        """The id of a run that measures how fast a worker trains, in some ten seconds: one that is under way already.

        Raises QuotaReached where this instance allows no more runs.
        """
        for run in self._store.runs("calibrate", None, most=1, brief=True):
            if not run.over:
                return run.id
        spec = preset(CALIBRATED_BY)
        check_quotas(self.settings, self._store, Wish(self._owner, spec, None))
        return self._store.add_run("calibrate", "Calibration", spec, self._owner)

    def calibration(self) -> Calibration | None:
        """How fast a worker of this instance trains, as it was measured last; None where it never was."""
        for run in self._store.runs("calibrate", None, most=MOST_CALIBRATIONS, brief=True):
            for event in self._store.events(run.id, (CALIBRATED,)):
                run = self._store.run(run.id)  # as it was when it wrote that: it may have waited a moment ago
                measured = Calibration(run.device or "", run.why or "", run.started or 0.0,
                                       tuple(event.values["seconds"].items()))  # fmt: skip
                if measured.complete:
                    return measured
        return None

    def calibrating(self) -> bool:
        """Whether a calibration waits or is under way."""
        return any(not run.over for run in self._store.runs("calibrate", None, most=1, brief=True))

    @property
    def laboratory(self) -> Laboratory:
        """What this owner has measured, and may have measured."""
        return Laboratory(self._instance, self._owner)

    @timed
    def run(self, id: str) -> Run:
        """A run of this owner's, or one that another shares. Raises WorkbenchError for any other, as for none."""
        found = self._store.run(id)
        if self.owner not in (None, found.owner) and not found.shared:
            raise NoSuchRun(id)
        return found

    def owns(self, run: Run) -> bool:
        """Whether this owner may change a run, and not only look at it."""
        return self.owner in (None, run.owner)

    def _own(self, id: str) -> Run:
        """A run that this owner may change."""
        found = self.run(id)
        if not self.owns(found):
            raise WorkbenchError(f"{found.name} is shared by another visitor: it can be looked at and not be changed")
        return found

    @timed
    def runs(
        self, task: Task | None = "train", *, most: int | None = None, named: str = "", brief: bool = False
    ) -> list[Run]:  # fmt: skip
        """This owner's runs of a task (None for all), newest first: at most so many, and `named` so.

        A name is a part of a run's, in any case, or the beginning of its id. A `brief` run has its last epoch alone.
        """
        return self._store.runs(task, self.owner, most, named=named, brief=brief)

    @timed
    def count_runs(self, task: Task | None = "train", *, named: str = "") -> int:
        """How many `runs` there are."""
        return self._store.count_runs(task, self.owner, named)

    @noted("run.stop")
    def stop(self, id: str) -> None:
        """Asks a run to stop; it does within two seconds. One that is over is left as it is."""
        self._own(id)
        self._store.request_stop(id)

    @noted("run.share")
    def share(self, id: str, shared: bool = True) -> None:
        """Lets everybody who has a run's id read it, or nobody but its owner."""
        self._own(id)
        self._store.share(id, shared)

    @noted("run.resume")
    def resume(self, id: str) -> None:
        """Queues a run again: it goes on from its last checkpoint. Raises QuotaReached as `train` does."""
        run = self._own(id)
        if not run.resumable:
            reasons = {
                "diverged": "it would diverge again: change what its advice says and start a new one",
                "finished": "it has finished: start a new one with more epochs",
            }
            raise WorkbenchError(f"{run.name} cannot be resumed: {reasons.get(run.state, f'it is {run.state}')}")
        check_quotas(self.settings, self._store, Wish(run.owner, run.spec, run.recipe))
        self._store.resume(run)

    @noted("run.delete")
    def delete(self, id: str) -> None:
        """Removes a run with its points and its files. Raises WorkbenchError while it is running."""
        run = self._own(id)
        if run.state == "running":
            raise WorkbenchError(f"{run.name} is running: stop it first")
        if run.sweep and not (sweep := self._sweeps.sweep(run.sweep)).over:
            raise WorkbenchError(f"{run.name} is a trial of {sweep.name}: stop that first, or delete it whole")
        self._remove(run)

    def _remove(self, run: Run) -> None:
        """Removes a run and its files."""
        self._store.delete_run(run.id)
        try:
            self._instance.files.forget(run.id)
        except FilesUnavailable as error:
            log.warning("%s: what it has of %s is removed later", error, run.name, extra=logs.of("files.trouble", run))
        except OSError as error:
            said = f"{run.name} is deleted, but {error.filename} is still there ({error.strerror}): delete it by hand"
            raise WorkbenchError(said) from error

    @timed
    def events(
        self, run: Run | str, kinds: Sequence[str] = ("step",), after: int = 0, most: int = 2000
    ) -> list[StoredEvent]:  # fmt: skip
        """Events of a run by step, those with a `seq` above `after`; evenly thinned where they are more than `most`.

        Who has the run itself, and not only its id, has been let read it: he is not asked again.
        """
        if isinstance(run, str):
            self._check_readable(run)
        return self._store.events(run if isinstance(run, str) else run.id, kinds, after, most)

    def _check_readable(self, id: str) -> None:
        if self.owner is not None and not self._store.is_readable(id, self.owner):
            raise NoSuchRun(id)

    def event_file(self, id: str) -> tuple[str, bytes]:
        """A run's curves as TensorBoard reads them: the name of a file, and what is in it."""
        from resnet_tf.runs.tensorboard import event_file, event_file_name

        run = self.run(id)
        began = run.started or run.created
        points = points_of(self._store.events(id, KINDS, most=ALL), began)
        return event_file_name(run), event_file(points, parameters_of(run), began)

    def evaluation(self, id: str) -> dict[str, Any] | None:
        """What a finished run gets right and wrong (see `learning/evaluate.py`); None before."""
        found = self.events(id, ("evaluation",))
        return found[-1].values if found else None

    def artifacts(self, id: str) -> list[Artifact]:
        """The files of an export; `path` is where one lies on this machine, or will once it is downloaded."""
        self._check_readable(id)
        folder = self.home.artifacts(id)
        found = self._store.artifacts(id)
        return [replace(one, path=one.path and str(folder / Path(one.path).name)) for one in found]

    def is_at_hand(self, artifact: Artifact) -> bool:
        """Whether a file of an export is here, or in an object store, which is not asked."""
        return artifact.path is not None and (bool(self.settings.artifact_url) or Path(artifact.path).is_file())

    def download(self, id: str, format: str) -> Path:
        """Where a file of an export lies on this machine, fetched from the object store if need be.

        Raises WorkbenchError for one that was not written, is gone, or cannot be had just now.
        """
        file = self._file(id, format)
        try:
            return self._instance.files.artifact(id, Path(file.path).name, file.bytes)
        except OSError as error:
            raise WorkbenchError(disk_sentence(error, f"The copy of {Path(file.path).name}")) from error

    def link(self, id: str, format: str) -> str | None:
        """An address at which a browser gets a file of an export for some hours; None where `download` is the way."""
        return self._instance.files.link(id, Path(self._file(id, format).path).name)

    def _file(self, id: str, format: str) -> Artifact:
        found = next((one for one in self.artifacts(id) if one.format == format and one.path), None)
        if found is None:
            raise WorkbenchError(f"This export has no file in the format {format!r}: export it again")
        return found

    # --- sweeps

    def plan_sweep(
        self, spec: Spec, dataset: str | DatasetCard, recipe: str | Recipe, search: Search,
        image_size: int | None = None,
    ) -> Plan:  # fmt: skip
        """What a sweep of these would do: its trials, those that cannot be and why, what it costs.

        Raises SpecError for an axis that the design and the recipe do not have, or that cannot be searched so.
        """
        return self._plan(self._base(spec, dataset, recipe, image_size), search)

    @noted("sweep.begun")
    def sweep(
        self, spec: Spec, dataset: str | DatasetCard, recipe: str | Recipe, search: Search, *, name: str,
        image_size: int | None = None,
    ) -> str:  # fmt: skip
        """The id of a new sweep: its trials are runs, which wait in the queue as far as there is room for them.

        Raises SpecError as `plan_sweep` does, and where no trial can be at all; WorkbenchError for a name that is none.
        """
        base, title = self._base(spec, dataset, recipe, image_size), proper(name)
        plan = self._plan(base, search)
        if not plan.trials:
            raise SpecError("axes", f"such that a trial can be: {plan.illegal[0].reason}", str(search.axes[0]))
        sweep = self._sweeps.add(title, self._owner, base, search, plan)
        self._instance.trials.advance()
        return sweep

    @timed
    def sweeps(self) -> list[Sweep]:
        """This owner's sweeps, newest first."""
        return self._sweeps.sweeps(self.owner)

    @timed
    def sweep_of(self, id: str) -> Sweep:
        """A sweep of this owner's with its trials. Raises WorkbenchError for any other, as for none."""
        found = self._sweeps.sweep(id)
        if self.owner not in (None, found.owner):
            raise NoSuchSweep(id)
        waits_for, led = self._instance.trials.waits_for(found), bool(self._instance.settings.ray_address)
        return replace(found, waits_for=waits_for, led=led)

    @noted("sweep.stop")
    def stop_sweep(self, id: str) -> None:
        """Begins no further trial, and stops those under way. A sweep that is over is left as it is."""
        self._sweeps.stop(self.sweep_of(id).id)

    @noted("sweep.resume")
    def resume_sweep(self, id: str) -> None:
        """Goes on with a stopped sweep, and with the trials that were stopped with it, from their last checkpoints."""
        found = self.sweep_of(id)
        if found.state != "stopped":
            raise WorkbenchError(f"{found.name} cannot be resumed: it is {found.state}")
        self._sweeps.resume(found)
        self._instance.trials.advance()

    @noted("sweep.delete")
    def delete_sweep(self, id: str) -> None:
        """Removes a sweep with its trials, their points and files. Raises WorkbenchError while one is running."""
        found = self.sweep_of(id)
        self._sweeps.stop(id)
        runs = [trial.run for trial in found.trials if trial.run]
        if any(run.state == "running" for run in runs):
            raise WorkbenchError(f"A trial of {found.name} is running: it was asked to stop; delete the sweep then")
        for run in runs:
            self._remove(run)
        self._sweeps.delete(id)

    @property
    def _sweeps(self) -> Sweeps:
        from resnet_tf.runs.sweeps import Sweeps

        return Sweeps(self._store.database)

    def _base(
        self, spec: Spec, dataset: str | DatasetCard, recipe: str | Recipe, image_size: int | None
    ) -> Base:  # fmt: skip
        chosen = recipe_named(recipe) if isinstance(recipe, str) else Recipe(**recipe.model_dump())
        return Base(spec, self._card(dataset), chosen, image_size)

    def _plan(self, base: Base, search: Search) -> Plan:
        """The plan, trials that are too large for this instance among those that cannot be."""
        return plan(base, search, self._refusal)

    def _refusal(self, spec: Spec, recipe: Recipe) -> str:
        """Why a training is too large for this instance; empty where it is not."""
        try:
            check_size(self.settings, Wish(self._owner, spec, recipe))
        except WorkbenchError as error:
            return str(error)
        return ""

    # --- designs

    @property
    def _designs(self) -> Designs:
        from resnet_tf.runs.designs import Designs

        return Designs(self._store.database)

    def designs(self) -> list[Design]:
        """This owner's saved designs, the last changed first."""
        return self._designs.saved(self.owner)

    def save_design(self, name: str, spec: Spec) -> None:
        """Saves a design under a name; what that was before is kept as a version."""
        self._designs.save(proper(name), parse_spec(spec.model_dump()), self._owner)

    def describe_design(self, name: str, *, tags: Sequence[str] | None = None, notes: str | None = None) -> None:
        """Gives a saved design other tags or notes."""
        self._designs.describe(name, self._owner, tags=tags, notes=notes)

    def versions(self, name: str) -> list[DesignVersion]:
        """What a saved design was at each save, the newest first. Raises NoSuchDesign."""
        return self._designs.versions(name, self._owner)

    def delete_design(self, name: str) -> KeptDesign | None:
        """Deletes a saved design with its versions; what was deleted, for `put_back`."""
        return self._designs.delete(name, self._owner)

    def put_back(self, kept: KeptDesign) -> None:
        """Takes the deletion of a design back."""
        self._designs.put_back(kept, self._owner)


def _seed(seed: int) -> int:
    if not 0 <= seed < 2**31:
        raise SpecError("seed", "a whole number from 0 to 2,147,483,647", seed, min(max(seed, 0), 2**31 - 1))
    return seed


@lru_cache(maxsize=256)
def _card_of(path: Path, _written: int) -> DatasetCard | None:
    """The card of added images as they were written then; None where they are damaged: there is nothing to train on."""
    from resnet_tf.learning.archives import card_of

    try:
        return card_of(path)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        log.warning("The added images in %s are damaged (%s): they are left out", path, error)
        return None


def _recognised(what: str, read: Callable[[], Recognised]) -> Recognised:
    from resnet_tf.design.recognition import Unrecognised

    try:
        return read()
    except Unrecognised as error:
        raise WorkbenchError(f"{what} holds no design: {error}") from error

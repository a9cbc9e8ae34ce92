"""All that a page may ask of runs. Loads no Keras, and no database before the first question."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from resnet_tf.design.spec import Spec, SpecError, nearest_word, parse_spec
from resnet_tf.learning import capacity, catalogue
from resnet_tf.learning.capacity import TrainingRefused, check_memory
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.formats import CARD, FORMATS, Format, check
from resnet_tf.learning.recipes import RECIPES, Recipe
from resnet_tf.learning.recipes import recipe as recipe_named
from resnet_tf.runs.executor import WORKER, Executor
from resnet_tf.runs.failures import WorkbenchError, disk_sentence
from resnet_tf.runs.home import Home, is_free
from resnet_tf.runs.records import STALE, Artifact, Design, Run, StoredEvent, Task, WorkerState, WorkerStatus

if TYPE_CHECKING:
    from resnet_tf.runs.store import Store

LONGEST_NAME = 120
USUAL_START = 20.0  # seconds, until this machine's own starts are known


class Workbench:
    """Runs, designs and the worker, for the pages of one server; safe in threads.

    `home` is a folder (`RESNET_TF_HOME` or the user's data folder by default), `database_url` any that SQLAlchemy knows
    (`DATABASE_URL`, or a SQLite file in the home). `worker` is the command that starts a worker. Every method raises
    WorkbenchError, with a sentence for people, where the disk or the database cannot be used; SpecError where a design,
    a recipe or a dataset's name cannot.
    """

    def __init__(
        self, home: str | os.PathLike[str] | None = None, database_url: str | None = None, *,
        worker: Sequence[str] = WORKER,
    ) -> None:  # fmt: skip
        self.home = Home.at(home)
        self._url = database_url or os.environ.get("DATABASE_URL") or f"sqlite:///{self.home.database}"
        self._place = (str(self.home.folder), socket.gethostname())
        self._executor = Executor(self.home, self._url, worker, lambda cause: self._store.bury(*self._place, cause))
        self._opening = threading.Lock()

    @cached_property
    def _opened(self) -> Store:
        from resnet_tf.runs.store import Store

        self.home.make()
        return Store(self._url)

    @property
    def _store(self) -> Store:
        with self._opening:
            return self._opened

    def start(self) -> None:
        """Starts or adopts the warm worker, in the background; returns at once."""
        self._executor.start()

    def close(self) -> None:
        """Lets go of the worker: it ends by itself once nothing is queued and no other server is up."""
        self._executor.close()

    def worker(self) -> WorkerStatus:
        """The worker as it is now."""
        rows = self._store.workers(*self._place)
        starts = [row.warm - row.started for row in rows if row.warm]
        usual = median(starts) if starts else USUAL_START
        alive = rows and rows[0].ended is None and time.time() - rows[0].heartbeat < STALE
        if not alive or is_free(self.home.worker_lock):
            trouble = self._executor.trouble
            why = (rows[0].error if rows and trouble else None) or trouble
            absent: WorkerState = "starting" if self._executor.starting else "down"
            return WorkerStatus(absent, why=why, since=self._executor.since, usual_seconds=usual)
        row = rows[0]
        if row.warm is None:
            return WorkerStatus("starting", since=row.started, usual_seconds=usual)
        present: WorkerState = "busy" if self._store.busy(row.id) else "warm"
        return WorkerStatus(present, row.device, row.why, row.warm, usual)

    # --- what there is to choose from

    def datasets(self) -> list[DatasetCard]:
        """What there is to train on: the datasets that are always there, then added images, newest first."""
        kept = sorted(self.home.uploads.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
        return [*catalogue.DATASETS.values(), *(_card_of(path) for path in kept)]

    def add_images(self, name: str, data: bytes | str | os.PathLike[str]) -> DatasetCard:
        """The card of somebody's own images, checked and kept: the bytes of a zip or npz, or the path of a folder."""
        from resnet_tf.learning import archives

        try:
            return archives.keep(archives.read(data), _title(name), self.home.make(self.home.uploads))
        except archives.ArchiveError as error:
            raise WorkbenchError(str(error)) from error
        except OSError as error:
            raise WorkbenchError(disk_sentence(error, f"The images of {name!r}")) from error

    def recipes(self) -> list[Recipe]:
        return list(RECIPES.values())

    def computes_bfloat16(self) -> bool:
        """Whether training in half precision is faster here than in float32."""
        return capacity.computes_bfloat16()

    def formats(self) -> list[Format]:
        """What a network can be taken away as; the last is the model card, which every export has."""
        return [*FORMATS.values(), CARD]

    def fit(self, spec: Spec, dataset: str | DatasetCard, image_size: int | None = None) -> tuple[Spec, str]:
        """The design as `train` trains it on a dataset, and one sentence on what was changed (empty if nothing)."""
        fitted = catalogue.fit(spec, self._card(dataset), image_size)
        return fitted, catalogue.what_changed(spec, fitted)

    def _card(self, dataset: str | DatasetCard) -> DatasetCard:
        if isinstance(dataset, DatasetCard):
            return dataset
        cards = {card.name: card for card in self.datasets()}
        if dataset not in cards:
            raise SpecError("dataset", "a known name", dataset, nearest_word(dataset, list(cards)))
        return cards[dataset]

    # --- runs

    def train(
        self, spec: Spec, dataset: str | DatasetCard, recipe: str | Recipe, seed: int = 0, *, name: str,
        owner: str = "local", image_size: int | None = None,
    ) -> str:  # fmt: skip
        """The id of a new run, queued: the design, fitted to the dataset (see `fit`), trained with a recipe and a seed.

        Raises WorkbenchError where the memory of this machine is too small for it, with the nearest that fits.
        """
        card = self._card(dataset)
        chosen = recipe_named(recipe) if isinstance(recipe, str) else Recipe(**recipe.model_dump())
        fitted, _ = self.fit(spec, card, image_size)
        try:
            check_memory(fitted, chosen)
        except TrainingRefused as error:
            raise WorkbenchError(str(error)) from error
        return self._store.add_run("train", _title(name), fitted, owner, dataset=card, recipe=chosen, seed=_seed(seed))

    def export(
        self, spec: Spec, formats: Sequence[str], *, run: str | None = None, name: str, owner: str = "local"
    ) -> str:
        """The id of a new run that writes the formats: of a trained run, or of fresh weights.

        Raises WorkbenchError without a format, SpecError for one that does not exist.
        """
        if run is not None:
            spec = self.run(run).spec
        options = {"formats": list(dict.fromkeys(formats)), "source": run}
        if not options["formats"]:
            raise WorkbenchError("Choose at least one format to export")
        check(options["formats"])
        return self._store.add_run("export", _title(name), spec, owner, options=options)

    def run(self, id: str) -> Run:
        return self._store.run(id)

    def runs(self, task: Task | None = "train", owner: str | None = None) -> list[Run]:
        """Runs of a task (None for all), newest first."""
        return self._store.runs(task, owner)

    def stop(self, id: str) -> None:
        """Asks a run to stop; it does within two seconds. One that is over is left as it is."""
        self._store.request_stop(id)

    def resume(self, id: str) -> None:
        """Queues a run again: it goes on from its last checkpoint."""
        run = self.run(id)
        if not run.resumable:
            reasons = {
                "diverged": "it would diverge again: change what its advice says and start a new one",
                "finished": "it has finished: start a new one with more epochs",
            }
            raise WorkbenchError(f"{run.name} cannot be resumed: {reasons.get(run.state, f'it is {run.state}')}")
        self._store.resume(run)

    def delete(self, id: str) -> None:
        """Removes a run with its points and its files. Raises WorkbenchError while it is running."""
        run = self.run(id)
        if run.state == "running":
            raise WorkbenchError(f"{run.name} is running: stop it first")
        self._store.delete_run(id)
        for folder in (self.home.checkpoints(id), self.home.artifacts(id)):
            try:
                shutil.rmtree(folder)
            except FileNotFoundError:
                continue  # it never had any
            except OSError as error:
                raise WorkbenchError(f"{folder} could not be deleted ({error.strerror}): delete it by hand") from error

    def events(self, id: str, kinds: Sequence[str] = ("step",), after: int = 0, most: int = 2000) -> list[StoredEvent]:
        """Events of a run by step, those with a `seq` above `after`; evenly thinned where they are more than `most`."""
        return self._store.events(id, kinds, after, most)

    def evaluation(self, id: str) -> dict[str, Any] | None:
        """What a finished run gets right and wrong (see `learning/evaluate.py`); None before."""
        found = self._store.events(id, ("evaluation",))
        return found[-1].values if found else None

    def artifacts(self, id: str) -> list[Artifact]:
        return self._store.artifacts(id)

    # --- designs

    def designs(self, owner: str | None = None) -> list[Design]:
        """Saved designs, the last changed first."""
        return self._store.designs(owner)

    def save_design(self, name: str, spec: Spec, owner: str = "local") -> None:
        """Saves a design under a name; one of that name is replaced."""
        self._store.save_design(_title(name), parse_spec(spec.model_dump()), owner)

    def delete_design(self, name: str, owner: str = "local") -> None:
        self._store.delete_design(name, owner)


def _title(name: str) -> str:
    """A name that is one. Raises WorkbenchError for an empty or overlong one."""
    name = " ".join(name.split())
    if not name:
        raise WorkbenchError("The name must not be empty")
    if len(name) > LONGEST_NAME:
        raise WorkbenchError(f"The name must be at most {LONGEST_NAME} characters long (got {len(name)})")
    return name


def _seed(seed: int) -> int:
    if not 0 <= seed < 2**31:
        raise SpecError("seed", "a whole number from 0 to 2,147,483,647", seed, min(max(seed, 0), 2**31 - 1))
    return seed


@lru_cache(maxsize=256)
def _card_of(path: Path) -> DatasetCard:
    from resnet_tf.learning.archives import card_of

    try:
        return card_of(path)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise WorkbenchError(f"The added images in {path} are damaged ({error}): delete that file") from error

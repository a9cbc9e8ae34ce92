"""The files of runs: checkpoints and exports, each in its run's folder, and added images, each in its owner's.

All are written here first, in the home. Where an object store is named everybody finds them there, and what lies here
is what has not been sent yet, or a copy.
"""

from __future__ import annotations

import logging
import re
import shutil
import threading
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.runs import logs
from resnet_tf.runs.checkpoints import Checkpoints, Retention, sizes
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.home import KINDS, Home
from resnet_tf.runs.porter import Porter
from resnet_tf.runs.settings import Settings

if TYPE_CHECKING:
    from resnet_tf.runs.objects import Objects, Shelf

log = logging.getLogger(__name__)
_IMAGES = re.compile(r"uploads/([0-9a-f]{32}/)?images-[0-9a-f]{16}\.npz$")


class Files:
    """The files of all runs, kept as an instance's settings say; safe in threads."""

    def __init__(self, home: Home, chosen: Settings) -> None:
        self.home, self._settings = home, chosen
        most = chosen.limit("checkpoints_mb")
        self._retention = Retention(chosen.checkpoints, None if most is None else most * 10**6)
        self.porter = Porter()
        self._sought: set[str] = set()  # the owners whose uploads have been asked for

    @cached_property
    def objects(self) -> Objects | None:
        """The object store; None where none is named. Raises WorkbenchError for one that cannot be."""
        if not self._settings.artifact_url:
            return None
        from resnet_tf.runs.objects import Objects

        return Objects(self._settings.artifact_url, self._settings.artifact_links)

    def _shelf(self, folder: Path) -> Shelf | None:
        """The place of a folder of the home in the object store."""
        return self.objects and self.objects.shelf(folder.relative_to(self.home.folder).as_posix())

    # --- a run's

    def checkpoints(self, run: str) -> Checkpoints:
        folder = self.home.checkpoints(run)
        return Checkpoints(folder, self._retention, self._shelf(folder))

    def send_soon(self, run: str, checkpoints: Checkpoints) -> None:
        """Has the checkpoints sent to the object store in the background; `porter` tells how that went."""
        if self.objects is not None:
            self.porter.ask(run, checkpoints)

    def send_artifact(self, run: str, name: str) -> None:
        """Sends a file of an export to the object store. Raises FilesUnavailable: then it stays, to be sent later."""
        folder = self.home.artifacts(run)
        if shelf := self._shelf(folder):
            shelf.put(folder / name)

    def artifact(self, run: str, name: str, size: int) -> Path:
        """Where a file of an export lies here, fetched if need be.

        Raises FilesUnavailable while the object store does not answer, WorkbenchError for a file that is gone.
        """
        path = self.home.artifacts(run) / name
        if not self.is_here(path, size):
            raise WorkbenchError(f"{name} is no longer there: export it again")
        return path

    def link(self, run: str, name: str) -> str | None:
        """An address at which a browser finds a file of an export for some hours; None where the page must send it."""
        shelf = self._shelf(self.home.artifacts(run))
        return shelf and shelf.link(name)

    def send(self, run: str) -> None:
        """Sends whatever of a run lies here alone. Raises FilesUnavailable."""
        self.checkpoints(run).send()
        folder = self.home.artifacts(run)
        if shelf := self._shelf(folder):
            here, there = sizes(folder), shelf.sizes()
            for name in sorted(here):
                if there.get(name) != here[name] and not name.startswith("."):
                    shelf.put(folder / name)

    def copies(self) -> list[Path]:
        """The files of runs that lie here and in the object store. Raises FilesUnavailable."""
        if self.objects is None:
            return []
        found = {kind: self.objects.found(kind) for kind in KINDS}
        paths = ((self.home.folder / kind / name, one.size) for kind in KINDS for name, one in found[kind].items())
        return [path for path, size in paths if path.is_file() and path.stat().st_size == size]

    def forget(self, run: str) -> None:
        """Removes all files of a run. Raises OSError for a folder that cannot be removed, FilesUnavailable."""
        self.forget_here(run)
        self.forget_there(run)

    def forget_here(self, run: str) -> None:
        for folder in (self.home.checkpoints(run), self.home.artifacts(run)):
            if folder.exists():
                shutil.rmtree(folder)

    def forget_there(self, run: str) -> None:
        for folder in (self.home.checkpoints(run), self.home.artifacts(run)):
            if shelf := self._shelf(folder):
                shelf.remove(shelf.sizes())

    # --- an owner's

    def send_upload(self, path: Path) -> None:
        """Sends a file that an owner added to the object store. Raises FilesUnavailable: then it is sent later."""
        if shelf := self._shelf(path.parent):
            shelf.put(path)

    def seek_uploads(self, owner: str) -> None:
        """Has what an owner added by another machine come here, in the background and once."""
        if self._settings.artifact_url and owner not in self._sought:
            self._sought.add(owner)
            threading.Thread(target=self._fetch_uploads, args=(owner,), name="seeker", daemon=True).start()

    def _fetch_uploads(self, owner: str) -> None:
        folder = self.home.uploads(owner)
        try:
            for name in self._shelf(folder).sizes():
                if "/" not in name:  # of who is alone here: the others' folders lie in his
                    self.is_here(folder / name)
        except (WorkbenchError, OSError) as error:
            log.warning("What %s added was not found: %s", logs.digest(owner), error, extra=logs.of("files.trouble"))
            self._sought.discard(owner)

    def with_images(self, card: DatasetCard) -> DatasetCard:
        """The card with its images where they lie here, fetched if need be: another machine may have taken them.

        Images that are nowhere are left to who loads them. Raises FilesUnavailable.
        """
        if card.path is None or Path(card.path).exists():
            return card
        named = _IMAGES.search(card.path)
        path = self.home.folder / named[0] if named else None
        return replace(card, path=str(path)) if path and self.is_here(path) else card

    # --- either's

    def is_here(self, path: Path, size: int | None = None) -> bool:
        """Whether a file lies here, of a size if one is said, fetched if need be. Raises FilesUnavailable."""
        if path.exists() and size in (None, path.stat().st_size):
            if self.objects is not None:
                path.touch()  # of copies the one goes first that nobody has needed for longest
            return True
        shelf = self._shelf(path.parent)
        return shelf is not None and shelf.fetch(path, size)

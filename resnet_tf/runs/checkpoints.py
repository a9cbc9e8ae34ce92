"""A run's checkpoints: written whole, hashed, then moved; the newest few are kept, and a damaged one is passed over.

Where there is an object store they are sent there too, and read from there by whoever has none of his own.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from resnet_tf.runs.failures import FilesUnavailable

if TYPE_CHECKING:
    from resnet_tf.runs.objects import Shelf

UNFINISHED = "unfinished"  # what a file's name holds until it is whole
_WRITTEN = f"{UNFINISHED}.npz"  # and what that of one being written does, whoever writes it
T = TypeVar("T")
_NAME = re.compile(r"\d{12,}-[0-9a-f]{16}\.npz")


@dataclass(frozen=True)
class Retention:
    """How many checkpoints are kept of a run, and how many bytes these may take together; the newest always is."""

    count: int = 2
    bytes: int | None = None

    def surplus(self, sizes: Mapping[str, int]) -> list[str]:
        """Of checkpoints' names and bytes the names that are not kept."""
        newest_first, taken = sorted(sizes, reverse=True), 0
        for place, name in enumerate(newest_first):
            taken += sizes[name]
            if place and (place >= self.count or (self.bytes is not None and taken > self.bytes)):
                return newest_first[place:]
        return []


class Checkpoints:
    """The checkpoints in a folder. A file's name holds its step and the start of its SHA-256: one move writes both."""

    def __init__(self, folder: Path, retention: Retention | None = None, shelf: Shelf | None = None) -> None:
        """`shelf` is their place in an object store."""
        self._folder, self._retention, self._shelf = folder, retention or Retention(), shelf
        self._damaged: set[str] = set()  # that were passed over: they are not among those that count

    @property
    def bytes(self) -> int:
        """What they take on this disk."""
        return sum(self._sizes().values())

    def keep(self, step: int, save: Callable[[Path], None]) -> None:
        """Has `save` write a file, and drops those that are too many then.

        Raises OSError, and leaves the earlier ones alone, where it cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._drop_unfinished()
        unfinished = self._folder / _WRITTEN
        try:
            save(unfinished)
            with unfinished.open("rb") as file:
                os.fsync(file.fileno())
            name = f"{step:012d}-{_digest(unfinished)}.npz"
            unfinished.replace(self._folder / name)
        except OSError:
            self._drop_unfinished()  # a disk that is full is so no longer
            raise
        _sync(self._folder)
        self._damaged.discard(name)  # a step that is done again may give what it gave before
        self._drop(self._damaged)
        self._drop(self._retention.surplus(self._sizes()))

    def newest(self, load: Callable[[Path], T], known: int | None = None) -> T | None:
        """The newest whole checkpoint as `load` reads it; None where there is none.

        `known` is the last step that the records have, where steps are told on from there: a later checkpoint would
        leave a gap, so that it is taken only where no earlier one is whole, and then the one with the smallest gap.
        Raises FilesUnavailable where there may be one in an object store that does not answer, and none here.
        """
        there, trouble = self._there()
        names = sorted({*self._sizes(), *there})
        beyond = [name for name in names if known is not None and _step(name) > known]
        for name in [*reversed(names[: len(names) - len(beyond)]), *beyond]:
            try:
                path = self._folder / name
                if _is_whole(path) or (name in there and self._shelf.fetch(path, there[name], _is_whole)):
                    return load(path)
                self._damaged.add(name)
            except FilesUnavailable as error:
                trouble = error
        if trouble is not None:
            raise trouble
        return None

    def send(self) -> None:
        """Has the object store hold what is kept here and no more; raises FilesUnavailable."""
        if self._shelf is None:
            return
        here, there = self._sizes(), _named(self._shelf.sizes())
        whole = {name: size for name, size in {**there, **here}.items() if name not in self._damaged}
        surplus = {*self._retention.surplus(whole), *self._damaged}
        for name in sorted(here.keys() - surplus, reverse=True):
            if there.get(name) != here[name] and _is_whole(self._folder / name):
                self._put(name)
        self._shelf.remove(surplus & there.keys())

    def _put(self, name: str) -> None:
        try:
            self._shelf.put(self._folder / name)
        except FilesUnavailable:
            if (self._folder / name).exists():  # else a newer one has taken its place meanwhile
                raise

    def _there(self) -> tuple[dict[str, int], FilesUnavailable | None]:
        """The bytes of each in the object store, or why it does not say."""
        if self._shelf is None:
            return {}, None
        try:
            return _named(self._shelf.sizes()), None
        except FilesUnavailable as error:
            return {}, error

    def _sizes(self) -> dict[str, int]:
        """The bytes of each, by its name."""
        return _named(sizes(self._folder))

    def _drop(self, names: Iterable[str]) -> None:
        for name in names:
            (self._folder / name).unlink(missing_ok=True)

    def _drop_unfinished(self) -> None:
        """Removes what a writer left that was killed or met a full disk."""
        self._drop([name for name in sizes(self._folder) if _WRITTEN in name])


def _step(name: str) -> int:
    return int(name.partition("-")[0])


def sizes(folder: Path) -> dict[str, int]:
    """The bytes of each file in a folder, by its name; none where there is no folder."""
    found = {}
    with suppress(FileNotFoundError):  # of a folder that nobody has made yet
        for name in os.listdir(folder):
            with suppress(FileNotFoundError):  # of a file that its owner has removed since
                found[name] = (folder / name).stat().st_size
    return found


def _named(found: Mapping[str, int]) -> dict[str, int]:
    """Of files those that are checkpoints."""
    return {name: size for name, size in found.items() if _NAME.fullmatch(name)}


def _is_whole(path: Path, name: str | None = None) -> bool:
    """Whether a file is there and what its name says."""
    return path.exists() and (name or path.name).endswith(f"-{_digest(path)}.npz")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _sync(folder: Path) -> None:
    """Makes a move in the folder outlast a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

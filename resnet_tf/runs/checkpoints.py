"""A run's checkpoints on disk: written whole, then moved; the last two are kept, and a damaged one is passed over."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

KEPT = 2
T = TypeVar("T")


class Checkpoints:
    """The checkpoints in a folder. A file's name holds its step and the start of its SHA-256: one move writes both."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, step: int, save: Callable[[Path], None]) -> None:
        """Has `save` write a file, and drops all but the last two. Raises OSError and leaves the earlier ones alone."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / "unfinished.npz"
        try:
            save(unfinished)
            with unfinished.open("rb") as file:
                os.fsync(file.fileno())
            unfinished.replace(self._folder / f"{step:012d}-{_digest(unfinished)}.npz")
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        _sync(self._folder)
        for old in self._newest_first()[KEPT:]:
            old.unlink()

    def newest(self, load: Callable[[Path], T]) -> T | None:
        """The newest whole checkpoint as `load` reads it; None where there is none."""
        return next((load(path) for path in self._newest_first() if path.stem.endswith(_digest(path))), None)

    def _newest_first(self) -> list[Path]:
        return sorted(self._folder.glob("*-*.npz"), reverse=True)


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

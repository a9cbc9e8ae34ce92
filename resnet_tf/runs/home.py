"""The folder in which a workbench keeps everything: every path in it has its name here."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from resnet_tf.runs.failures import NoSuchRun, WorkbenchError, disk_sentence

KINDS = ("checkpoints", "artifacts")  # the folders with a folder for each run
LOCAL = "local"  # the owner of everything where visitors are not told apart


@dataclass(frozen=True)
class Home:
    """A folder, `RESNET_TF_HOME` or the user's data folder by default."""

    folder: Path

    @classmethod
    def at(cls, folder: str | os.PathLike[str] | None = None) -> Home:
        """The home at a folder, or the usual one."""
        named = folder or os.environ.get("RESNET_TF_HOME")
        return cls(Path(named).expanduser().absolute() if named else user_data_path("resnet_tf", appauthor=False))

    @property
    def database(self) -> Path:
        return self.folder / "workbench.db"

    @property
    def worker_lock(self) -> Path:
        return self.folder / "worker.lock"  # held by the worker as long as it lives

    @property
    def servers_lock(self) -> Path:
        return self.folder / "servers.lock"  # shared by every server that is up

    @property
    def tidy_lock(self) -> Path:
        return self.folder / "tidy.lock"  # held by who tidies up

    @property
    def log(self) -> Path:
        return self.folder / "worker.log"

    @property
    def mirror_lock(self) -> Path:
        return self.folder / "mirror.lock"  # held by the mirror as long as it lives

    @property
    def mirror_log(self) -> Path:
        return self.folder / "mirror.log"

    @property
    def foreman_lock(self) -> Path:
        return self.folder / "foreman.lock"  # held by the foreman as long as it lives

    @property
    def foreman_log(self) -> Path:
        return self.folder / "foreman.log"

    @property
    def compiled(self) -> Path:
        return self.folder / "compiled"  # what JAX keeps

    def uploads(self, owner: str) -> Path:
        """The images and weights that an owner added; the owner's name is somebody's own and makes no path."""
        folder = self.folder / "uploads"
        return folder if owner == LOCAL else folder / hashlib.sha256(owner.encode()).hexdigest()[:32]

    def added(self) -> list[Path]:
        """Every file that any owner added."""
        uploads = self.folder / "uploads"
        return sorted(path for ours in ("[!.]*.*", "[!.]*/[!.]*.*") for path in uploads.glob(ours) if path.is_file())

    def adopt(self, guest: str, user: str) -> None:
        """Gives a user what he added as a guest. It stays where it was, too: runs know it by its path."""
        added = sorted(self.uploads(guest).glob("[!.]*"))  # without what is not yet written whole
        theirs = self.make(self.uploads(user)) if added else None
        for path in added:
            with suppress(FileExistsError):  # adopted before
                os.link(path, theirs / path.name)

    def checkpoints(self, run: str) -> Path:
        return self.folder / "checkpoints" / _plain(run)

    def artifacts(self, run: str) -> Path:
        return self.folder / "artifacts" / _plain(run)

    def make(self, folder: Path | None = None) -> Path:
        """The folder (the home itself by default), made if need be. Raises WorkbenchError where it cannot be."""
        folder = folder or self.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkbenchError(disk_sentence(error, f"The folder {folder}")) from error
        return folder


def _plain(run: str) -> str:
    """A run's id, which makes a folder's name and no path. Raises NoSuchRun for what cannot be one."""
    if not re.fullmatch(r"[\w-]{1,64}", run, re.ASCII):
        raise NoSuchRun(run)
    return run


class Lock:
    """A lock on a file that the kernel releases when its holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        return self._descriptor is not None

    def acquire(self, *, shared: bool = False, wait: bool = False) -> bool:
        """Whether the lock is now held. Raises WorkbenchError where its file cannot be made."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise WorkbenchError(disk_sentence(error, str(self._path))) from error
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock on a file."""
    lock = Lock(path)
    free = lock.acquire()
    lock.release()
    return free

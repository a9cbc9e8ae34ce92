"""The object store of an instance (`ARTIFACT_URL`), or a folder that its machines share; fsspec is loaded here only."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from resnet_tf.runs.checkpoints import UNFINISHED
from resnet_tf.runs.failures import FilesUnavailable, WorkbenchError
from resnet_tf.runs.kinds import COMING, KINDS

LINKED = 6 * 3600  # seconds that a browser may use a link
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)  # of this machine's disk, whatever the store does


class Found(NamedTuple):
    """A file in the store."""

    size: int
    changed: float  # unix seconds


class Objects:
    """Files by their names (`folder/file`); safe in threads.

    Every method raises FilesUnavailable where the store does not do it, OSError for what this machine's disk does not.
    """

    def __init__(self, url: str, links: str = "") -> None:
        """`links` is where browsers reach the store. Raises WorkbenchError for a URL of no known kind."""
        self.url = url.rstrip("/") if "://" in url else f"file://{Path(url).absolute()}"
        scheme = self.url.partition("://")[0]
        if scheme not in KINDS:
            why = "what is in memory is no other process's" if scheme == "memory" else f"got {url!r}"
            raise WorkbenchError(f"ARTIFACT_URL must be s3://bucket/folder or a folder that all machines see: {why}")
        self._kind, self._links = KINDS[scheme], links
        self._files, self._root = self._opened()
        self._errors = self._kind.errors()

    def _opened(self, **more: Any) -> tuple[Any, str]:
        try:
            from fsspec.core import url_to_fs

            return url_to_fs(self.url, skip_instance_cache=True, **self._kind.options(), **more)
        except ImportError as error:
            raise WorkbenchError(f"ARTIFACT_URL={self.url} needs {error.name}: pip install 'resnet_tf[s3]'") from error
        except ValueError as error:
            raise WorkbenchError(f"ARTIFACT_URL={self.url} cannot be used: {error}") from error

    def found(self, folder: str) -> dict[str, Found]:
        """Every file below a folder, by its path from there."""
        above = f"{self._root}/{folder}/"
        with self._spoken():
            listed = self._files.find(above, detail=True)
        return {
            path.removeprefix(above): Found(facts["size"], self._kind.changed(facts))
            for path, facts in listed.items()
            if path.startswith(above) and not path.endswith(COMING)
        }

    def put(self, path: Path, name: str) -> None:
        """Sends a file; under its name it is whole, or not there."""
        target = f"{self._root}/{name}"
        with self._spoken():
            if self._kind.moves:
                self._files.put_file(str(path), target + COMING)
                self._files.mv(target + COMING, target)
            else:
                self._files.put_file(str(path), target, **self._kind.parts)

    def get(self, name: str, path: Path) -> bool:
        """Whether the file was there; it is written to a path."""
        with self._spoken():
            try:
                self._files.get_file(f"{self._root}/{name}", str(path), **self._kind.parts)
            except FileNotFoundError:
                return False
        return True

    def remove(self, names: Iterable[str]) -> None:
        """Removes files; one that is not there is no trouble."""
        with self._spoken():
            for name in names:
                try:
                    self._files.rm_file(f"{self._root}/{name}")
                except FileNotFoundError:
                    continue

    def link(self, name: str, called: str) -> str | None:
        """An address at which a browser downloads a file for some hours; None where there are no such links."""
        if not self._links or not self._kind.links:
            return None
        said = {
            "ResponseContentDisposition": f'attachment; filename="{called}"',
            "ResponseContentType": "application/octet-stream",
        }
        with self._spoken():
            return self._as_browsers_do.sign(f"{self._root}/{name}", expiration=LINKED, **said)

    @cached_property
    def _as_browsers_do(self) -> Any:
        """The store at the address at which browsers reach it; nothing is sent there."""
        return self._opened(endpoint_url=self._links)[0]

    def drop_unfinished(self, before: float) -> None:
        """Removes what senders left that were killed before a time (unix seconds)."""
        with self._spoken():
            for began, forget in list(self._kind.begun(self._files, self._root)):
                if began < before:
                    forget()

    def shelf(self, folder: str) -> Shelf:
        """One folder of it."""
        return Shelf(self, folder)

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise
            raise FilesUnavailable(self.url, _said(error)) from error
        except self._errors as error:
            raise FilesUnavailable(self.url, str(error)) from error


class Shelf(NamedTuple):
    """One folder of an object store; files have their names in it."""

    objects: Objects
    folder: str

    @property
    def url(self) -> str:
        return f"{self.objects.url}/{self.folder}"

    def sizes(self) -> dict[str, int]:
        """The bytes of every file, by its name."""
        return {name: found.size for name, found in self.objects.found(self.folder).items()}

    def put(self, path: Path) -> None:
        self.objects.put(path, f"{self.folder}/{path.name}")

    def fetch(
        self, path: Path, size: int | None = None, is_whole: Callable[[Path, str], bool] = lambda path, name: True
    ) -> bool:
        """Whether the file of a path's name was there and whole; it lies at the path then."""
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{UNFINISHED}-{os.getpid()}-{path.name}")
        try:
            if not self.objects.get(f"{self.folder}/{path.name}", unfinished):
                return False
            if size not in (None, unfinished.stat().st_size):
                raise FilesUnavailable(self.url, f"{path.name} came in part")
            if not is_whole(unfinished, path.name):
                return False
            unfinished.replace(path)
            return True
        finally:
            unfinished.unlink(missing_ok=True)

    def link(self, name: str) -> str | None:
        return self.objects.link(f"{self.folder}/{name}", name)

    def remove(self, names: Iterable[str]) -> None:
        self.objects.remove(f"{self.folder}/{name}" for name in names)


def _said(error: OSError) -> str:
    """What an error of fsspec means."""
    if isinstance(error, FileNotFoundError):
        return f"{error}: make the bucket or folder first"
    if isinstance(error, PermissionError):
        return f"{error}: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say who this is"
    return str(error)

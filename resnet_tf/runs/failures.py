"""What can go wrong between a page, its store and its disk, said to people."""

from __future__ import annotations

import errno


class WorkbenchError(RuntimeError):
    """Something that a person can mend; the message is a sentence that says what and how."""


class StoreUnavailable(WorkbenchError):
    """The records cannot be read or written just now: a full or read-only disk, a locked or vanished database.

    `remedy` is what a person can do about it, where that is known; `seconds` how long they have not answered.
    """

    def __init__(self, said: str, remedy: str = "", seconds: float = 0.0) -> None:
        super().__init__(said)
        self.remedy, self.seconds = remedy, seconds


class FilesUnavailable(WorkbenchError):
    """The object store cannot be read or written just now."""

    def __init__(self, url: str, said: str) -> None:
        super().__init__(f"The files at {url} cannot be reached ({said.rstrip('.')})")


class NoSuchSweep(WorkbenchError):
    """A sweep that is not there, or is another owner's."""

    def __init__(self, sweep: str) -> None:
        super().__init__(f"There is no sweep {sweep!r}: it may have been deleted")


class NoSuchRun(WorkbenchError):
    """A run that is not there, or not for this owner: which of the two is not said."""

    def __init__(self, run: str) -> None:
        super().__init__(f"There is no run {run!r}: it may have been deleted, or it is another visitor's")


class NoSuchDesign(WorkbenchError):
    """A saved design that is not there, or is another owner's."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no saved design {name!r}: it may have been deleted")


class ClaimLost(WorkbenchError):
    """A worker's run is no longer its own: it was deleted, or resumed elsewhere."""


# what a database says, in lower case -> what it means; the first that is found counts
_DATABASE = (
    ("disk is full", "the disk is full: free some space and try again"),
    ("no space left", "the disk is full: free some space and try again"),
    ("readonly", "they are read-only: make {place} writable, or name another folder in RESNET_TF_HOME"),
    ("read-only", "they are read-only: make {place} writable, or name another folder in RESNET_TF_HOME"),
    ("unable to open", "{place} cannot be opened: make it readable and writable, or name another in RESNET_TF_HOME"),
    ("locked", "another program has locked {place}: close it and try again"),
    ("disk i/o error", "the disk of {place} is full or failing: free some space and try again"),
    ("not a database", "{place} is not a database: move it away and restart to begin a new one"),
    ("malformed", "{place} is damaged: move it away and restart to begin a new one"),
    ("no such table", "{place} has been emptied: put it back, or restart to begin a new one"),
)
_DISK = {
    errno.ENOSPC: "the disk is full: free some space and try again",
    errno.EDQUOT: "your share of the disk is used up: free some space and try again",
    errno.EFBIG: "the file would be larger than this system allows",
    errno.EROFS: "the disk is read-only: make it writable, or name another folder in RESNET_TF_HOME",
    errno.EACCES: "the folder is read-only for this user: make it writable, or name another in RESNET_TF_HOME",
    errno.EPERM: "the folder is read-only for this user: make it writable, or name another in RESNET_TF_HOME",
    errno.EIO: "the disk does not answer",
}


def database_remedy(error: Exception, place: str) -> str:
    """What is wrong with a database and can be mended, with how; empty where it just does not answer."""
    said = str(error).lower()
    return next((text.format(place=place) for word, text in _DATABASE if word in said), "")


def database_sentence(error: Exception, place: str) -> str:
    """What a database's error means for a person; `place` is its file or address."""
    said = (str(error).splitlines() or [type(error).__name__])[0]
    meaning = database_remedy(error, place) or f"{place} does not answer ({said})"
    return f"The records cannot be used: {meaning}. What was written before is not lost."


def disk_sentence(error: OSError, what: str) -> str:
    """What an error of the disk means for a person; `what` could not be written or read."""
    reason = _DISK.get(error.errno or 0, f"{error.strerror or error}")
    return f"{what} could not be written: {reason}."

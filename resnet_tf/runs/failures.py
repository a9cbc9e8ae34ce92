"""What can go wrong between a page, its store and its disk, said to people."""

from __future__ import annotations

import errno


class WorkbenchError(RuntimeError):
    """Something that a person can mend; the message is a sentence that says what and how."""


class StoreUnavailable(WorkbenchError):
    """The records cannot be read or written just now: a full or read-only disk, a locked or vanished database."""


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


def database_sentence(error: Exception, place: str) -> str:
    """What a database's error means for a person; `place` is its file or address."""
    said = str(error).splitlines()[0]
    meaning = next((text for word, text in _DATABASE if word in said.lower()), f"{{place}} does not answer ({said})")
    return f"The records cannot be used: {meaning.format(place=place)}. What was written before is not lost."


def disk_sentence(error: OSError, what: str) -> str:
    """What an error of the disk means for a person; `what` could not be written or read."""
    reason = _DISK.get(error.errno or 0, f"{error.strerror or error}")
    return f"{what} could not be written: {reason}."

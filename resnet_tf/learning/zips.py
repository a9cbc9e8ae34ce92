"""A zip from a stranger: looked through before a byte of it is unpacked, and never unpacked to disk."""

from __future__ import annotations

import stat
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO

MOST_ENTRIES = 200_000
MOST_UNPACKED = 4_000_000_000  # bytes, all entries together
MOST_RATIO = 200  # unpacked to packed, for an entry of more than SMALL bytes: images hardly shrink
SMALL = 10_000_000
_MOST_DIRECTORY = 40_000_000  # bytes of the list of entries, which zipfile reads whole

_END, _ZIP64_LOCATOR = b"PK\x05\x06", b"PK\x06\x07"
_END_SIZE, _LOCATOR_SIZE, _MOST_COMMENT = 22, 20, 65_535


class ArchiveError(ValueError):
    """Images that are refused; the sentence says which, why, and what would do."""


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """The zip, once its list of entries has been found harmless. Raises ArchiveError otherwise."""
    _check_directory(file)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ArchiveError(f"The zip cannot be read: {error}") from None
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise ArchiveError(f"The zip has {len(entries):,} entries: at most {MOST_ENTRIES:,} are read")
    for entry in entries:
        _check_entry(entry)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_UNPACKED:
        raise ArchiveError(
            f"The zip would unpack to {unpacked / 1e9:,.1f} GB: at most {MOST_UNPACKED / 1e9:g} GB are read"
        )
    return archive


def _check_directory(file: BinaryIO) -> None:
    """Refuses a list of entries that would fill the memory merely by being listed."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_SIZE - _MOST_COMMENT - _LOCATOR_SIZE))
    tail = file.read()
    end = tail.rfind(_END)
    if end < 0 or len(tail) - end < _END_SIZE:
        raise ArchiveError("The zip is cut short: its list of entries, at the end, is missing")
    zip64 = tail[max(0, end - _LOCATOR_SIZE) :].startswith(_ZIP64_LOCATOR)
    if zip64 or int.from_bytes(tail[end + 12 : end + 16], "little") > _MOST_DIRECTORY:
        raise ArchiveError(f"The zip lists too many entries (zip64): at most {65_535:,} files and 4 GB are read")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
        raise ArchiveError(f"The zip is refused: entry {name!r} points outside of it")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveError(f"The zip is refused: entry {name!r} is a link or a device, not a file")
    if entry.flag_bits & 1:
        raise ArchiveError(f"The zip is refused: entry {name!r} is encrypted")
    if entry.file_size > SMALL and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
        ratio = entry.file_size // max(entry.compress_size, 1)
        raise ArchiveError(
            f"The zip is refused: entry {name!r} would grow {ratio:,} times when unpacked, as no image does "
            f"(at most {MOST_RATIO} times)"
        )

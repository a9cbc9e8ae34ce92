"""What who runs an instance does to its records by hand: `python -m resnet_tf.runs.upkeep`.

version           which migration the records have, and which this version of the package wants
to REVISION       brings them there, up or down; "head" is the newest. Stop pages and workers first
backup FOLDER     copies records and files into a new folder, which is a home from then on; nothing need be stopped
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from resnet_tf.runs.checkpoints import UNFINISHED
from resnet_tf.runs.database import HEAD, Database
from resnet_tf.runs.failures import WorkbenchError, disk_sentence
from resnet_tf.runs.home import Home
from resnet_tf.runs.settings import Settings, settings

FILES = ("checkpoints", "artifacts", "uploads")


def backup(home: Home, chosen: Settings, folder: Path) -> list[str]:
    """Copies all of an instance that lies in its home; what was copied. Raises WorkbenchError.

    The files come before the records, so that checkpoints are there that are no newer than these, and once more after
    them: a file is written before the records know of it, so that whatever the copy knows is there.
    A PostgreSQL or an object store is not in the home, and has a backup of its own.
    """
    if folder.exists() and any(folder.iterdir()):
        raise WorkbenchError(f"{folder} must be a new folder: it holds something already")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _copy_all_files(home, folder)
        copied = [] if chosen.database_url else [_copy_records(home.database, folder / home.database.name)]
        copied += _copy_all_files(home, folder)
    except OSError as error:
        raise WorkbenchError(disk_sentence(error, f"The copy in {folder}")) from error
    return copied


def _copy_records(source: Path, target: Path) -> str:
    """Copies a SQLite database as it is at one moment, while others write to it."""
    if not source.exists():
        raise WorkbenchError(f"There are no records to copy: {source} is not there")
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
    return target.name


def _copy_all_files(home: Home, folder: Path) -> list[str]:
    return [_copy_files(home.folder / name, folder / name) for name in FILES if (home.folder / name).exists()]


def _copy_files(source: Path, target: Path) -> str:
    """Copies a folder while others write to it: what is not whole yet is left out, what is replaced meanwhile too.

    What was copied before is copied again only where it has changed.
    """
    for path in source.rglob("*"):
        if path.is_file() and UNFINISHED not in path.name:
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            try:
                if not (copy.exists() and _as_it_was(path, copy)):
                    shutil.copy2(path, copy)
            except FileNotFoundError:
                continue  # a newer checkpoint took its place, or its run was deleted
    return source.name


def _as_it_was(path: Path, copy: Path) -> bool:
    now, then = path.stat(), copy.stat()
    return (now.st_size, now.st_mtime_ns) == (then.st_size, then.st_mtime_ns)


def main(words: list[str]) -> None:
    chosen, home = settings(), Home.at()
    match words:
        case ["version"]:
            there = Database(chosen.records(home)).version() or "no schema"
            print(f"The records have {there}, this version wants {HEAD}")
        case ["to", revision]:
            database = Database(chosen.records(home))
            database.move(revision)
            print(f"The records have {database.version() or 'no schema'}")
        case ["backup", folder]:
            print(f"Copied: {', '.join(backup(home, chosen, Path(folder)))}")
            for name in ("DATABASE_URL", "ARTIFACT_URL"):
                if os.environ.get(name):
                    print(f"Not copied: what {name} names has a backup of its own")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except WorkbenchError as error:
        sys.exit(str(error))

"""The kinds of object stores, a row each: how fsspec opens one, what it raises, and what only that kind can say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

PART = 8 * 2**20  # bytes: a file goes in such parts, two at a time, so that it need not fit the memory
COMING = ".unfinished"  # ends the name of a file that is not whole yet

Facts: TypeAlias = dict[str, Any]  # of a file, as fsspec lists it
Begun: TypeAlias = tuple[float, Callable[[], None]]  # when somebody began to send a file, and what forgets it


class Kind(NamedTuple):
    """One kind of store. `moves`: a file is there before it is whole, so that it gets its name afterwards."""

    options: Callable[[], dict[str, Any]]  # raises ImportError where what opens it is not installed
    errors: Callable[[], tuple[type[Exception], ...]]  # that it raises beside OSError
    moves: bool
    parts: dict[str, int]  # how a file is sent and fetched
    changed: Callable[[Facts], float]
    begun: Callable[[Any, str], Iterator[Begun]]
    links: bool  # browsers can be given signed links


def _s3() -> dict[str, Any]:
    from s3fs import S3FileSystem  # noqa: F401  (its absence is to be said here)

    waits = {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 1}}
    return {"use_listings_cache": False, "config_kwargs": {"signature_version": "s3v4", **waits}}


def _s3_errors() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


def _parts_sent(files: Any, root: str) -> Iterator[Begun]:
    """The uploads in parts that nobody has completed."""
    bucket, _, folder = root.partition("/")
    try:
        uploads = files.list_multipart_uploads(bucket)
    except FileNotFoundError:  # what rclone's server says until somebody sends in parts; without the bucket nothing is
        return
    for upload in uploads:
        if upload["Key"].startswith(f"{folder}/" if folder else ""):
            facts = (bucket, upload["Key"], upload["UploadId"])
            yield upload["Initiated"].timestamp(), lambda facts=facts: files.abort_mpu(*facts)


def _copies_begun(files: Any, root: str) -> Iterator[Begun]:
    for path, facts in files.find(root, detail=True).items():
        if path.endswith(COMING):
            yield facts["mtime"], lambda path=path: files.rm_file(path)


KINDS = {
    "s3": Kind(
        _s3, _s3_errors, False, {"chunksize": PART, "max_concurrency": 2},
        lambda facts: facts["LastModified"].timestamp(), _parts_sent, True,
    ),
    "file": Kind(
        lambda: {"auto_mkdir": True}, lambda: (), True, {}, lambda facts: facts["mtime"], _copies_begun, False
    ),
}  # fmt: skip

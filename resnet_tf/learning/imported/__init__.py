"""Networks of other libraries as designs: read as data from files of any of them, and never run. No Keras."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from resnet_tf.design.links import from_link
from resnet_tf.design.part import SpecError
from resnet_tf.design.presets import preset_of
from resnet_tf.design.recognition import Found, Recognised, Unrecognised, recognise
from resnet_tf.design.spec import MOST_JSON, parse_spec
from resnet_tf.learning import zips
from resnet_tf.learning.imported.keras_file import MOST_CONFIG, read_config
from resnet_tf.learning.imported.names import named
from resnet_tf.learning.imported.onnx_file import read_onnx
from resnet_tf.learning.imported.saved_model import read_saved_model

__all__ = ["KINDS", "MOST_FILE", "Recognised", "Unrecognised", "imported", "imported_file", "named"]

MOST_FILE = 2_000_000_000  # bytes: what an ONNX file may be
KINDS = (".keras", ".onnx", ".pb", ".json", ".zip")  # how files end that are read

_CONFIG, _GRAPH = "config.json", "saved_model.pb"

# what describes a network in a zip or a folder -> who reads it
_ENTRIES: dict[str, Callable[[bytes], Found]] = {_CONFIG: read_config, _GRAPH: read_saved_model}


def imported(text: str) -> Recognised:
    """The design that a path, a name in another library or a link means."""
    path = Path(text)
    try:
        there = path.exists()
    except (OSError, ValueError):  # a text too long or odd to be a path
        there = False
    if there:
        path = _described(path)
        return imported_file(path.name, _content(path))
    if "~" in text:
        return _ours(text, from_link)
    return named(text)


def _described(path: Path) -> Path:
    """The file itself, or what in a folder describes its network."""
    if not path.is_dir():
        return path
    inside = [path / name for name in _ENTRIES if (path / name).is_file()]
    if not inside:
        raise Unrecognised(f"the folder {path.name} holds no {' and no '.join(_ENTRIES)}")
    return inside[0]


def _content(path: Path) -> bytes:
    if (size := os.path.getsize(path)) > MOST_FILE:
        raise Unrecognised(f"it has {size:,} bytes: at most {MOST_FILE:,} are read")
    return path.read_bytes()


def imported_file(name: str, data: bytes) -> Recognised:
    """The design of the network in a file: what it is, its own bytes say, whatever it is called.

    Raises Unrecognised with a sentence for what is none, damaged, too large, or a network that no design describes.
    """
    if data[:4] == b"PK\x03\x04":
        return recognise(_zipped(data))
    if data[:8] == b"\x89HDF\r\n\x1a\n":
        raise Unrecognised("it is HDF5, as older Keras saved models: load it there and save it as .keras")
    if data.lstrip()[:1] in (b"{", b"["):
        return _json(data)
    if name.endswith(".pb"):
        return recognise(read_saved_model(data))
    if name.endswith(".onnx"):
        return recognise(read_onnx(data))
    raise Unrecognised(f"it is none of {', '.join(KINDS)}")


def _json(data: bytes) -> Recognised:
    """A design of ours, or the description of a Keras model, as `to_json` gives it."""
    if b'"class_name"' in data[:2_000] or len(data) > MOST_JSON:
        return recognise(read_config(data))
    return _ours(data, parse_spec)


def _ours(text: str | bytes, read: Callable[..., object]) -> Recognised:
    try:
        spec = read(text)
    except SpecError as error:
        raise Unrecognised(str(error)) from error
    return Recognised(spec, preset_of(spec), ())  # type: ignore[arg-type]


def _zipped(data: bytes) -> Found:
    """The network in a zip: a .keras or a SavedModel, as it is or in a folder."""
    try:
        archive = zips.open_zip(io.BytesIO(data))
        for entry in archive.infolist():
            if read := _ENTRIES.get(entry.filename.rpartition("/")[2]):
                return read(_entry(archive, entry, MOST_CONFIG))
    except (zips.ArchiveError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        raise Unrecognised(f"the zip cannot be read: {error}") from error
    raise Unrecognised(f"the zip holds no {' and no '.join(_ENTRIES)}, as a .keras file or a SavedModel does")


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    if entry.file_size > most:
        raise Unrecognised(f"its {entry.filename} takes {entry.file_size:,} bytes: at most {most:,} are read")
    with archive.open(entry) as file:
        return file.read(most + 1)

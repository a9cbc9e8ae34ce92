"""What a training may begin with: a run with a checkpoint, or a file of weights that was checked before it was kept."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePath

from resnet_tf.design.expand import expand
from resnet_tf.design.graph import Shape
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.records import Origin, Run

PREFIX, _SUFFIX = "weights-", ".safetensors"


def origin_of(source: Run | Path) -> Origin:
    """A run, or a file of weights that was kept, as what another begins with."""
    if isinstance(source, Path):
        return Origin(_title(source), weights=source.stem)
    return Origin(f"{source.name} on {source.dataset.title}", run=source.id)


def no_checkpoint(run: Run) -> str:
    """Why a run is nothing to begin with, as a sentence."""
    if run.task != "train":
        return f"{run.name} is no training: choose the run that was trained"
    if run.epochs:
        return f"{run.name} has no checkpoint any more: it has expired or was damaged; train it again"
    return f"{run.name} has no checkpoint yet: it has one after its first epoch"


def keep_weights(folder: Path, title: str, file: str, data: bytes | str | os.PathLike[str]) -> Origin:
    """Somebody's weights, checked and kept as .safetensors under their digest. `file` is what theirs is called.

    Raises WorkbenchError, with a sentence for people, for what is no file of weights; OSError from the disk.
    """
    from resnet_tf.learning.torch_files import UnsafeFile
    from resnet_tf.learning.weight_files import WeightsError

    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as own:
        theirs = Path(own) / f"theirs{PurePath(file).suffix.lower()}"
        if isinstance(data, bytes):
            theirs.write_bytes(data)
        try:
            content = _content(theirs if isinstance(data, bytes) else Path(data), title)
        except (WeightsError, UnsafeFile) as error:
            raise WorkbenchError(str(error).replace(theirs.name, PurePath(file).name)) from error
        unfinished = Path(own) / "kept"
        unfinished.write_bytes(content)
        path = folder / f"{PREFIX}{_digest(content)}{_SUFFIX}"
        unfinished.replace(path)
    return Origin(title, weights=path.stem)


def _content(path: Path, title: str) -> bytes:
    """The bytes of a .safetensors with the tensors of a stranger's file, numbers alone."""
    from safetensors.numpy import save

    from resnet_tf.learning.matching import plain_names
    from resnet_tf.learning.start import numbers
    from resnet_tf.learning.weight_files import OURS, WeightsError, is_ours, read

    found = plain_names(read(path))
    if not found:
        raise WeightsError(f"{path.name} holds no tensors", [], [], [])
    tensors = {name: numbers(array, name).copy(order="C") for name, array in found.items()}
    return save(tensors, {"title": title, **(OURS if path.suffix == _SUFFIX and is_ours(path) else {})})


def kept_weights(folder: Path) -> list[Path]:
    """The files of weights that were added, the newest first."""
    return sorted(folder.glob(f"{PREFIX}*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)


def weights_path(folder: Path, name: str) -> Path:
    """Where weights that were added lie, if they do."""
    return folder / f"{Path(name).name}{_SUFFIX}"


def weights_file(folder: Path, name: str) -> Path:
    """Where weights that were added lie. Raises WorkbenchError where they are gone or no longer what they were."""
    path = weights_path(folder, name)
    if not name.startswith(PREFIX) or not path.is_file():
        raise WorkbenchError(f"There are no weights {name!r}: they may have been deleted; add their file again")
    if name != f"{PREFIX}{_digest(path.read_bytes())}":
        raise WorkbenchError(f"The weights in {path} are damaged: delete that file and add yours again")
    return path


@lru_cache(maxsize=256)
def _title(path: Path) -> str:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            return (file.metadata() or {}).get("title", path.stem)
    except (SafetensorError, OSError) as error:
        raise WorkbenchError(f"The weights in {path} are damaged ({error}): delete that file") from error


@lru_cache(maxsize=256)
def shapes_of(source: Spec | Path) -> Mapping[str, Shape]:
    """The shapes of a design's weights by their paths, or of the tensors in a file that was kept: no number is read."""
    if isinstance(source, Path):
        from safetensors import safe_open

        with safe_open(source, "numpy") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    from resnet_tf.learning.matching import weights_of

    return {weight.path: weight.shape for weight in weights_of(expand(source))}


def fit(spec: Spec, card: DatasetCard, image_size: int | None, shapes: Mapping[str, Shape], title: str) -> Spec:
    """The design, fitted to a dataset, as it can begin with weights of these shapes. Raises WorkbenchError if not."""
    from resnet_tf.learning import start
    from resnet_tf.learning.weight_files import WeightsError

    try:
        return start.fit(spec, card, image_size, shapes)
    except WeightsError as error:
        raise WorkbenchError(f"{title} does not fit this design: {error}") from error


@lru_cache(maxsize=1024)
def fits(spec: Spec, card: DatasetCard, image_size: int | None, source: Spec | Path) -> bool:
    """Whether a design, fitted to a dataset, can begin with another's weights, or with a file's that was kept."""
    try:
        fit(spec, card, image_size, shapes_of(source), "")
    except (WorkbenchError, SpecError):
        return False
    return True


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]

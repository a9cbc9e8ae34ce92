"""An exported file that was opened to answer pictures, with what its card says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from resnet_tf.learning import card, reload
from resnet_tf.learning.evaluate import softmax
from resnet_tf.learning.formats import CARD
from resnet_tf.learning.pictures import pixels
from resnet_tf.learning.scaling import TRAINING, Scaling

# how a file is named -> the format that opens it
KINDS = {".keras": "keras", ".onnx": "onnx", ".tflite": "litert", ".zip": "savedmodel"}


class NotServable(ValueError):
    """A file that cannot be served; the sentence says why."""


@dataclass(frozen=True)
class Served:
    """A network that answers pictures. `class_names` are numbers where no card beside the file names them."""

    name: str
    format: str
    shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    scaling: Scaling
    takes_pixels: bool
    logits: Callable[[np.ndarray], np.ndarray]  # of a batch of what it takes

    def answer(self, data: bytes, most: int) -> list[dict[str, Any]]:
        """The likeliest classes of a picture. Raises what `pixels` raises, FloatingPointError for no number."""
        batch = pixels(data, self.shape)[None]
        logits = self.logits(batch if self.takes_pixels else self.scaling.apply(batch))
        if not np.isfinite(logits).all():
            raise FloatingPointError("The network's answer is not a number: its weights are broken")
        (probabilities,) = softmax(logits)
        likeliest = np.argsort(-probabilities, kind="stable")[:most]
        return [
            {"class": int(i), "name": self.class_names[i], "probability": float(probabilities[i])} for i in likeliest
        ]


def open_served(path: str | Path) -> Served:
    """An exported file, or the folder of a SavedModel, opened and tried once. Raises NotServable."""
    path = Path(path)
    kind = _kind(path)
    try:
        network = reload.OPENERS[kind](str(_newest(path)))
        shape = _checked(network.shape)
        logits = _logits_of(network)
        classes = logits(np.zeros((1, *shape), np.uint8 if network.takes_pixels else np.float32)).shape[1]
    except NotServable:
        raise
    except Exception as error:  # whatever a foreign loader raises is the answer
        raise NotServable(f"{path.name} could not be opened as {kind} ({type(error).__name__}: {error})") from error
    said = _card_of(path)
    names = tuple(said.get("class_names") or ())
    if len(names) != classes:
        names = tuple(str(i) for i in range(classes))
    way = Scaling(**{"about": "as the card says", **said["scaling"]}) if "scaling" in said else TRAINING
    return Served(said.get("name") or _stem(path), kind, shape, names, way, network.takes_pixels, logits)


def _kind(path: Path) -> str:
    if path.is_dir():
        return "savedmodel"
    if not path.is_file():
        raise NotServable(f"There is no file and no folder at {path}")
    if path.suffix not in KINDS:
        raise NotServable(f"{path.name} is none of {', '.join(KINDS)} and no folder: only those are served")
    return KINDS[path.suffix]


def _newest(path: Path) -> Path:
    """The file itself, or in a folder as TF Serving takes it the newest of its versions."""
    if not path.is_dir() or (path / "saved_model.pb").is_file():
        return path
    versions = [child for child in path.iterdir() if child.name.isdecimal() and (child / "saved_model.pb").is_file()]
    if not versions:
        raise NotServable(f"{path} holds no SavedModel: neither saved_model.pb nor folders of versions with one")
    return max(versions, key=lambda child: int(child.name))


def _checked(shape: tuple[int, ...]) -> tuple[int, int, int]:
    if len(shape) != 3 or shape[2] not in (1, 3) or not all(isinstance(n, int) and n > 0 for n in shape):
        raise NotServable(f"The network takes {shape}: pictures are (height, width, 1 or 3 channels)")
    return shape


def _logits_of(network: reload.Network) -> Callable[[np.ndarray], np.ndarray]:
    """The network's answer, of one output; beside logits there may be probabilities."""

    def logits(batch: np.ndarray) -> np.ndarray:
        found = network.answer(batch)
        values = found.get("logits", next(iter(found.values())))
        if values.ndim != 2:
            raise NotServable(f"The network gives {values.shape[1:]} for a picture: only classes are served")
        return values

    return logits


def _stem(path: Path) -> str:
    return path.name.partition(".")[0] if path.is_file() else path.name


def _card_of(path: Path) -> dict[str, Any]:
    """What the card beside the file says; nothing where there is none. Raises NotServable for a broken one."""
    beside = path.parent / f"{_stem(path)}{CARD.suffix}"
    if not beside.is_file():
        return {}
    try:
        return card.read(beside.read_text())
    except (ValueError, json.JSONDecodeError) as error:
        raise NotServable(f"{beside.name} is no model card ({error}): mend it or take it away") from error

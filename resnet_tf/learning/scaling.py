"""How pixels become what a network takes, one row per convention; no Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from resnet_tf.design.spec import SpecError, nearest_word


@dataclass(frozen=True)
class Scaling:
    """(pixel - mean) / deviation, of pixels 0 to 255: one number for all channels, or one for each."""

    name: str
    about: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    reversed: bool = False  # whether RGB is turned into BGR first

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """What the network takes, float32, of pixels (n, height, width, channels)."""
        ordered = pixels[..., ::-1] if self.reversed else pixels
        return (ordered.astype(np.float32) - np.float32(self.mean)) / np.float32(self.deviation)

    def expression(self, pixels: str = "pixels") -> str:
        """The same as a line of NumPy."""
        if self == TRAINING:
            return f"{pixels} / 127.5 - 1"
        ordered = f"{pixels}[..., ::-1]" if self.reversed else pixels
        return f"({ordered} - {list(self.mean)}) / {list(self.deviation)}"

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "mean": list(self.mean), "deviation": list(self.deviation), "reversed": self.reversed
        }  # fmt: skip


TRAINING = Scaling("training", "from -1 to 1", (127.5,), (127.5,))  # as `augment.scaled` has it
_ROWS = (
    TRAINING,
    Scaling(
        "imagenet", "ImageNet's mean and deviation per channel, as torchvision and timm have them",
        (123.675, 116.28, 103.53), (58.395, 57.12, 57.375),
    ),
    Scaling(
        "caffe", "BGR less ImageNet's mean, as keras.applications' ResNet V1 has it",
        (103.939, 116.779, 123.68), (1.0,), True,
    ),
)  # fmt: skip
SCALINGS: dict[str, Scaling] = {row.name: row for row in _ROWS}

# how each source's networks take pixels of three colours
_USUAL = {"timm": "imagenet", "torchvision": "imagenet", "keras": "caffe", "resnet_tf": "training"}


def usual(source: str, channels: int) -> str:
    """The row by which a source's networks take pixels of so many channels."""
    return _USUAL[source] if channels == 3 else TRAINING.name


def scaling(name: str, channels: int) -> Scaling:
    """A row by its name. Raises SpecError for an unknown one, and for one of three channels where there are others."""
    if name not in SCALINGS:
        raise SpecError("scaling", f"one of {', '.join(SCALINGS)}", name, nearest_word(name, list(SCALINGS)))
    row = SCALINGS[name]
    if len(row.mean) not in (1, channels):
        raise SpecError("scaling", f"'training' where images have {channels} channels", name, TRAINING.name)
    return row

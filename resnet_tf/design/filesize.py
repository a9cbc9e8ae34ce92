"""How large an exported file is, from counts alone: the weights, and what a format writes around each layer."""

from __future__ import annotations

from typing import NamedTuple

from resnet_tf.design.costs import Costs
from resnet_tf.design.spec import SpecError, nearest_word


class Around(NamedTuple):
    """Bytes of a format for each number that a network holds, and for each layer: measured on ResNets and a DenseNet.

    Within 3 % of what was written for networks of 270,000 to 12 million numbers. LiteRT's has its norms folded away,
    which is about as much as it writes around the rest.
    """

    number: int
    layer: int


FILES = {
    "keras": Around(4, 3_570), "savedmodel": Around(4, 2_070), "onnx": Around(4, 200), "timm": Around(4, 145),
    "torchvision": Around(4, 145), "litert": Around(4, 0), "litert_float16": Around(2, 90),
}  # fmt: skip


def file_bytes(costs: Costs, format: str) -> int:
    """Bytes of the file of a format, estimated. Raises SpecError for a format that is not in the table."""
    if format not in FILES:
        raise SpecError("format", f"one of {', '.join(FILES)}", format, nearest_word(format, list(FILES)))
    number, layer = FILES[format]
    return number * costs.parameters + layer * len(costs.layers)

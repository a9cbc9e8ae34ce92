"""Networks with published weights, by timm's names, from the Hugging Face hub."""

from __future__ import annotations

from typing import Any, NamedTuple

from resnet_tf.design.presets import preset
from resnet_tf.design.spec import Spec
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build
from resnet_tf.learning.published import Fetch, PretrainedUnavailable, published
from resnet_tf.learning.weights import Loaded, load_weights


class Pretrained(NamedTuple):
    """A network with its published weights, and how it wants its pixels: (x / 255 - mean) / std, per channel."""

    model: keras.Model
    spec: Spec
    loaded: Loaded
    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str


def load_pretrained(name: str, *, fetch: Fetch | None = None, **changes: Any) -> Pretrained:
    """A preset with the weights that timm publishes under this name, as "resnet50.a1_in1k".

    What stands before the dot is the preset; fields can be changed, as in `preset`: with other `classes` the head is
    new. Raises SpecError for an unknown preset and PretrainedUnavailable without network or huggingface_hub.
    """
    given = published(name, fetch)
    spec = preset(name.partition(".")[0], **{"classes": given.classes, **changes})
    model = build(spec, name="network")
    loaded = load_weights(model, given.weights, source="timm")
    return Pretrained(model, spec, loaded, given.mean, given.std, given.source)


__all__ = ["Pretrained", "PretrainedUnavailable", "load_pretrained"]

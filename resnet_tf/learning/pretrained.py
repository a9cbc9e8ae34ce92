"""Networks with published weights, by timm's names, from the Hugging Face hub."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from resnet_tf.design.presets import preset
from resnet_tf.design.spec import Spec
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build
from resnet_tf.learning.weights import Loaded, load_weights

OWNER = "timm"
FILES = ("config.json", "model.safetensors")


class PretrainedUnavailable(RuntimeError):
    """Weights that cannot be fetched; the sentence says why, and what to do instead."""


class Pretrained(NamedTuple):
    """A network with its published weights, and how it wants its pixels: (x / 255 - mean) / std, per channel."""

    model: keras.Model
    spec: Spec
    loaded: Loaded
    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str


Fetch = Callable[[str, str], str | Path]  # (repository, file) -> where it lies now


def load_pretrained(name: str, *, fetch: Fetch | None = None, **changes: Any) -> Pretrained:
    """A preset with the weights that timm publishes under this name, as "resnet50.a1_in1k".

    What stands before the dot is the preset; fields can be changed, as in `preset`: with other `classes` the head is
    new. Raises SpecError for an unknown preset and PretrainedUnavailable without network or huggingface_hub.
    """
    base = name.partition(".")[0]
    preset(base)  # an unknown name is said so before anything is fetched
    repository = f"{OWNER}/{name}"
    config_path, weights_path = (Path((fetch or _fetch)(repository, file)) for file in FILES)
    config = json.loads(config_path.read_text())
    wants = config.get("pretrained_cfg", {})
    spec = preset(base, **{"classes": config.get("num_classes", 1000), **changes})
    model = build(spec, name="network")
    loaded = load_weights(model, weights_path, source="timm")
    mean, std = (tuple(wants.get(key, default)) for key, default in (("mean", (0.0,) * 3), ("std", (1.0,) * 3)))
    return Pretrained(model, spec, loaded, mean, std, f"huggingface.co/{repository}")


def _fetch(repository: str, file: str) -> str:
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError
    except ImportError:
        raise PretrainedUnavailable(
            "Published weights are fetched with huggingface_hub: pip install 'resnet_tf[hub]'"
        ) from None
    try:
        return hf_hub_download(repository, file)
    except (RepositoryNotFoundError, EntryNotFoundError) as error:
        raise PretrainedUnavailable(f"{repository} publishes no {file}: {_first_line(error)}") from error
    except (OSError, RuntimeError) as error:  # no network, or a server that does not answer
        raise PretrainedUnavailable(
            f"{repository} could not be fetched ({_first_line(error)}). Without a network, download "
            f"{' and '.join(FILES)} elsewhere and use load_weights"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

"""Files of weights that timm publishes on the Hugging Face hub, by its names. No Keras."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from resnet_tf.design.presets import preset

OWNER = "timm"
FILES = ("config.json", "model.safetensors")

Fetch = Callable[[str, str], str | Path]  # (repository, file) -> where it lies now


class PretrainedUnavailable(RuntimeError):
    """Weights that cannot be fetched; the sentence says why, and what to do instead."""


class Published(NamedTuple):
    """A file of weights, the classes that its head tells apart, and how it wants its pixels, as `Pretrained` says."""

    weights: Path
    classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str


def published(name: str, fetch: Fetch | None = None) -> Published:
    """What timm publishes under a name whose part before the dot is a preset: "resnet50.a1_in1k".

    Raises SpecError for an unknown preset and PretrainedUnavailable without network or huggingface_hub.
    """
    preset(name.partition(".")[0])  # an unknown name is said so before anything is fetched
    repository = f"{OWNER}/{name}"
    config_path, weights = (Path((fetch or _fetch)(repository, file)) for file in FILES)
    config = json.loads(config_path.read_text())
    wants = config.get("pretrained_cfg", {})
    mean, std = (tuple(wants.get(key, default)) for key, default in (("mean", (0.0,) * 3), ("std", (1.0,) * 3)))
    return Published(weights, config.get("num_classes", 1000), mean, std, f"huggingface.co/{repository}")


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

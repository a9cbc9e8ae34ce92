"""Where a network with weights comes from: a training's folder, a run, a file of weights. Loads Keras when asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from resnet_tf.cli.designs import design
from resnet_tf.cli.failures import Failed
from resnet_tf.design.expand import expand
from resnet_tf.design.spec import Spec, SpecError, nearest_word
from resnet_tf.learning.formats import model_name
from resnet_tf.learning.naming import SOURCES

if TYPE_CHECKING:
    from resnet_tf.cli.plans import Folder
    from resnet_tf.learning.card import Training
    from resnet_tf.learning.catalogue import DatasetCard
    from resnet_tf.learning.datasets import Data

_USUAL = {".npz": "resnet_tf", ".keras": "resnet_tf", ".h5": "keras"}  # a file's ending -> whose it is by default


class Network(NamedTuple):
    """A network with its weights, and how it came to them where that is known."""

    model: Any
    spec: Spec
    training: Training | None = None
    data: Data | None = None


def load_keras() -> None:
    """Imports Keras without what TensorFlow says as it loads; errors are raised as ever."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        import resnet_tf.learning.backend  # noqa: F401
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def saved(model: Any, spec: Spec, path: Path) -> Path:
    """The .keras file of a model, of stock layers only: written whole, then moved."""
    from resnet_tf.learning.build import deep, folded

    unfinished = path.with_name(f".{os.getpid()}-{path.name}")
    with deep(expand(spec)):
        folded(model, spec).save(unfinished)
    unfinished.replace(path)
    return path


def of_weights(text: str, changes: Sequence[str], weights: Path, source: str) -> tuple[Network, str]:
    """A design with the weights in a file, and whose they are where `source` does not say it."""
    source = source or _USUAL.get(weights.suffix, "timm")
    if source not in SOURCES:
        raise SpecError("from-source", f"one of {', '.join(SOURCES)}", source, nearest_word(source, list(SOURCES)))
    if not weights.exists():
        raise SpecError("weights", "a file that is there", str(weights))
    name, spec = design(text, changes)
    load_keras()
    if weights.suffix == ".npz" and source == "resnet_tf":
        return Network(_of_checkpoint(spec, weights, name), spec), source
    from resnet_tf.learning.build import build
    from resnet_tf.learning.weights import load_weights

    model = build(spec, name=model_name(name))
    print(f"{weights}: {load_weights(model, weights, source=source)}", file=sys.stderr)
    return Network(model, spec), source


def _of_checkpoint(spec: Spec, file: Path, name: str) -> Any:
    from resnet_tf.learning.checkpoint import Checkpoint, restore

    try:
        return restore(spec, Checkpoint.load(file), model_name(name))
    except (KeyError, ValueError) as error:
        raise Failed(f"{file} is no checkpoint of this design: {error}") from error


def restored(folder: Folder) -> tuple[Any, int]:
    """The network of a folder's last checkpoint, and after how many epochs it was taken."""
    load_keras()
    from resnet_tf.learning.checkpoint import Checkpoint, restore

    plan, checkpoint = folder.plan(), folder.checkpoints.newest(Checkpoint.load)
    if checkpoint is None:
        raise Failed(f"{folder.path} has no checkpoint yet: it has one after the first epoch")
    return restore(plan.spec, checkpoint, model_name(plan.name)), checkpoint.epoch


def of_folder(folder: Folder) -> Network:
    """The network that `train` left in a folder, with its images."""
    from resnet_tf.learning.card import Training

    plan = folder.plan()
    model, epoch = restored(folder)
    device = next((event["values"]["device"] for event in folder.events("compiling")), None)
    begun = next((e["values"]["start"] for e in folder.events("compiling") if e["values"].get("start")), None)
    start = begun["title"] if begun else None
    training = Training(plan.dataset, plan.recipe, plan.seed, folder.epochs(epoch), device, start)
    return Network(model, plan.spec, training, _images(plan.dataset, plan.spec))


def of_run(id: str) -> Network:
    """The network of a run of the workbench, with its images."""
    load_keras()
    from resnet_tf.cli.runs import workbench
    from resnet_tf.runs.files import Files
    from resnet_tf.runs.tasks import trained

    bench = workbench()
    run = bench.run(id)
    model, training = trained(run, Files(bench.home, bench.settings), model_name(run.name))
    return Network(model, run.spec, training, _images(run.dataset, run.spec))


def _images(card: DatasetCard, spec: Spec) -> Data | None:
    """The images that it was trained on; None, and a word about it, where they cannot be had."""
    from resnet_tf.learning.samples import images

    data, why = images(card, spec.input_shape)
    if why:
        print(why, file=sys.stderr)
    return data

"""What `train --from` means: a run of the workbench, a folder of `train`, a file of weights, a name of timm's."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_tf.cli.designs import PLAN
from resnet_tf.cli.failures import Failed
from resnet_tf.cli.networks import load_keras
from resnet_tf.design.presets import PRESETS
from resnet_tf.design.spec import SpecError

if TYPE_CHECKING:
    from resnet_tf.learning.start import Start

_RUN = re.compile(r"[0-9a-f]{4,16}")  # an id of the workbench's runs, or its beginning


def whole(text: str) -> str:
    """The text as it means the same from anywhere and later: a path from the root, a run by its whole id.

    Raises SpecError for what is nothing to begin with.
    """
    if os.path.exists(text):
        return str(Path(text).resolve())
    if _RUN.fullmatch(text):
        from resnet_tf.cli.runs import run_named, workbench

        return run_named(workbench(), text).id
    name, dot, _ = text.partition(".")
    if dot and name in PRESETS and os.sep not in text:
        return text
    rule = "a run's id, a folder of `train`, a file that is there, or a name that timm publishes (resnet50.a1_in1k)"
    raise SpecError("from", rule, text)


def begun(start: str) -> Start:
    """What a training begins with. Raises Failed where there are no weights yet, or none any more."""
    from resnet_tf.learning.start import Start

    if os.path.isfile(os.path.join(start, PLAN)):
        return _of_folder(Path(start))
    if _RUN.fullmatch(start):
        return _of_run(start)
    if os.path.isabs(start) and not os.path.isfile(start):
        raise Failed(f"{start} is no file of weights, or is no longer there")
    return Start(start)


def _of_folder(path: Path) -> Start:
    from resnet_tf.cli.plans import Folder

    load_keras()
    from resnet_tf.learning.checkpoint import Checkpoint
    from resnet_tf.learning.start import Start

    folder = Folder(path)
    plan, checkpoint = folder.plan(), folder.checkpoints.newest(Checkpoint.load)
    if checkpoint is None:
        raise Failed(f"{path} has no checkpoint yet: it has one after the first epoch")
    return Start(checkpoint, f"{plan.name} on {plan.dataset.title}", plan.dataset.class_names)


def _of_run(id: str) -> Start:
    load_keras()
    from resnet_tf.cli.runs import workbench
    from resnet_tf.runs.files import Files
    from resnet_tf.runs.tasks import weights_of_run

    bench = workbench()
    return weights_of_run(bench.run(id), Files(bench.home, bench.settings))

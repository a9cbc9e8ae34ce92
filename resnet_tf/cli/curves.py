"""tensorboard: the curves of trainings for another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from resnet_tf.cli.designs import PLAN
from resnet_tf.cli.output import AsJson, print_json
from resnet_tf.design.spec import SpecError
from resnet_tf.learning.formats import model_name


class Curves(NamedTuple):
    """A training's curves: what it is called, and its file of events."""

    name: str
    file: str
    content: bytes


def tensorboard(
    sources: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Ids of runs, or their beginnings; folders of `train`.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to give `tensorboard --logdir`.")],
    as_json: AsJson = False,
) -> None:
    """Writes the curves of trainings as TensorBoard reads them, each in a folder of its own."""
    written = []
    for source in sources:
        curves = _of_folder(Path(source)) if (Path(source) / PLAN).is_file() else _of_run(source)
        path = out / curves.name / curves.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(curves.content)
        written.append(path)
    if as_json:
        print_json({"folder": out, "files": written})
        return
    for path in written:
        print(f"Written: {path}")
    print(f"See them with: tensorboard --logdir {out}")


def _of_run(text: str) -> Curves:
    from resnet_tf.cli.runs import run_named, workbench

    bench = workbench()
    run = run_named(bench, text)
    if run.task != "train":
        raise SpecError("run", "one that trains", run.task)
    return Curves(f"{model_name(run.name)}-{run.id[:8]}", *bench.event_file(run.id))


def _of_folder(path: Path) -> Curves:
    from resnet_tf.cli.plans import Folder
    from resnet_tf.runs.points import KINDS, parameters_of, points_of
    from resnet_tf.runs.records import StoredEvent
    from resnet_tf.runs.tensorboard import event_file, file_name

    folder, began = Folder(path), (path / PLAN).stat().st_mtime
    told = [StoredEvent(seq=0, attempt=1, **event) for kind in KINDS for event in folder.events(kind)]
    newest = {(event.kind, event.step): event for event in told}  # a step that was done again has its last values
    points = points_of(sorted(newest.values(), key=lambda event: event.step), began)
    content = event_file(points, parameters_of(folder.plan()), began)
    return Curves(path.resolve().name, file_name(began, "trained"), content)

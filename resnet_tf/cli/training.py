"""train: the training loop in the foreground, told as it goes, kept in a folder from which it can go on."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resnet_tf.cli.designs import Changes, complete, design
from resnet_tf.cli.failures import Failed
from resnet_tf.cli.output import AsJson, clock, finite, print_table
from resnet_tf.design.spec import SpecError
from resnet_tf.learning.recipes import RECIPES

if TYPE_CHECKING:
    from resnet_tf.cli.plans import Folder, Plan
    from resnet_tf.learning.train import Event

_OVER = "\r\x1b[K"  # back to the line's begin, and clear it


Dataset = Annotated[
    str, typer.Option(help="digits, mnist, fashion_mnist, cifar10, cifar100; or a folder, zip or npz of images.")
]
RecipeName = Annotated[str, typer.Option(help=f"{', '.join(RECIPES)}.")]
RecipeChanges = Annotated[
    list[str],
    typer.Option("--with", metavar="FIELD=VALUE", default_factory=list, show_default=False,
                 help="Change the recipe: epochs=3, learning_rate=0.05, optimizer=adamw. Repeatable."),
]  # fmt: skip
From = Annotated[
    str,
    typer.Option("--from", metavar="RUN|FILE", show_default=False,
                 help="Begin with the weights of a workbench's run, a folder of `train`, a file, or a name that timm "
                 "publishes (resnet50.a1_in1k), and not with drawn ones. A head for other classes is new."),
]  # fmt: skip
Frozen = Annotated[
    int | None, typer.Option(min=0, help="Parts that stay as they begin: the stem, then the stages.", show_default="0")
]
Devices = Annotated[
    int | None,
    typer.Option(min=0, envvar="RESNET_TF_DEVICES", show_default="all GPUs",
                 help="GPUs that share each batch, at most; with several CPUs told to the backend, CPUs."),
]  # fmt: skip
ImageSize = Annotated[int | None, typer.Option(help="Pixels a side.", show_default="a practical size")]


def train(
    text: Annotated[
        str, typer.Argument(metavar="DESIGN", help="As elsewhere; may be left out with --resume.",
                            autocompletion=complete, show_default=False)
    ] = "",
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder for events, checkpoints and the network.")],
    changes: Changes,
    dataset: Dataset = "digits",
    recipe: RecipeName = "quick",
    recipe_changes: RecipeChanges,
    seed: int = 0,
    image_size: ImageSize = None,
    start: From = "",
    frozen: Frozen = None,
    devices: Devices = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what the folder holds.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Trains a design. --json prints every event, one line each."""
    from resnet_tf.cli.plans import Folder, planned

    folder = Folder(out)
    if folder.holds_a_training and not resume:
        raise SpecError("out", "a folder without a training; with --resume the one in it goes on", str(out))
    if not folder.holds_a_training and not text:
        raise SpecError("design", "given, unless --resume finds a training in the folder", text)
    asked = None
    if text:
        given = design(text, changes)
        fields = [*recipe_changes, *([] if frozen is None else [f"frozen={frozen}"])]
        asked = planned(given, folder, dataset, recipe, fields, seed, image_size, start or None)
        _say_what_was_fitted(given.spec, asked)
    _run(_agreed(folder, asked) if folder.holds_a_training else asked, folder, devices, as_json=as_json)


def rate(
    text: Annotated[str, typer.Argument(metavar="DESIGN", help="As elsewhere.", autocompletion=complete)],
    *,
    changes: Changes,
    dataset: Dataset = "digits",
    recipe: RecipeName = "quick",
    recipe_changes: RecipeChanges,
    seed: int = 0,
    image_size: ImageSize = None,
    steps: Annotated[int, typer.Option(help="How many steps the test takes at most.")] = 100,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Suggests a learning rate: trains a few steps, each at a higher one (range test, Smith 2017)."""
    from resnet_tf.cli.networks import load_keras
    from resnet_tf.cli.plans import Folder, planned

    with tempfile.TemporaryDirectory() as folder:
        given = design(text, changes)
        plan = planned(given, Folder(Path(folder)), dataset, recipe, recipe_changes, seed, image_size)
        _say_what_was_fitted(given.spec, plan)
        load_keras()
        from resnet_tf.learning.rates import range_test, suggested

        points = list(range_test(plan.spec, plan.dataset, plan.recipe, plan.seed, steps))
    found = suggested(points)
    if as_json:
        print(json.dumps(finite({"suggested": found, "points": [point._asdict() for point in points]})))
        return
    print_table(
        ("rate", "loss", "smoothed"),
        [(f"{p.rate:.2g}", f"{p.loss:.4f}", f"{p.smoothed:.4f}") for p in points[:: max(len(points) // 20, 1)]],
    )
    if found is None:
        raise Failed("The loss never fell: try more steps, or another recipe")
    print(f"The loss falls fastest at a rate of {found:.2g}: train with --with learning_rate={found:.2g}")


def _say_what_was_fitted(spec: Any, plan: Plan) -> None:
    from resnet_tf.learning.catalogue import what_changed

    if said := what_changed(spec, plan.spec):
        print(said, file=sys.stderr)


def _agreed(folder: Folder, asked: Plan | None) -> Plan:
    """The plan in a folder. Raises SpecError where something else is asked for now."""
    begun = folder.plan()
    was, now = begun.as_json(), (asked or begun).as_json()
    for field, value in was.items():
        if now[field] != value:
            raise SpecError(field, "as this training was begun (or leave the design out)", now[field], value)
    return begun


def _run(plan: Plan, folder: Folder, devices: int | None, *, as_json: bool) -> None:
    """Trains from the last checkpoint on, and writes the trained network."""
    from resnet_tf.cli.networks import load_keras, restored, saved
    from resnet_tf.cli.starts import begun

    load_keras()
    from resnet_tf.learning.checkpoint import Checkpoint
    from resnet_tf.learning.train import train as events_of

    begin = folder.checkpoints.newest(Checkpoint.load)
    start = begun(plan.start) if plan.start and begin is None else None
    tell = _Lines() if as_json else _Progress(plan)
    events = events_of(
        plan.spec, plan.dataset, plan.recipe, plan.seed, checkpoint=begin, start=start, most_devices=devices
    )
    done = begin.epoch if begin else 0
    try:
        for event in events:
            if event.kind == "compiling":  # it was not refused
                folder.begin(plan)
            if event.kind == "checkpoint":
                folder.checkpoints.keep(event.step, event.values["state"].save)
                event, done = event._replace(values={}), event.epoch
            folder.write(event)
            tell(event)
    except KeyboardInterrupt:
        if folder.holds_a_training:
            again = shlex.join(("resnet_tf", "train", "--resume", "-o", str(folder.path)))
            print(f"\nStopped after {done} epochs: {again}", file=sys.stderr)
        raise
    if event.kind == "diverged":
        raise Failed(event.values["advice"])
    model, _ = restored(folder)
    path = saved(model, plan.spec, folder.path / f"{model.name}.keras")
    tell(event._replace(kind="written", values={"path": str(path)}))


class _Lines:
    """Tells events to programs, one line of JSON each."""

    def __call__(self, event: Event) -> None:
        print(json.dumps(finite(event._asdict())), flush=True)


class _Progress:
    """Tells events to people: a line for each epoch, and on a terminal one that follows the steps."""

    def __init__(self, plan: Plan) -> None:
        self._epochs = plan.recipe.epochs
        self._name, self._images = plan.name, plan.dataset.title
        self._live = sys.stdout.isatty()
        self._rate = ""  # images a second, of the last step

    def __call__(self, event: Event) -> None:
        values = event.values
        if event.kind == "compiling":
            print(
                f"{self._name} on {self._images}: {values['parameters']:,} parameters, {values['images']:,} images, "
                f"{values['steps']:,} steps on {values['device']} ({values['why']})"
            )
            if values["start"]:
                print(values["start"]["sentence"])
        elif event.kind == "step":
            self._rate = f"{values['images_per_second']:,.0f} images/s"
            if self._live:
                self._print(self._figures(event.epoch + 1, values), end="")
        elif event.kind == "epoch":
            right = f"validation {100 * values['validation_accuracy']:.1f} %"
            self._print(f"{self._figures(event.epoch, values)}  {right}")
        elif event.kind == "finished":
            right = f"{100 * values['validation_accuracy']:.2f} % of the validation images right"
            self._print(f"{right} after {clock(values['seconds'])}")
        elif event.kind == "written":
            print(f"Written: {values['path']}")

    def _figures(self, epoch: int, values: dict[str, Any]) -> str:
        return (
            f"epoch {epoch}/{self._epochs}  loss {values['loss']:.4f}  {100 * values['accuracy']:.1f} % right  "
            f"{self._rate}  {clock(values['seconds_left'])} left"
        )

    def _print(self, text: str, end: str = "\n") -> None:
        """Prints over the line that follows the steps."""
        print(f"{_OVER}{text}" if self._live else text, end=end, flush=True)

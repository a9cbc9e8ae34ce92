"""sweep and sweeps: many trainings of one design, changed along some axes, by the workbench's worker."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from resnet_tf.cli.designs import Changes, DesignArgument, changed, design
from resnet_tf.cli.failures import Failed
from resnet_tf.cli.output import AsJson, print_json, print_table
from resnet_tf.cli.runs import call_worker, is_meant, workbench
from resnet_tf.cli.training import Dataset, ImageSize, RecipeChanges, RecipeName
from resnet_tf.design.spec import SpecError

if TYPE_CHECKING:
    from resnet_tf.learning.recipes import Recipe
    from resnet_tf.learning.sweeps import Search
    from resnet_tf.runs.records import Sweep
    from resnet_tf.runs.workbench import Workbench

LOOK = 0.5  # seconds between two looks at a sweep

Id = Annotated[str, typer.Argument(metavar="SWEEP", help="A sweep's id, or its beginning.", show_default=False)]
Axes = Annotated[
    list[str],
    typer.Option(
        "--axis", metavar="FIELD=VALUES", show_default=False,
        help="What is changed, and to what: width=0.5,1,2 (of every width), depth=1,2, block=basic,bottleneck, "
        "stages[*].blocks=[2,2,2],[3,4,6], image_size=16,32, learning_rate=0.01..1:log. Repeatable.",
    ),
]  # fmt: skip
How = Annotated[
    Literal["grid", "random", "asha"],
    typer.Option(help="All combinations; so many drawn; or so many of which only the best go on (arXiv:1810.05934)."),
]
Trials = Annotated[
    int | None, typer.Option(help="How many designs at most.", show_default="all of a grid, else 16", min=1)
]  # fmt: skip


def sweep(
    text: DesignArgument,
    *,
    axes: Axes,
    how: How = "grid",
    trials: Trials = None,
    repeats: Annotated[int, typer.Option(help="Seeds for each design.")] = 1,
    eta: Annotated[int, typer.Option(help="asha: one of so many goes on, so many times as far.")] = 3,
    least: Annotated[int, typer.Option(help="asha: epochs before the first choice.")] = 1,
    changes: Changes,
    dataset: Dataset = "digits",
    recipe: RecipeName = "quick",
    recipe_changes: RecipeChanges,
    seed: int = 0,
    image_size: ImageSize = None,
    name: Annotated[str, typer.Option(help="What it is called.", show_default="the design's name")] = "",
    only_plan: Annotated[bool, typer.Option("--plan", help="Only say what would be trained.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait: the worker goes on by itself.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Trains a design many times, changed along some axes. --json prints a line for each change, then all."""
    from resnet_tf.learning.sweep_axes import parse_axis
    from resnet_tf.learning.sweeps import Search

    given = design(text, changes)
    parsed = tuple(map(parse_axis, axes))
    search = Search(axes=parsed, how=how, trials=trials, repeats=repeats, seed=seed, eta=eta, least=least)
    bench, chosen = workbench(), _recipe(recipe, recipe_changes)
    images = _images(bench, dataset)
    plan = bench.plan_sweep(given.spec, images, chosen, search, image_size)
    _tell_plan(plan, search, chosen, as_json=as_json and only_plan)
    if only_plan:
        return
    id = bench.sweep(given.spec, images, chosen, search, name=name or given.name, image_size=image_size)
    if detach:
        call_worker(bench, name or given.name)
        _say(f"Sweep {id} goes on by itself: resnet_tf sweeps show {id}", bench.sweep_of(id), as_json=as_json)
        return
    _follow(bench, id, as_json=as_json)


def _recipe(name: str, changes: list[str]) -> Recipe:
    from resnet_tf.learning.recipes import Recipe
    from resnet_tf.learning.recipes import recipe as recipe_named

    fields = recipe_named(name).model_dump(mode="json")
    return Recipe(**fields | changed(fields, changes))


def _images(bench: Workbench, dataset: str) -> str:
    """The name of a dataset, or of somebody's own images, which are kept in the workbench."""
    from resnet_tf.learning.catalogue import DATASETS

    if dataset in DATASETS or not os.path.exists(dataset):
        return dataset
    return bench.add_images(Path(dataset).resolve().stem, dataset).name


def _tell_plan(plan: object, search: Search, recipe: Recipe, *, as_json: bool) -> None:
    from resnet_tf.cli.sweep_tables import plan_document, plan_lines

    if as_json:
        print_json(plan_document(plan))
        return
    for line in plan_lines(plan, search, recipe):
        print(line, file=sys.stderr)


def _follow(bench: Workbench, id: str, *, as_json: bool) -> None:
    """Tells of a sweep until it is over. Ctrl+C stops it: what was trained is kept, and it can be taken up again."""
    from resnet_tf.cli.sweep_tables import teller

    bench.start()
    tell = teller(as_json=as_json)
    try:
        while not tell(found := bench.sweep_of(id)).over:
            worker = bench.worker()
            if worker.state == "down":
                raise Failed(f"{found.name} waits, and no worker could be started: {worker.why}")
            time.sleep(LOOK)
    except KeyboardInterrupt:
        bench.stop_sweep(id)
        print(f"\nStopped: resnet_tf sweeps resume {id[:8]}", file=sys.stderr)
        raise
    finally:
        bench.close()
    tell.end(found)
    if found.best is None:
        raise Failed(f"No trial of {found.name} came to the end of an epoch: resnet_tf sweeps show {id[:8]}")


# --- sweeps


def sweeps(context: typer.Context, as_json: AsJson = False) -> None:
    """Lists, shows, stops, resumes and deletes sweeps."""
    if context.invoked_subcommand is None:
        list_sweeps(as_json)
    elif as_json:
        raise SpecError("--json", f"after the command: sweeps {context.invoked_subcommand} SWEEP --json", "before it")


def list_sweeps(as_json: AsJson = False) -> None:
    """Lists sweeps, newest first."""
    from resnet_tf.cli.sweep_tables import HEAD, document, line

    found = workbench().sweeps()
    if as_json:
        print_json([document(each) for each in found])
    else:
        print_table(HEAD, map(line, found))


def show(text: Id, as_json: AsJson = False) -> None:
    """Prints a sweep's trials, the best first, and those than which none is as good for as few MACs."""
    found = _named(workbench(), text)
    if as_json:
        _say("", found, as_json=True)
        return
    from resnet_tf.cli.sweep_tables import FRONT, facts, refused, trial_table

    for each in facts(found):
        print(each)
    print_table(*trial_table(found))
    if found.front:
        print(FRONT)
    for each in refused(found.illegal):
        print(each)


def stop(text: Id, as_json: AsJson = False) -> None:
    """Begins no further trial, and stops those under way."""
    bench = workbench()
    found = _named(bench, text)
    bench.stop_sweep(found.id)
    _say(f"{found.name} stops", bench.sweep_of(found.id), as_json=as_json)


def resume(text: Id, as_json: AsJson = False) -> None:
    """Goes on with a stopped sweep, in the workbench's worker, which is started if need be."""
    bench = workbench()
    found = _named(bench, text)
    bench.resume_sweep(found.id)
    call_worker(bench, found.name)
    _say(f"{found.name} goes on", bench.sweep_of(found.id), as_json=as_json)


def delete(
    text: Id, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False, as_json: AsJson = False
) -> None:
    """Removes a sweep with its trials, their points and files."""
    bench = workbench()
    found = _named(bench, text)
    if yes or is_meant(f"Delete {found.name} with its {len(found.trials):,} trials?"):
        bench.delete_sweep(found.id)
        _say(f"{found.name} is deleted", found, as_json=as_json)


def _named(bench: Workbench, text: str) -> Sweep:
    """The one sweep whose id begins so. Raises SpecError where there is none, or more than one."""
    found = [each for each in bench.sweeps() if each.id.startswith(text)]
    if len(found) != 1:
        raise SpecError("sweep", "the id of one sweep, or its beginning" if not found else "a longer beginning", text)
    return bench.sweep_of(found[0].id)


def _say(sentence: str, found: Sweep, *, as_json: bool) -> None:
    from resnet_tf.cli.sweep_tables import document

    if as_json:
        print_json(document(found))
    else:
        print(sentence)

"""runs: the workbench's runs, as its pages show them."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from resnet_tf.cli.failures import Failed
from resnet_tf.cli.output import AsJson, finite, print_facts, print_json, print_table
from resnet_tf.design.spec import SpecError

if TYPE_CHECKING:
    from resnet_tf.runs.records import Run
    from resnet_tf.runs.workbench import Workbench

LOOK = 0.25  # seconds between two looks at the worker

Id = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or its beginning.", show_default=False)]
Task = Annotated[Literal["train", "export", "profile", "versus", "all"], typer.Option(help="What kind of runs.")]
Most = Annotated[int | None, typer.Option(min=1, metavar="N", help="The newest N alone.", show_default="all")]


def runs(context: typer.Context, task: Task = "train", most: Most = None, as_json: AsJson = False) -> None:
    """Lists, shows, stops, resumes and deletes the workbench's runs."""
    if context.invoked_subcommand is None:
        list_runs(task, most, as_json)
    elif as_json:
        raise SpecError("--json", f"after the command: runs {context.invoked_subcommand} RUN --json", "before it")


def list_runs(task: Task = "train", most: Most = None, as_json: AsJson = False) -> None:
    """Lists runs, newest first."""
    found = workbench().runs(None if task == "all" else task, most=most, brief=not as_json)
    if as_json:
        print_json([_document(run) for run in found])
        return
    head = ("run", "name", "task", "state", "done", "validation", "begun")
    print_table(head, ((run.id, run.name, run.task, *_state(run)) for run in found))


def show(text: Id, as_json: AsJson = False) -> None:
    """Prints a run: what was asked for, how far it has come, its files."""
    bench = workbench()
    run = run_named(bench, text)
    files = bench.artifacts(run.id)
    if as_json:
        print_json({**_document(run), "artifacts": [vars(file) for file in files]})
        return
    state, done, accuracy, begun = _state(run)
    facts = {
        "run": run.id, "name": run.name, "task": run.task, "state": state, "done": done, "validation": accuracy,
        "begun": begun, "images": run.dataset.title if run.dataset else None,
        "from": run.start.title if run.start else None,
        "recipe": run.recipe.title if run.recipe else None, "seed": run.seed, "device": run.device,
        "trouble": run.error,
    }  # fmt: skip
    print_facts({name: cell for name, cell in facts.items() if cell not in (None, "")})
    for file in files:
        print(f"{file.format}: {file.error or file.path or 'expired, export it again'}")


def stop(text: Id, as_json: AsJson = False) -> None:
    """Asks a run to stop; it does within two seconds."""
    bench = workbench()
    run = run_named(bench, text)
    bench.stop(run.id)
    _say(f"{run.name} stops", bench.run(run.id), as_json=as_json)


def resume(text: Id, as_json: AsJson = False) -> None:
    """Goes on with a run from its last checkpoint, in the workbench's worker, which is started if need be."""
    bench = workbench()
    run = run_named(bench, text)
    bench.resume(run.id)
    call_worker(bench, run.name)
    _say(f"{run.name} goes on", bench.run(run.id), as_json=as_json)


def call_worker(bench: Workbench, name: str) -> None:
    """Returns once there is a worker, which goes on by itself. Raises Failed where none can be had."""
    bench.start()
    print(f"Waiting for the worker, usually {bench.worker().usual_seconds:.0f} s", file=sys.stderr)
    try:
        while (worker := bench.worker()).state in ("starting", "resting"):
            time.sleep(LOOK)
    finally:
        bench.close()
    if worker.state == "down":
        raise Failed(f"{name} is queued, and no worker could be started: {worker.why}")


def delete(
    text: Id, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False, as_json: AsJson = False
) -> None:
    """Removes a run with its points and its files."""
    bench = workbench()
    run = run_named(bench, text)
    if not yes and not is_meant(f"Delete {run.name} ({run.state})?"):
        return
    bench.delete(run.id)
    _say(f"{run.name} is deleted", run, as_json=as_json)


def is_meant(question: str) -> bool:
    """What somebody at a terminal answers. Raises SpecError where nobody is there."""
    if not sys.stdin.isatty():
        raise SpecError("--yes", "given where nobody can be asked", False, True)
    return typer.confirm(question, err=True)


def workbench() -> Workbench:
    """The workbench of this machine with everybody's runs."""
    from resnet_tf.runs.workbench import Workbench

    return Workbench().of(None)  # who has a shell on the machine runs the instance


def run_named(bench: Workbench, text: str) -> Run:
    """The one run whose id begins so. Raises SpecError where there is none, or more than one."""
    found = [run for run in bench.runs(None, named=text) if run.id.startswith(text)]
    if len(found) != 1:
        raise SpecError("run", "the id of one run, or its beginning" if not found else "a longer beginning", text)
    return found[0]


def _document(run: Run) -> dict[str, Any]:
    fields = {
        **vars(run), "spec": run.spec.model_dump(mode="json"),
        "dataset": run.dataset.as_json() if run.dataset else None,
        "recipe": run.recipe.model_dump(mode="json") if run.recipe else None,
        "start": asdict(run.start) if run.start else None,
    }  # fmt: skip
    return finite(fields)


def _state(run: Run) -> tuple[str, str, str, str]:
    """The state, the share that is done, the last accuracy, when it began."""
    last = run.epochs[-1].get("validation_accuracy") if run.epochs else None
    begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started or run.created))
    return run.state, f"{100 * run.progress:.0f} %", "" if last is None else f"{100 * last:.1f} %", begun


def _say(sentence: str, run: Run, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(run))
    else:
        print(sentence)

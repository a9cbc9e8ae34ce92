"""runs: the workbench's runs, as its pages show them."""

from __future__ import annotations

import sys
import time
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
Task = Annotated[Literal["train", "export", "all"], typer.Option(help="What kind of runs.")]


def runs(context: typer.Context, task: Task = "train", as_json: AsJson = False) -> None:
    """Lists, shows, stops, resumes and deletes the workbench's runs."""
    if context.invoked_subcommand is None:
        list_runs(task, as_json)
    elif as_json:
        raise SpecError("--json", f"after the command: runs {context.invoked_subcommand} RUN --json", "before it")


def list_runs(task: Task = "train", as_json: AsJson = False) -> None:
    """Lists runs, newest first."""
    found = _bench().runs(None if task == "all" else task)
    if as_json:
        print_json([_document(run) for run in found])
        return
    head = ("run", "name", "task", "state", "done", "validation", "begun")
    print_table(head, ((run.id, run.name, run.task, *_state(run)) for run in found))


def show(text: Id, as_json: AsJson = False) -> None:
    """Prints a run: what was asked for, how far it has come, its files."""
    bench = _bench()
    run = _found(bench, text)
    files = bench.artifacts(run.id)
    if as_json:
        print_json({**_document(run), "artifacts": [vars(file) for file in files]})
        return
    state, done, accuracy, begun = _state(run)
    facts = {
        "run": run.id, "name": run.name, "task": run.task, "state": state, "done": done, "validation": accuracy,
        "begun": begun, "images": run.dataset.title if run.dataset else None,
        "recipe": run.recipe.title if run.recipe else None, "seed": run.seed, "device": run.device,
        "trouble": run.error,
    }  # fmt: skip
    print_facts({name: cell for name, cell in facts.items() if cell not in (None, "")})
    for file in files:
        print(f"{file.format}: {file.error or file.path}")


def stop(text: Id, as_json: AsJson = False) -> None:
    """Asks a run to stop; it does within two seconds."""
    bench = _bench()
    run = _found(bench, text)
    bench.stop(run.id)
    _say(f"{run.name} stops", bench.run(run.id), as_json=as_json)


def resume(text: Id, as_json: AsJson = False) -> None:
    """Goes on with a run from its last checkpoint, in the workbench's worker, which is started if need be."""
    bench = _bench()
    run = _found(bench, text)
    bench.resume(run.id)
    bench.start()
    print(f"Waiting for the worker, usually {bench.worker().usual_seconds:.0f} s", file=sys.stderr)
    try:
        while (worker := bench.worker()).state == "starting":
            time.sleep(LOOK)
    finally:
        bench.close()
    if worker.state == "down":
        raise Failed(f"{run.name} is queued, and no worker could be started: {worker.why}")
    _say(f"{run.name} goes on", bench.run(run.id), as_json=as_json)


def delete(
    text: Id, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False, as_json: AsJson = False
) -> None:
    """Removes a run with its points and its files."""
    bench = _bench()
    run = _found(bench, text)
    if not yes:
        if not sys.stdin.isatty():
            raise SpecError("--yes", "given where nobody can be asked", False, True)
        if not typer.confirm(f"Delete {run.name} ({run.state})?", err=True):
            return
    bench.delete(run.id)
    _say(f"{run.name} is deleted", run, as_json=as_json)


def _bench() -> Workbench:
    from resnet_tf.runs.workbench import Workbench

    return Workbench()


def _found(bench: Workbench, text: str) -> Run:
    """The one run whose id begins so. Raises SpecError where there is none, or more than one."""
    found = [run for run in bench.runs(None) if run.id.startswith(text)]
    if len(found) != 1:
        raise SpecError("run", "the id of one run, or its beginning" if not found else "a longer beginning", text)
    return found[0]


def _document(run: Run) -> dict[str, Any]:
    fields = {
        **vars(run), "spec": run.spec.model_dump(mode="json"),
        "dataset": run.dataset.as_json() if run.dataset else None,
        "recipe": run.recipe.model_dump(mode="json") if run.recipe else None,
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

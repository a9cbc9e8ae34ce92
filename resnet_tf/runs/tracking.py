"""Runs as an MLflow server takes them: parameters, points, tags. The only module that loads MLflow's client."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from resnet_tf.design.links import to_link
from resnet_tf.runs.logs import digest
from resnet_tf.runs.points import Point, parameters_of
from resnet_tf.runs.records import Artifact, Run

log = logging.getLogger(__name__)
T = TypeVar("T")

MOST = 1000  # points of one request, MLflow's own bound; of parameters and tags it takes a tenth
STATUS = {
    "queued": "SCHEDULED", "running": "RUNNING", "finished": "FINISHED", "paused": "FINISHED", "stopped": "KILLED",
    "failed": "FAILED", "diverged": "FAILED", "interrupted": "FAILED",
}  # fmt: skip
# what MLflow answers about one run alone, whatever is asked of the server otherwise
_REFUSED = ("INVALID_PARAMETER_VALUE", "INVALID_STATE", "RESOURCE_DOES_NOT_EXIST", "BAD_REQUEST")
# of MLflow's client: it shall not try for minutes what the mirror tries again anyway, and report to nobody
_CLIENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}  # fmt: skip


class ServerTrouble(RuntimeError):
    """The server is down, or takes nothing from us."""


class Refused(RuntimeError):
    """The server is well and will not have this run: somebody deleted it there."""


def description_of(run: Run) -> str:
    """A run in a few lines of Markdown."""
    images = f"{run.dataset.title}: {run.dataset.images:,} images ({run.dataset.source})" if run.dataset else ""
    how = f"{run.recipe.title}, {run.recipe.epochs:,} epochs, seed {run.seed}" if run.recipe else ""
    return "\n\n".join(filter(None, (f"Design: `{to_link(run.spec)}`", images, how)))


class Tracker:
    """An experiment on an MLflow server. Every method raises ServerTrouble or Refused."""

    def __init__(self, uri: str, experiment: str) -> None:
        for name, value in _CLIENT.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient

        self._client, self._name, self._experiment = MlflowClient(tracking_uri=uri), experiment, ""

    def begin(self, run: Run, sweep: str | None = None) -> str:
        """The name of a run there: found by our own name for it, or made; parameters and description with it."""
        parent = {"mlflow.parentRunId": self._sweep(run, sweep)} if sweep else {}
        ref = self._found("resnet_tf.run", run.id) or self._made(
            run, run.name, {"resnet_tf.run": run.id, "resnet_tf.owner": digest(run.owner), **parent}
        )
        decided = parameters_of(run).items()
        parameters = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in decided]
        for first in range(0, len(parameters), MOST // 10):
            self._log(ref, params=dict(parameters[first : first + MOST // 10]))
        self._log(ref, tags={"mlflow.note.content": description_of(run)})
        return ref

    def there(self, ref: str, keys: Iterable[str]) -> set[tuple[str, int]]:
        """The keys and steps that have a value: the first one that was told is the one that stays."""
        return {
            (key, metric.step)
            for key in keys
            for metric in self._ask_of_run(lambda key=key: self._client.get_metric_history(ref, key))
        }

    def tell(self, ref: str, points: Sequence[Point]) -> None:
        from mlflow.entities import Metric

        metrics = [Metric(point.key, point.value, round(1000 * point.time), point.step) for point in points]
        for first in range(0, len(metrics), MOST):
            self._log(ref, metrics=metrics[first : first + MOST])

    def tell_state(self, ref: str, run: Run, state: str) -> None:
        """Says what has become of a run; of one that is over, when that was."""
        tags = {
            "resnet_tf.state": state, "resnet_tf.attempt": run.attempt, "resnet_tf.device": run.device,
            "resnet_tf.error": run.error or "",
        }  # fmt: skip
        self._log(ref, tags={name: str(value) for name, value in tags.items() if value is not None})
        if state in ("queued", "running") or run.ended is None:
            self._ask_of_run(lambda: self._client.update_run(ref, STATUS[state]))
        else:
            self._ask_of_run(lambda: self._client.set_terminated(ref, STATUS[state], round(1000 * run.ended)))

    def tell_files(self, ref: str, files: Iterable[Artifact]) -> None:
        """Says where the files of an export are."""
        self._log(ref, tags={f"resnet_tf.export.{file.format}": file.path for file in files if file.path})

    # --- how the client is asked

    def _sweep(self, run: Run, title: str) -> str:
        """The name of the run there under which the trials of a sweep are; of two made at once the first is taken."""
        tag = "resnet_tf.sweep"
        if found := self._found(tag, str(run.sweep)):
            return found
        made = self._made(run, title, {tag: str(run.sweep), "resnet_tf.owner": digest(run.owner)})
        first = self._found(tag, str(run.sweep)) or made
        if first != made:
            self._ask(lambda: self._client.delete_run(made))
        return first

    def _found(self, tag: str, value: str) -> str | None:
        query, order = f"tags.`{tag}` = '{value}'", ["attributes.start_time ASC", "attributes.run_id ASC"]
        found = self._ask(lambda: self._client.search_runs([self._id()], query, max_results=1, order_by=order))
        return found[0].info.run_id if found else None

    def _made(self, run: Run, name: str, tags: Mapping[str, str]) -> str:
        begun = round(1000 * (run.started or run.created))
        made = self._ask(lambda: self._client.create_run(self._id(), begun, dict(tags), name))
        return made.info.run_id

    def _id(self) -> str:
        """The experiment, made at the first question."""
        if not self._experiment:
            found = self._ask(lambda: self._client.get_experiment_by_name(self._name))
            self._experiment = found.experiment_id if found else self._ask(
                lambda: self._client.create_experiment(self._name)
            )  # fmt: skip
        return self._experiment

    def _log(self, ref: str, *, metrics: Sequence[Any] = (), params: Mapping[str, str] | None = None,
             tags: Mapping[str, str] | None = None) -> None:  # fmt: skip
        from mlflow.entities import Param, RunTag

        fields = [Param(*pair) for pair in (params or {}).items()]
        said = [RunTag(*pair) for pair in (tags or {}).items()]
        self._ask_of_run(lambda: self._client.log_batch(ref, metrics, fields, said))

    def _ask(self, question: Callable[[], T]) -> T:
        from mlflow.exceptions import MlflowException

        try:
            return question()
        except MlflowException as error:
            raise ServerTrouble((str(error).splitlines() or [""])[0][:300]) from error

    def _ask_of_run(self, question: Callable[[], T]) -> T:
        """An answer about one run, which may be a refusal of this run alone."""
        try:
            return self._ask(question)
        except ServerTrouble as trouble:
            if trouble.__cause__.error_code in _REFUSED:
                raise Refused(str(trouble)) from trouble
            raise

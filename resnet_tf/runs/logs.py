"""What servers, workers and mirrors log: a line for each event, as text, or as JSON with the run and its owner."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from resnet_tf.runs.failures import WorkbenchError

if TYPE_CHECKING:
    from resnet_tf.runs.records import Run

F = TypeVar("F", bound=Callable[..., Any])
log = logging.getLogger(__name__)

_FIELDS = ("event", "run", "owner", "task", "outcome", "seconds")
_SERVERS = ("streamlit", "uvicorn")
_QUIET = {"alembic": logging.WARNING, "mlflow": logging.WARNING, "uvicorn.access": logging.WARNING}


def begin(form: str) -> None:
    """Has this process log to its standard error, as "text" or as "json"."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines() if form == "json" else logging.Formatter("%(asctime)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
    if form == "json":  # those of a web server have handlers of their own
        for name in [name for name in logging.root.manager.loggerDict if name.startswith(_SERVERS)]:
            theirs = logging.getLogger(name)
            theirs.handlers.clear()
            theirs.propagate = True


def of(event: str, about: Run | None = None, **facts: Any) -> dict[str, Any]:
    """What a line says beside its sentence (`extra` of a logger): the event's name, and whose run it is about."""
    known = {"run": about.id, "owner": digest(about.owner), "task": about.task} if about else {}
    return {"event": event, **known, **facts}


def noted(event: str) -> Callable[[F], F]:
    """Makes a workbench's method log what it did, to the run that it gives or is given; or why it was refused."""

    def around(method: F) -> F:
        @functools.wraps(method)
        def answer(self: Any, *given: Any, **named: Any) -> Any:
            owner = digest(self.owner or "local")
            try:
                answered = method(self, *given, **named)
            except WorkbenchError as error:
                log.info("%s was refused: %s", event, error, extra=of(f"{event}.refused", owner=owner))
                raise
            run = answered or named.get("id") or given[0]
            log.info("%s: %s", event, run, extra=of(event, run=run, owner=owner))
            return answered

        return answer  # type: ignore[return-value]

    return around


def digest(owner: str) -> str:
    """An owner in a few letters that tell owners apart and say nothing of them."""
    return owner if owner == "local" else hashlib.sha256(owner.encode()).hexdigest()[:12]


class Lines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        about = {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        trouble = {"traceback": self.formatException(record.exc_info)} if record.exc_info else {}
        return json.dumps({**said, "event": "log", "run": None, "owner": None, **about, **trouble}, default=str)

"""The edge of the command line: whatever goes wrong within becomes one sentence on stderr and an exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from resnet_tf.design.spec import SpecError

DIFFERENT = 1  # of `diff`, as diff(1) has it, and of `reproduce`
OVER = 1  # of `count` alone: a budget is exceeded
USAGE = 2  # no such design, option or value
FAILED = 3  # the work could not be done
INTERRUPTED = 130  # by Ctrl+C, as a shell has it
BROKEN_PIPE = 141  # whoever read the output is gone, as a shell has it
TRACEBACK = "RESNET_TF_TRACEBACK"  # where it is set, what nobody foresaw shows its traceback

# a module that may be missing -> the extra that brings it
_EXTRAS = {
    **dict.fromkeys(("keras", "tensorflow", "numpy", "PIL"), "learning"),
    **dict.fromkeys(("psutil", "sqlalchemy", "alembic", "platformdirs"), "app"),
    **dict.fromkeys(("starlette", "uvicorn", "anyio", "python_multipart"), "serve"),
    **dict.fromkeys(("onnx", "onnxruntime", "pypdfium2"), "export"),
}


class Failed(RuntimeError):
    """Work that could not be done; the message is a sentence that says why."""


class Edge(TyperGroup):
    """The commands; run by `main`, each ends the process with one of the exit codes above and never a traceback."""

    def main(
        self, args: Sequence[str] | None = None, prog_name: str | None = None, complete_var: str | None = None,
        standalone_mode: bool = True, windows_expand_args: bool = True, **extra: Any,
    ) -> Any:  # fmt: skip
        given = sys.argv[1:] if args is None else list(args)
        sys.stdout.reconfigure(errors="replace")  # a terminal without × shows a question mark
        try:
            code = super().main(given, prog_name, complete_var, False, windows_expand_args, **extra)
        except typer.Abort:
            code = INTERRUPTED
        except Exception as error:
            if TRACEBACK in os.environ and not _foreseen(error):
                raise
            code = USAGE if isinstance(error, SpecError) else getattr(error, "exit_code", FAILED)
            _tell(error, as_json="--json" in given)
        sys.exit(code)

    def invoke(self, ctx: typer.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # where what is left goes at the exit
            raise typer.Exit(BROKEN_PIPE) from None
        return result


def _foreseen(error: Exception) -> bool:
    """Whether its message is a sentence for people: ours, the command line's, the system's, a package's absence."""
    ours = type(error).__module__.startswith("resnet_tf.")
    return ours or isinstance(error, typer.TyperException | OSError | ModuleNotFoundError)


def _sentence(error: Exception) -> str:
    if isinstance(error, typer.TyperException):
        context, said = getattr(error, "ctx", None), error.format_message().replace("Value error, ", "")
        return f"{said} See `{context.command_path} --help`." if context else said
    if isinstance(error, ModuleNotFoundError):
        name = (error.name or "").partition(".")[0]
        wanted = f"'resnet_tf[{_EXTRAS[name]}]'" if name in _EXTRAS else name
        return f"This needs {name}, which is not installed: pip install {wanted}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    said = " ".join(str(error).split())
    return said if _foreseen(error) else f"{type(error).__name__}: {said} ({TRACEBACK}=1 shows where)"


def _tell(error: Exception, *, as_json: bool) -> None:
    sentence = _sentence(error)
    if not as_json:
        print(f"resnet_tf: {sentence}", file=sys.stderr)
        return
    parts = {name: getattr(error, name, None) for name in ("field", "rule", "value", "nearest")}
    print(json.dumps({"error": {"message": sentence, **parts}}, default=str), file=sys.stderr)

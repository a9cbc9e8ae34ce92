"""The commands as one program: a row each, with the examples that its --help ends with."""

from __future__ import annotations

from typing import Annotated

import typer

from resnet_tf.cli import designing, files, presets, runs, training
from resnet_tf.cli.failures import Edge

_CODES = "Exit codes: 0 done, 1 designs differ (diff), 2 no such design or option, 3 it could not be done, 130 Ctrl+C."

app = typer.Typer(
    name="resnet_tf", cls=Edge, rich_markup_mode=None, pretty_exceptions_enable=False, invoke_without_command=True,
    epilog=_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)  # fmt: skip

_runs = typer.Typer(rich_markup_mode=None, invoke_without_command=True)

# command -> its examples, without the program's name
COMMANDS = {
    presets.presets: ("presets --like wide --max-macs 5G", "presets --family densenet --sort params --json"),
    designing.show: ("show resnet50", "show 'http://localhost:8501/?design=resnet50' --json > design.json"),
    designing.count: ("count resnet50 --by stage", "count resnet18 --set classes=10 --batch 256 --optimizer adamw"),
    designing.draw: ("draw resnet50 --level stage -o resnet50.svg", "draw design.json | dot -Tpng > design.png"),
    designing.diff: ("diff resnet50 resnet50_v1", "diff resnet50 --set stages[2].blocks=9"),
    files.build: ("build resnet18", "build resnet50 --seed 1 -o resnet50.keras", "build resnet50 -o resnet50.py"),
    training.train: (
        "train resnet20_cifar10 -o trained", "train --resume -o trained",
        "train resnet20_cifar10 --dataset cifar10 --recipe he2015 --with epochs=3 -o cifar",
    ),
    training.rate: ("rate resnet20_cifar10", "rate resnet18 --dataset cifar10 --recipe he2015 --steps 200"),
    files.export: ("export trained -f savedmodel -f onnx -o files", "export resnet50 --seed 1 -f litert -o files"),
    files.convert: ("convert resnet50.safetensors resnet50 --from-source timm -f keras -f torchvision -o files",),
    files.serve: ("serve files/resnet20_cifar10.onnx --port 8000",),
}  # fmt: skip
RUNS = {
    runs.list_runs: ("list", "runs list --task all"),
    runs.show: ("show", "runs show 3f2a"),
    runs.stop: ("stop", "runs stop 3f2a"),
    runs.resume: ("resume", "runs resume 3f2a"),
    runs.delete: ("delete", "runs delete 3f2a --yes"),
}


def _examples(lines: tuple[str, ...]) -> str:
    """Examples as the end of a help text; the mark keeps them as they are."""
    return "\n".join(("\b", "Examples:", *(f"  resnet_tf {line}" for line in lines)))


for _command, _lines in COMMANDS.items():
    app.command(epilog=_examples(_lines))(_command)
for _command, (_name, _line) in RUNS.items():
    _runs.command(_name, epilog=_examples((_line,)))(_command)
_runs.callback(epilog=_examples(("runs", "runs list --task export --json", "runs show 3f2a")))(runs.runs)
app.add_typer(_runs, name="runs")


@app.callback()
def _root(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Residual networks, exact: list, count, draw, compare, train and export them."""
    if version:
        from importlib.metadata import version as of

        print(of("resnet_tf"))
    elif context.invoked_subcommand is None:
        print(context.get_help())


def main() -> None:
    """The program; ends the process with an exit code."""
    app(prog_name="resnet_tf")

"""The commands as one program: a row each, with the examples that its --help ends with."""

from __future__ import annotations

from typing import Annotated

import typer

from resnet_tf.cli import (
    counting,
    curves,
    designing,
    files,
    importing,
    instep,
    presets,
    profiling,
    reproducing,
    runs,
    sweeping,
    training,
)
from resnet_tf.cli.failures import Edge

_CODES = (
    "Exit codes: 0 done, 1 designs differ (diff), cost more than a budget (count) or come out otherwise (reproduce), "
    "2 no such design or option, 3 it could not be done, 130 Ctrl+C."
)

app = typer.Typer(
    name="resnet_tf", cls=Edge, rich_markup_mode=None, pretty_exceptions_enable=False, invoke_without_command=True,
    epilog=_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)  # fmt: skip

_runs = typer.Typer(rich_markup_mode=None, invoke_without_command=True)
_sweeps = typer.Typer(rich_markup_mode=None, invoke_without_command=True)

# command -> its examples, without the program's name
COMMANDS = {
    presets.presets: ("presets --like wide --max-macs 5G", "presets --family densenet --sort params --json"),
    designing.show: ("show resnet50", "show 'http://localhost:8501/?design=resnet50' --json > design.json"),
    counting.count: (
        "count resnet50 --by stage", "count resnet18 --set classes=10 --batch 256 --optimizer adamw",
        "count resnet50 --device a100_80gb --epoch imagenet --batch 256 --precision mixed_float16",
        "count design.json --budget parameters=25M --budget training='8 GB'",
    ),
    designing.draw: (
        "draw resnet50 --level stage -o resnet50.svg", "draw design.json -f tikz > design.tex",
        "draw vgg19 --beside plain34 --beside resnet34 --style paper -o figure3.pdf",
    ),
    importing.import_: ("import model.keras -o design.json", "import resnet50d.onnx", "import timm/resnet50.a1_in1k"),
    designing.diff: ("diff resnet50 resnet50_v1", "diff resnet50 --set stages[2].blocks=9"),
    files.build: ("build resnet18", "build resnet50 --seed 1 -o resnet50.keras", "build resnet50 -o resnet50.py"),
    training.train: (
        "train resnet20_cifar10 -o trained", "train --resume -o trained",
        "train resnet20_cifar10 --dataset cifar10 --recipe he2015 --with epochs=3 -o cifar",
        "train trained --from trained --dataset my_images.zip --recipe finetune --frozen 2 -o tuned",
    ),
    training.rate: ("rate resnet20_cifar10", "rate resnet18 --dataset cifar10 --recipe he2015 --steps 200"),
    profiling.profile: (
        "profile resnet20_cifar10", "profile resnet56_cifar10 --set order=pre --seeds 3",
        "profile plain20_cifar10 --json",
    ),
    reproducing.reproduce: ("reproduce report.html", "reproduce report.html --only counts --only ResNet-20 --json"),
    instep.versus: (
        "versus resnet20_cifar10", "versus resnet20_cifar10 --cut stage2 --cut stage3.block2 --seeds 5 --epochs 10",
        "versus plain20_cifar10 --json",
    ),
    sweeping.sweep: (
        "sweep resnet20_cifar10 --axis width=0.5,1,2 --axis learning_rate=0.01..1:log --how asha --trials 16",
        "sweep resnet20_cifar10 --axis shortcut=projection,zero-padding,none --repeats 3 --with epochs=5",
        "sweep resnet20_cifar10 --axis stages[*].blocks=2,3,5 --plan",
    ),
    files.export: ("export trained -f savedmodel -f onnx -o files", "export resnet50 --seed 1 -f litert -o files"),
    curves.tensorboard: ("tensorboard trained -o logs", "tensorboard 3f2a 9b1c -o logs"),
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
SWEEPS = {
    sweeping.list_sweeps: ("list", "sweeps list --json"),
    sweeping.show: ("show", "sweeps show 3f2a"),
    sweeping.stop: ("stop", "sweeps stop 3f2a"),
    sweeping.resume: ("resume", "sweeps resume 3f2a"),
    sweeping.delete: ("delete", "sweeps delete 3f2a --yes"),
}


def _examples(lines: tuple[str, ...]) -> str:
    """Examples as the end of a help text; the mark keeps them as they are."""
    return "\n".join(("\b", "Examples:", *(f"  resnet_tf {line}" for line in lines)))


for _command, _lines in COMMANDS.items():
    app.command(_command.__name__.rstrip("_"), epilog=_examples(_lines))(_command)
for _group, _rows in ((_runs, RUNS), (_sweeps, SWEEPS)):
    for _command, (_name, _line) in _rows.items():
        _group.command(_name, epilog=_examples((_line,)))(_command)
_runs.callback(epilog=_examples(("runs", "runs list --task export --json", "runs show 3f2a")))(runs.runs)
app.add_typer(_runs, name="runs")
_sweeps.callback(epilog=_examples(("sweeps", "sweeps show 3f2a")))(sweeping.sweeps)
app.add_typer(_sweeps, name="sweeps")


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

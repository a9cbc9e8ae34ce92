"""build, export, convert, serve: what needs weights. Keras is loaded when one of them is run."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from resnet_tf.cli.designs import PLAN, Changes, DesignArgument, design
from resnet_tf.cli.failures import FAILED, Failed
from resnet_tf.cli.networks import Network, load_keras, of_folder, of_run, of_weights, saved
from resnet_tf.cli.output import AsJson, print_json, size
from resnet_tf.design.costs import costs
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.learning.formats import FORMATS, check, model_name
from resnet_tf.learning.naming import SOURCES

_RUN = re.compile(r"[0-9a-f]{16}")  # an id of the workbench's runs


def _complete_formats(incomplete: str) -> list[str]:
    return [name for name in FORMATS if name.startswith(incomplete)]


Formats = Annotated[
    list[str],
    typer.Option("--format", "-f", help=f"{', '.join(FORMATS)}. Repeatable.", autocompletion=_complete_formats),
]
OutFolder = Annotated[Path, typer.Option("--out", "-o", help="The folder that the files are written to.")]
Seed = Annotated[int, typer.Option(help="Of first weights.")]
Source = Annotated[
    str,
    typer.Option("--from-source", show_default=False, help=f"Whose the weights are: {', '.join(SOURCES)}. By default "
                 "resnet_tf's where they are a checkpoint or .keras, keras' where .h5, else timm's."),
]  # fmt: skip
Pixels = Annotated[
    str | None,
    typer.Option(
        "--scaling", show_default=False,
        help="How the network takes pixels: training (-1 to 1), imagenet or caffe. By default as its source has it.",
    ),
]  # fmt: skip


# --- build


def build(
    text: DesignArgument, changes: Changes, seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A .keras file to save it to, or a .py file for its source.",
                     show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Builds the Keras model and compares its parameters with the count; or writes its source, without Keras."""
    name, spec = design(text, changes)
    if out is not None and out.suffix not in (".keras", ".py"):
        raise SpecError("out", "a file that ends in .keras or .py", str(out))
    if out is not None and out.suffix == ".py":
        _write_source(spec, out, as_json=as_json)
        return
    load_keras()
    from resnet_tf.learning.build import build as built

    began = time.perf_counter()
    model = built(spec, seed=seed, name=model_name(name))
    seconds = time.perf_counter() - began
    counted = costs(spec).parameters
    if model.count_params() != counted:
        raise Failed(f"The model has {model.count_params():,} parameters and the design {counted:,}")
    path = saved(model, spec, out) if out else None
    if as_json:
        print_json({"name": model.name, "layers": len(model.layers), "parameters": counted, "seconds": seconds,
                    "path": path})  # fmt: skip
        return
    print(f"{model.name}: {len(model.layers):,} layers, {counted:,} parameters as counted, built in {seconds:.1f} s")
    if path:
        print(f"Written: {path}")


def _write_source(spec: Spec, path: Path, *, as_json: bool) -> None:
    from resnet_tf.design.code import to_python

    source = to_python(spec)
    path.write_text(source)
    if as_json:
        print_json({"path": path, "lines": source.count("\n"), "parameters": costs(spec).parameters})
    else:
        print(f"Written: {path}")


# --- export and convert


def export(
    text: Annotated[
        str, typer.Argument(metavar="DESIGN", show_default=False,
                            help="As elsewhere, with first weights; a folder of `train` or a run's id, with theirs.")
    ],
    formats: Formats, out: OutFolder, changes: Changes,
    weights: Annotated[
        Path | None, typer.Option(help="A checkpoint, or weights of another library.", show_default=False)
    ] = None,
    source: Source = "", scaled: Pixels = None, seed: Seed = 0, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Writes a network in other formats. Each is reloaded and compared; exits with 3 where one is not the same."""
    check(formats)  # before anything slow begins
    trained = _RUN.fullmatch(text) or os.path.isfile(os.path.join(text, PLAN))
    if trained and (changes or weights):
        raise SpecError("--set" if changes else "weights", "left out: this network was trained as it is", text)
    if _RUN.fullmatch(text):
        network = of_run(text)
    elif trained and os.path.isdir(text):
        from resnet_tf.cli.plans import Folder

        network = of_folder(Folder(Path(text)))
    elif weights:
        network, source = of_weights(text, changes, weights, source)
        scaled = scaled or _usual_scaling(network.spec, source)
    else:
        name, spec = design(text, changes)
        load_keras()
        from resnet_tf.learning.build import build as built

        network = Network(built(spec, seed=seed, name=model_name(name)), spec)
    _write(network, formats, out, scaled or "training", as_json=as_json)


def convert(
    weights: Annotated[Path, typer.Argument(metavar="WEIGHTS", help="A .safetensors, .pth, .h5 or .keras file, or a "
                                            "checkpoint.", show_default=False)],
    text: DesignArgument, formats: Formats, out: OutFolder, changes: Changes,
    source: Source = "", scaled: Pixels = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Writes another library's weights in other formats, as `export` does."""
    check(formats)  # before anything slow begins
    network, source = of_weights(text, changes, weights, source)
    _write(network, formats, out, scaled or _usual_scaling(network.spec, source), as_json=as_json)


def _usual_scaling(spec: Spec, source: str) -> str:
    from resnet_tf.learning.scaling import usual

    return usual(source, spec.input_shape[2])


def _write(network: Network, formats: Sequence[str], folder: Path, scaled: str, *, as_json: bool) -> None:
    """Writes the files and tells of each. Exits with 3 where one could not be written or is not the same."""
    from resnet_tf.learning.export import export as exported

    model, spec, training, data = network
    records = []
    for record in exported(model, spec, folder, formats, training=training, data=data, scaled=scaled):
        records.append({**record._asdict(), "path": str(record.path)})
        _tell(records[-1], as_json=as_json)
    if as_json:
        print_json({"name": model.name, "folder": folder, "files": records})
    if any(record["error"] or record["verified"] is False for record in records):
        raise typer.Exit(FAILED)


def _tell(record: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        return
    said = record["error"] or (f"largest difference {record['difference']:.2g}" if record["verified"] else "")
    if record["verified"] is False:
        said = f"NOT THE SAME: {said or record['difference']}"
    told = "; ".join(filter(None, (said, record["note"])))
    print(f"{record['format']}: {record['path']}, {size(record['bytes'])}{f', {told}' if told else ''}", flush=True)


# --- serve


def serve(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A file that `export` wrote.", show_default=False)],
    host: Annotated[str, typer.Option(help="0.0.0.0 to be reached from other machines.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8000,
    as_json: AsJson = False,
) -> None:
    """Serves an exported network: POST an image to /predict; /health says whether it is ready."""
    if not model.exists():
        raise SpecError("model", "a file that is there", str(model))
    from resnet_tf.learning.serving import serve as served

    address = f"http://{host}:{port}"
    if as_json:
        print_json({"model": model, "address": address})
    else:
        print(f"Opening {model}, to be served at {address}: POST a picture to {address}/predict", flush=True)
    served(model, host, port)

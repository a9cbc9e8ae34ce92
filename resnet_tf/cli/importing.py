"""import: a network of another library becomes a design. Loads no Keras: files are read as data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resnet_tf.cli.failures import Failed
from resnet_tf.cli.output import AsJson, print_json


def import_(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", show_default=False,
                       help="A .keras, .onnx or .json file, a SavedModel (zip or folder), or a name in timm, "
                            "torchvision or keras.applications."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A .json file for the design.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Recognises a residual network of another library, or says what of it no design has. No code of a file is run."""
    from resnet_tf.design.links import to_link
    from resnet_tf.learning.imported import Unrecognised, imported

    try:
        found = imported(source)
    except Unrecognised as error:
        raise Failed(f"{source} holds no design: {error}") from error
    link = to_link(found.spec)
    if out is not None:
        out.write_text(found.spec.model_dump_json(indent=2) + "\n")
    if as_json:
        preset = found.preset.name if found.preset else None
        fields = found.spec.model_dump(mode="json")
        print_json({"link": link, "preset": preset, "notes": found.notes, "spec": fields, "path": out})
        return
    print(f"{found.preset.title if found.preset else 'A design of its own'}: {link}")
    for note in found.notes:
        print(note)
    if out is not None:
        print(f"Written: {out}")

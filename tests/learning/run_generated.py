"""A process of Keras alone: runs the files of generated code in a folder on the weights and images beside them."""

import ast
import contextlib
import io
import json
import sys
import traceback
from pathlib import Path

import keras
import numpy as np


def weights_of(model):
    return {
        f"{layer.name}/{i}": keras.ops.convert_to_numpy(weight)
        for layer in model.layers
        for i, weight in enumerate(layer.weights)
        if "seed_generator" not in weight.path
    }


def given(model, weights):
    for layer in model.layers:
        for i, weight in enumerate(layer.weights):
            if "seed_generator" not in weight.path:
                weight.assign(weights[f"{layer.name}/{i}"])


def run(code):
    """The network that a file of code makes, and what the file prints as a program."""
    space = {"__name__": "__main__"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code.read_text(), str(code), "exec"), space)
    functions = [node.name for node in ast.parse(code.read_text()).body if isinstance(node, ast.FunctionDef)]
    return space[functions[-1]](), printed.getvalue()


def outcome(code):
    """What is known of the network afterwards, and its arrays."""
    model, printed = run(code)
    first = weights_of(model)
    with np.load(code.with_suffix(".npz")) as arrays:
        given(model, arrays)
        images = arrays["images"]
    calm, trained = (keras.ops.convert_to_numpy(model(images, training=mode)) for mode in (False, True))
    facts = {
        "count": model.count_params(), "printed": printed, "layers": [layer.name for layer in model.layers],
        "configs": {layer.name: layer.get_config() for layer in model.layers},
        "ours_loaded": "resnet_tf" in sys.modules,
    }  # fmt: skip
    after = weights_of(model)
    named = {
        f"{when}:{key}": value for when, part in (("first", first), ("after", after)) for key, value in part.items()
    }
    return facts, {"calm": calm, "trained": trained, **named}


for code in sorted(Path(sys.argv[1]).glob("*.py")):
    try:
        facts, arrays = outcome(code)
    except Exception:  # told to the test of this file, so that the others are still run
        facts, arrays = {"error": traceback.format_exc()}, {}
    code.with_suffix(".json").write_text(json.dumps(facts, default=str))
    np.savez(code.with_suffix(".out.npz"), **arrays)

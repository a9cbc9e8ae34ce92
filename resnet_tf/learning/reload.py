"""Run by `export` in a fresh process: loads what was written and prints, as JSON, how far its outputs are off.

`python -I reload.py PAIR.npz FORMAT=PATH ...`. It must not know this package: what needs it would fail here.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.setrecursionlimit(20_000)  # Keras recurses through the layers of a model, and some have thousands


def _savedmodel(path: str, inputs: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        network = tf.saved_model.load(folder).signatures["serving_default"]
        return network(images=tf.constant(inputs))["logits"].numpy()


def _keras(path: str, inputs: np.ndarray) -> np.ndarray:
    import keras

    network = keras.saving.load_model(path, compile=False)
    return keras.ops.convert_to_numpy(network(inputs, training=False))


LOADERS: dict[str, Callable[[str, np.ndarray], np.ndarray]] = {"savedmodel": _savedmodel, "keras": _keras}


def difference(name: str, path: str, inputs: np.ndarray, outputs: np.ndarray) -> dict[str, object]:
    """The largest difference, or the error that loading or running ended in."""
    try:
        found = LOADERS[name](path, inputs)
        if found.shape != outputs.shape:
            raise ValueError(f"outputs of shape {found.shape} instead of {outputs.shape}")
    except Exception as error:  # whatever a foreign loader raises is the answer
        return {"difference": None, "error": f"{type(error).__name__}: {error}"}
    return {"difference": float(np.abs(found - outputs).max()), "error": None}


def main(pair: str, *files: str) -> None:
    with np.load(pair) as arrays:
        inputs, outputs = arrays["inputs"], arrays["outputs"]
    found = {name: difference(name, path, inputs, outputs) for name, path in (file.split("=", 1) for file in files)}
    if "resnet_tf" in sys.modules:
        raise RuntimeError("the reloaded files need resnet_tf, which those who take them away do not have")
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

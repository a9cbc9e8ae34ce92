"""Opens what was exported, each format by its own library. Knows nothing of this package, and serving uses it too.

Run by `export` in a fresh process, `python -I reload.py IMAGES.npz FORMAT=PATH ...`: writes what each file answers to
FORMAT.npz in the current folder and prints, as JSON, the error in which loading or running it ended. What needs this
package would fail here.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.setrecursionlimit(20_000)  # Keras recurses through the layers of a model, and some have thousands

BATCH = 32


class Network(NamedTuple):
    """A file that was opened: what it takes, and a function from a batch of that to its outputs."""

    shape: tuple[int, ...]  # of one image: height, width, channels
    takes_pixels: bool  # uint8 as they are, rather than scaled
    answer: Callable[[np.ndarray], dict[str, np.ndarray]]


def _savedmodel(path: str) -> Network:
    """A SavedModel: its folder, or a zip of it."""
    if Path(path).is_dir():
        return _signature(path)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        return _signature(folder)


def _signature(folder: str) -> Network:
    import tensorflow as tf

    network = tf.saved_model.load(folder)
    serve = network.signatures["serving_default"]
    images = serve.structured_input_signature[1]["images"]

    def answer(batch: np.ndarray, kept: Any = network) -> dict[str, np.ndarray]:  # a signature keeps no variables
        return {name: value.numpy() for name, value in serve(images=tf.constant(batch)).items()}

    return Network(tuple(images.shape[1:]), images.dtype == tf.uint8, answer)


def _keras(path: str) -> Network:
    import keras

    network = keras.saving.load_model(path, compile=False)

    def answer(batch: np.ndarray) -> dict[str, np.ndarray]:
        found = network(batch, training=False)
        named = found if isinstance(found, dict) else {"output": found}
        return {name.replace(".", "_"): keras.ops.convert_to_numpy(value) for name, value in named.items()}

    return Network(tuple(network.input_shape[1:]), False, answer)


def _onnx(path: str) -> Network:
    import onnxruntime

    network = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    names = [output.name for output in network.get_outputs()]

    def answer(batch: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(names, network.run(names, {"images": batch}), strict=True))

    return Network(tuple(network.get_inputs()[0].shape[1:]), False, answer)


def _litert(path: str) -> Network:
    """A LiteRT file, in LiteRT's own library or else in TensorFlow's; one batch at a time, as an interpreter can."""
    interpreter = _interpreter()(path)
    network, turn = interpreter.get_signature_runner(), threading.Lock()
    images, outputs = network.get_input_details()["images"], network.get_output_details()

    def answer(batch: np.ndarray) -> dict[str, np.ndarray]:
        with turn:
            found = network(images=_written(batch, images))
            return {name: _read(value, outputs[name]) for name, value in found.items()}

    return Network(tuple(int(n) for n in images["shape"][1:]), False, answer)


def _interpreter() -> Callable[[str], Any]:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        import tensorflow as tf

        return tf.lite.Interpreter
    return Interpreter


def _written(values: np.ndarray, place: dict[str, Any]) -> np.ndarray:
    """Numbers as an input has them: as whole multiples of a step where it takes int8."""
    if place["dtype"] is not np.int8:
        return values
    step, zero = place["quantization"]
    return np.rint(values / step + zero).clip(-128, 127).astype(np.int8)


def _read(values: np.ndarray, place: dict[str, Any]) -> np.ndarray:
    """What an output means."""
    if place["dtype"] is not np.int8:
        return values
    step, zero = place["quantization"]
    return (values.astype(np.float32) - zero) * np.float32(step)


OPENERS: dict[str, Callable[[str], Network]] = {
    "savedmodel": _savedmodel,
    "savedmodel_pixels": _savedmodel,
    "keras": _keras,
    "onnx": _onnx,
    "litert": _litert,
    "litert_float16": _litert,
    "litert_int8": _litert,
}


def answers(name: str, path: str, pixels: np.ndarray, scaled: np.ndarray) -> dict[str, np.ndarray]:
    """What a file answers to images, batch by batch."""
    network = OPENERS[name](path)
    images = pixels if network.takes_pixels else scaled
    parts = [network.answer(images[i : i + BATCH]) for i in range(0, len(images), BATCH)]
    return {output: np.concatenate([part[output] for part in parts]) for output in parts[0]}


def attempt(name: str, path: str, pixels: np.ndarray, scaled: np.ndarray) -> str | None:
    """Writes what a file answers; the error that loading or running it ended in."""
    try:
        np.savez(f"{name}.npz", **answers(name, path, pixels, scaled))
    except Exception as error:  # whatever a foreign loader raises is the answer
        return f"{type(error).__name__}: {error}"
    return None


def main(images: str, *files: str) -> None:
    with np.load(images) as arrays:
        pixels, scaled = arrays["pixels"], arrays["scaled"]
    found = {name: attempt(name, path, pixels, scaled) for name, path in (file.split("=", 1) for file in files)}
    if "resnet_tf" in sys.modules:
        raise RuntimeError("the reloaded files need resnet_tf, which those who take them away do not have")
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What a network can be taken away as: one row per format, with the lines that load it; no Keras."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.util import find_spec
from typing import NamedTuple

from resnet_tf.design import graph as g
from resnet_tf.design.spec import SpecError, nearest_word

EXACT = 1e-4  # of the largest output: what rounding can make of another order of the same additions
HALF = 1e-2  # of the outputs' range: weights of 11 binary digits
BYTE = 0.1  # of the outputs' range: weights and maps of 8 binary digits
_MESSAGE = 2_000_000_000  # bytes of a message of protobuf or a flatbuffer


class Format(NamedTuple):
    """A row. `tolerance` is how far its outputs may be off, None where there is nothing to run."""

    name: str
    title: str
    about: str
    suffix: str
    load: str
    tolerance: float | None = None
    lossy: bool = False  # whether it keeps less of every number: then the tolerance is a share of the outputs' range
    needs: tuple[str, ...] = ()  # packages beyond those that train
    serve: str = ""  # the lines with which another server serves it
    usual: bool = True  # whether it is chosen before anybody chooses
    most: int | None = None  # bytes of weights that such a file can hold

    def serving(self, file: str) -> str:
        """The lines that serve a file of this format: by this package, and by another server; nothing for texts."""
        lines = "\n".join(filter(None, (_OURS, self.serve))) if self.runs else ""
        return lines.format(file=file, stem=file.removesuffix(self.suffix))

    @property
    def runs(self) -> bool:
        return self.tolerance is not None

    def too_much(self, weights: int) -> str | None:
        """Why such a file cannot hold so many bytes of weights; None where it can."""
        if self.most is None or weights <= self.most:
            return None
        return f"{self.title} holds {self.most / 1e9:g} GB: the weights have {weights / 1e9:.3g} GB"

    @property
    def missing(self) -> str | None:
        """How to install what writing it needs; None where it is there."""
        absent = [package for package in self.needs if find_spec(package) is None]
        return f"{self.title} needs {' and '.join(absent)}: pip install 'resnet_tf[export]'" if absent else None


def model_name(title: str) -> str:
    """A network's name as Keras and file systems take it, from whatever a person called it."""
    return re.sub(r"[^A-Za-z0-9]+", "_", title).strip("_").lower() or "network"


def check(formats: Iterable[str]) -> None:
    """Raises SpecError for a format that does not exist."""
    for name in formats:
        if name not in FORMATS:
            raise SpecError("format", f"one of {', '.join(FORMATS)}", name, nearest_word(name, list(FORMATS)))


def output_names(graph: g.LayerGraph) -> dict[str, str]:
    """What a file calls each output -> the layer that gives it."""
    if len(graph.output_names) > 1:
        return {name.replace(".", "_"): name for name in graph.output_names}
    (name,) = graph.output_names
    return {"logits" if isinstance(graph.by_name[name].op, g.Dense) else "maps": name}


# In the lines below: {file} and {stem} its name, {shape} of an image, {scaled} the pixels as the network takes them,
# {output} what it gives, {preset} its name elsewhere. `pixels` are (n, height, width, channels), 0 to 255.
_SAVEDMODEL = """\
import shutil, tensorflow as tf; shutil.unpack_archive("{file}", "{stem}")
network = tf.saved_model.load("{stem}").signatures["serving_default"]
{output} = network(images=tf.constant({scaled}, tf.float32))["{output}"]  # pixels (n, {shape}), 0 to 255"""
_PIXELS = """\
import shutil, tensorflow as tf; shutil.unpack_archive("{file}", "{stem}-pixels")
network = tf.saved_model.load("{stem}-pixels").signatures["serving_default"]
{output} = network(images=tf.constant(pixels, tf.uint8))["{output}"]  # pixels (n, {shape}), 0 to 255"""
_OURS = "resnet_tf serve {file}  # answers pictures that are POSTed to http://127.0.0.1:8000/predict"
_TF_SERVING = """\
python -m zipfile -e {file} models/{stem}/1
docker run --rm -p 8501:8501 -v "$PWD/models/{stem}:/models/{stem}" -e MODEL_NAME={stem} tensorflow/serving
curl http://localhost:8501/v1/models/{stem}/metadata  # answers: POST {{"instances": [...]}} to .../{stem}:predict"""
_KERAS = """\
import keras
network = keras.saving.load_model("{file}")
{output} = network({scaled})  # pixels (n, {shape}), 0 to 255"""
_ONNX = """\
import onnxruntime
network = onnxruntime.InferenceSession("{file}")
({output},) = network.run(["{output}"], {{"images": ({scaled}).astype("float32")}})  # pixels (n, {shape}), 0 to 255"""
_LITERT = """\
from ai_edge_litert.interpreter import Interpreter  # pip install ai-edge-litert; TensorFlow has it as tf.lite
network = Interpreter("{file}").get_signature_runner()
{output} = network(images=({scaled}).astype("float32"))["{output}"]  # pixels (n, {shape}), 0 to 255"""
_LITERT_INT8 = """\
from ai_edge_litert.interpreter import Interpreter  # pip install ai-edge-litert; TensorFlow has it as tf.lite
network = Interpreter("{file}").get_signature_runner()
(step, zero), (size, base) = (d["quantization"] for d in (network.get_input_details()["images"], network.get_output_details()["{output}"]))
images = (({scaled}) / step + zero).round().clip(-128, 127).astype("int8")  # pixels (n, {shape}), 0 to 255
{output} = (network(images=images)["{output}"].astype("float32") - base) * size"""  # noqa: E501
_TIMM = """\
import safetensors.torch, timm
network = timm.create_model("{preset}", num_classes={classes}, in_chans={channels})  # this design there
network.load_state_dict(safetensors.torch.load_file("{file}"))"""
_TORCHVISION = """\
import safetensors.torch, torchvision
network = torchvision.models.get_model("{preset}", num_classes={classes})  # this design there
network.load_state_dict(safetensors.torch.load_file("{file}"))"""
_SPEC = """\
import pathlib, resnet_tf
spec = resnet_tf.parse_spec(pathlib.Path("{file}").read_text())
network = resnet_tf.build(spec)"""
_PYTHON = """\
import runpy
network = runpy.run_path("{file}")["network"]()  # its first weights, drawn anew"""
_COSTS = """\
import pandas
layers = pandas.read_csv("{file}")
print(layers.tail())"""
_DOT = """\
import graphviz
figure = graphviz.Source.from_file("{file}")
figure.render(format="svg")"""

# fmt: off
_ROWS = (
    Format("savedmodel", "SavedModel", "TensorFlow's own, zipped, for TF Serving: runs without Keras and this package",
           ".savedmodel.zip", _SAVEDMODEL, EXACT, serve=_TF_SERVING),
    Format("savedmodel_pixels", "SavedModel of pixels", "the same, but it takes pixels 0 to 255 and scales them itself",
           ".pixels.savedmodel.zip", _PIXELS, EXACT, serve=_TF_SERVING, usual=False),
    Format("keras", ".keras", "for Keras 3 on any backend, to go on training",
           ".keras", _KERAS, EXACT),
    Format("onnx", "ONNX", "for onnxruntime and what else reads ONNX, opset 18; images as here, channels last",
           ".onnx", _ONNX, EXACT, needs=("onnx", "onnxruntime"), most=_MESSAGE),
    Format("litert", "LiteRT", "for phones and browsers, float32 (TFLite)",
           ".tflite", _LITERT, EXACT, most=_MESSAGE),
    Format("litert_float16", "LiteRT float16", "half the size: weights of 16 bits",
           ".float16.tflite", _LITERT, HALF, lossy=True, usual=False, most=_MESSAGE),
    Format("litert_int8", "LiteRT int8", "a quarter of the size: weights and maps of 8 bits, input and output too",
           ".int8.tflite", _LITERT_INT8, BYTE, lossy=True, usual=False, most=_MESSAGE),
    Format("timm", "Weights for timm", "safetensors under timm's names, for its network of this design",
           ".timm.safetensors", _TIMM, usual=False),
    Format("torchvision", "Weights for torchvision", "safetensors under torchvision's names, for its network of it",
           ".torchvision.safetensors", _TORCHVISION, usual=False),
    Format("spec", "Spec", "the design as JSON, for this workbench", ".spec.json", _SPEC),
    Format("python", "Python", "the network as Keras code, to read and to change: needs Keras alone", ".py", _PYTHON),
    Format("notebook", "Notebook", "design, code, training and its result, for Jupyter: needs Keras alone",
           ".ipynb", "", usual=False),
    Format("costs", "Costs", "every layer's parameters, MACs and more, as CSV", ".costs.csv", _COSTS),
    Format("dot", "DOT", "the drawing, for Graphviz", ".dot", _DOT),
)
# fmt: on
FORMATS: dict[str, Format] = {row.name: row for row in _ROWS}
# beside every export, whatever is chosen: nobody chooses it
CARD = Format(
    "card", "Model card", "what it is, how it was trained, and the hash of each file", ".card.md", "", usual=False
)

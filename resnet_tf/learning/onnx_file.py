"""A graph as an ONNX model: one loop over its layers, each made by its row (onnx_rows.py).

Images come in as (batch, height, width, channels) by the name `images`, as in our other formats, and are transposed
once; inside channels come first, as ONNX has them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resnet_tf.design import graph as g
from resnet_tf.learning.backend import keras
from resnet_tf.learning.formats import output_names
from resnet_tf.learning.onnx_rows import ROWS, TO_CHANNELS_LAST, Nodes, Place

if TYPE_CHECKING:
    import onnx

OPSET = 18
IR_VERSION = 8  # the one that came with it, so that runtimes of its time take the file


def write(model: keras.Model, graph: g.LayerGraph, path: Path) -> None:
    """The file, checked by onnx."""
    import onnx

    made = onnx_model(model, graph)
    onnx.checker.check_model(made, full_check=True)
    path.write_bytes(made.SerializeToString())


def onnx_model(model: keras.Model, graph: g.LayerGraph) -> onnx.ModelProto:
    """The graph with the weights of a model. Raises UnknownOperation for an operation without a row."""
    from onnx import TensorProto, helper

    nodes, names = Nodes(), {}
    weights = {layer.name: layer.get_weights() for layer in model.layers}
    for layer in graph:
        shapes = [graph.by_name[i].shape for i in layer.inputs]
        inputs, learnt = [names[i] for i in layer.inputs], weights.get(layer.name, ())
        place = Place(layer.name, layer.op, inputs, shapes, layer.shape, learnt)
        names[layer.name] = g.row(ROWS, layer.op, "onnx_file")(nodes, place)
    outputs = []
    for name, layer_name in output_names(graph).items():
        shape = graph.by_name[layer_name].shape
        last = {"perm": TO_CHANNELS_LAST} if len(shape) == 3 else None
        nodes.add("Transpose" if last else "Identity", [names[layer_name]], name, last)
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape]))
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", *graph.input_shape])
    made = helper.make_graph(nodes.nodes, model.name, [images], outputs, nodes.constants)
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(made, producer_name="resnet_tf", opset_imports=[opset], ir_version=IR_VERSION)

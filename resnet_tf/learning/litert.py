"""A network for LiteRT (TFLite): in float32, with weights of 16 bits, or in whole numbers of 8 bits throughout."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from resnet_tf.design import graph as g
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import assemble
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.makers import MAKERS, Seed, Tensor
from resnet_tf.learning.savedmodel import servable


def write_float(model: keras.Model, graph: g.LayerGraph, path: Path) -> None:
    path.write_bytes(_converter(model, graph).convert())


def write_float16(model: keras.Model, graph: g.LayerGraph, path: Path) -> None:
    """Weights of 16 bits; a phone computes in them or in 32."""
    import tensorflow as tf

    converter = _converter(model, graph)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    path.write_bytes(converter.convert())


def write_int8(model: keras.Model, graph: g.LayerGraph, images: np.ndarray, path: Path) -> None:
    """Whole numbers throughout, input and output too; the steps of every map from what the images make of it."""
    import tensorflow as tf

    def representative() -> Iterator[dict[str, np.ndarray]]:
        for image in images:
            yield {"images": image[None]}

    converter = _converter(model, graph)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated")  # the converter's own calibrator
        path.write_bytes(converter.convert())


def _converter(model: keras.Model, graph: g.LayerGraph) -> Any:
    import tensorflow as tf

    module = servable(_twin(model, graph), graph)
    images = tf.TensorSpec((None, *graph.input_shape), tf.float32, name="images")
    return tf.lite.TFLiteConverter.from_concrete_functions([module.serve.get_concrete_function(images)], module)


def _twin(model: keras.Model, graph: g.LayerGraph) -> keras.Model:
    """The same network of operations that LiteRT has: the converter does not read Keras' grouped convolution."""
    makers = {**training_makers(), g.BatchNormalization: MAKERS[g.BatchNormalization], g.MaxPooling: _max_pooling}
    twin = assemble(graph, makers, seed=0, name=model.name)
    for layer in twin.layers:
        if layer.weights:
            layer.set_weights(model.get_layer(layer.name).get_weights())
    return twin


def _max_pooling(op: g.MaxPooling, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
    """Padded with its own edge, which changes no maximum: 8 bits have no infinity."""
    (x,) = inputs
    if op.padding:
        sides = (op.padding, op.padding)
        x = keras.ops.pad(x, ((0, 0), sides, sides, (0, 0)), mode="constant" if op.zeros else "symmetric")
    return keras.layers.MaxPooling2D(op.kernel, op.stride, name=name)(x)

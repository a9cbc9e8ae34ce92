"""ONNX and LiteRT have every operation, and answer as Keras does."""

import numpy as np
import pytest

from resnet_tf.design import graph as g
from resnet_tf.design.expand import as_graph
from resnet_tf.design.features import features, fpn, segmentation
from resnet_tf.design.spec import (
    DenseNetSpec,
    DenseStage,
    EfficientChannelAttention,
    Head,
    Normalization,
    ResNetSpec,
    SqueezeExcitation,
    Stage,
    Stem,
    VGGSpec,
    VGGStage,
)
from resnet_tf.learning import litert, onnx_file, reload
from resnet_tf.learning.build import build, folded
from resnet_tf.learning.onnx_rows import ROWS
from resnet_tf.learning.proof import outputs_of
from resnet_tf.learning.standardization import plain

pytestmark = pytest.mark.keras


def resnet(**axes):
    usual = {
        "input_shape": (31, 29, 3), "classes": 7, "stem": Stem(kernel=3, stride=1, widths=(8,), pool="max"),
        "stages": (Stage(blocks=2, width=8), Stage(blocks=2, width=16, stride=2)),
    }  # fmt: skip
    return ResNetSpec(**{**usual, **axes})


DESIGNS = {
    "aggregated, gated, smoothed": resnet(
        block="bottleneck", groups=4, attention=SqueezeExcitation(), antialias="blur", shortcut="average-pool",
        stem=Stem(kernel=7, stride=2, widths=(8,), pool="max-blur"), activation="silu",
        head=Head(pool="average-max", hidden=(12,), dropout=0.1),
    ),
    "without norm": resnet(normalization=Normalization(kind="fixup"), antialias="average"),
    "pre-activation, group norm": resnet(
        order="pre", normalization=Normalization(kind="group", groups=4, weight_standardization=True), bias="all",
        stem=Stem(kernel=7, stride=2, widths=(8,), pool="max-zero-padded"), attention=EfficientChannelAttention(),
        activation="gelu", layer_scale=0.5, stochastic_depth=0.2, dropout=0.2,
    ),
    "zeros and subsampling, scaled and gated": resnet(
        shortcut="zero-padding", shortcut_scale=0.5, shortcut_gate="exclusive", stride_at="last-block",
        activation="leaky_relu", input_shape=(32, 32, 1),
        stages=(Stage(blocks=2, width=8, stride=2), Stage(blocks=2, width=12, stride=2)),
    ),
    "dilated maps": resnet(output_stride=4, head=Head(pool="none"), stem=Stem(kernel=5, stride=2, widths=(8,))),
    "dense": DenseNetSpec(
        input_shape=(32, 32, 3), classes=7, growth=4, stages=(DenseStage(blocks=2), DenseStage(blocks=2)),
        stem=Stem(kernel=3, stride=1, widths=(8,), pool="average"),
    ),
    "flattened": VGGSpec(
        input_shape=(20, 12, 3), classes=7, hidden=(12,),
        stages=(VGGStage(convolutions=1, width=8), VGGStage(convolutions=1, width=8)),
    ),
    "pyramid": fpn(features(resnet()), channels=8),
    "segmentation": segmentation(features(resnet(stem=Stem(kernel=3, stride=2, widths=(8,)))), 5, channels=8),
}  # fmt: skip


def random_weights(model):
    """Weights none of which is what it begins as: scales, variances and biases tell a wrong row from a right one."""
    random = np.random.default_rng(0)
    for layer in model.layers:
        weights = layer.get_weights()
        layer.set_weights([random.uniform(0.5, 1.5, w.shape) if np.ptp(w) == 0 else w for w in weights])


@pytest.fixture(scope="module", params=DESIGNS)
def network(request):
    """A network of stock layers, its graph, five images and what Keras answers."""
    graph = as_graph(DESIGNS[request.param])
    model = build(graph, seed=1)
    random_weights(model)
    model, graph = folded(model, graph), plain(graph)
    images = np.random.default_rng(5).uniform(-1, 1, (5, *graph.input_shape)).astype(np.float32)
    return model, graph, images, outputs_of(model, graph, images)


def off_by(name, path, images, outputs):
    """The largest difference of a file's answers, as a share of the outputs' range."""
    found = reload.answers(name, str(path), images, images)
    assert {key: value.shape for key, value in found.items()} == {key: value.shape for key, value in outputs.items()}
    return max(np.abs(found[key] - value).max() / np.ptp(value) for key, value in outputs.items())


def test_onnx_has_a_row_for_every_operation():
    assert set(ROWS) == set(g.OPERATIONS)


def test_the_designs_of_these_tests_have_every_operation():
    found = {type(layer.op) for design in DESIGNS.values() for layer in as_graph(design)}
    assert found == set(g.OPERATIONS)


def test_onnxruntime_answers_as_keras_does(network, tmp_path):
    model, graph, images, outputs = network
    onnx_file.write(model, graph, tmp_path / "network.onnx")
    assert off_by("onnx", tmp_path / "network.onnx", images, outputs) < 1e-5


def test_litert_answers_as_keras_does(network, tmp_path):
    model, graph, images, outputs = network
    litert.write_float(model, graph, tmp_path / "network.tflite")
    assert off_by("litert", tmp_path / "network.tflite", images, outputs) < 1e-5


def test_litert_of_8_bits_answers_nearly_as_keras_does(network, tmp_path):
    model, graph, images, outputs = network
    litert.write_int8(model, graph, images, tmp_path / "network.tflite")
    assert off_by("litert_int8", tmp_path / "network.tflite", images, outputs) < 0.1

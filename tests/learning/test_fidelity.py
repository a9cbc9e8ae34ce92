"""Our presets compute what the networks of timm, torchvision and keras.applications compute from the same numbers."""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from filling import CLASSES, fill, image, places
from peers import PEERS, Ours, compute, difference, fill_as_peer, statistics_of

from resnet_tf.design.expand import as_graph
from resnet_tf.design.presets import preset
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import assemble
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.optimizers import optimizer
from resnet_tf.learning.recipes import Recipe

pytestmark = pytest.mark.keras

TRAINING = json.loads((Path(__file__).parents[1] / "fixtures" / "training.json").read_text())

# the largest differences allowed
LOGITS = 1e-4  # of the largest logit, in float32; also of the loss
GRADIENTS = 1e-6  # of the gradient's norm, in float64
STATISTICS = 5e-5  # of the largest of a norm's, in float32
LOSSES = 1e-3  # of each loss


class Pair(NamedTuple):
    peer: dict[str, Any]
    ours: Ours


@pytest.fixture(scope="module", params=PEERS)
def pair(request):
    """A network of another library and our preset, each filled by the names of the library."""
    peer = PEERS[request.param]
    return Pair(peer, compute(peer))


def test_the_logits_in_inference_mode_are_the_librarys(pair):
    assert difference(pair.ours.logits, pair.peer["logits"]) < LOGITS
    assert difference(pair.ours.stock_logits, pair.peer["logits"]) < LOGITS


def test_the_logits_and_the_loss_in_training_mode_are_the_librarys(pair):
    assert difference(pair.ours.training_logits, pair.peer["training_logits"]) < LOGITS
    assert pair.ours.loss == pytest.approx(pair.peer["loss"], rel=LOGITS)


def test_the_gradients_of_the_image_and_of_three_kernels_are_the_librarys(pair):
    assert len(pair.peer["gradients"]) == 4
    for name, theirs in pair.peer["gradients"].items():
        ours = pair.ours.gradients[name]
        norm = np.linalg.norm(ours.astype(np.float64))
        entries = ours.reshape(-1)[places(name, ours.size, len(theirs["entries"]))]
        assert norm == pytest.approx(theirs["norm"], rel=GRADIENTS), name
        typical = theirs["norm"] * math.sqrt(len(entries) / ours.size)  # the norm of so many of its entries
        assert np.linalg.norm(entries - theirs["entries"]) < GRADIENTS * typical, name


def test_the_moving_statistics_after_one_step_are_the_librarys(pair):
    """Keras keeps the mean square, torch N / (N - 1) times it: what torch saw is scaled to what Keras sees."""
    source = pair.peer["library"]
    for norm, theirs in pair.peer["statistics"].items():
        mean, variance, count = pair.ours.statistics[norm]
        scale = 1 if source == "keras" else (count - 1) / count
        seen = theirs["mean"], np.array(theirs["variance"]) * scale
        for name, ours, batch in zip(statistics_of(norm, source), (mean, variance), seen, strict=True):
            at = places(norm, ours.size, len(batch))
            before = fill(name, ours.shape)[at]
            expected = before + theirs["momentum"] * (np.array(batch) - before)
            assert difference(ours[at], expected) < STATISTICS, name


@pytest.mark.parametrize("name", TRAINING["losses"])
def test_ten_steps_of_sgd_follow_the_losses_of_torch(name):
    size, images = TRAINING["size"], TRAINING["images"]
    spec = preset(name, classes=CLASSES, input_shape=(size, size, 3))
    model = assemble(as_graph(spec), training_makers(), seed=None, name=name)
    fill_as_peer(model, "timm")
    plain = Recipe(optimizer="sgd", learning_rate=TRAINING["learning_rate"], momentum=TRAINING["momentum"])
    model.compile(optimizer=optimizer(plain, model), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    labels = np.arange(images) % CLASSES
    losses = [model.train_on_batch(image(images, size), labels) for _ in range(TRAINING["steps"])]
    np.testing.assert_allclose(losses, TRAINING["losses"][name], rtol=LOSSES)

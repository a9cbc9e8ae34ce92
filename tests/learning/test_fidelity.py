"""Our presets compute what the networks of timm, torchvision and keras.applications compute from the same numbers."""

import json
from pathlib import Path

import numpy as np
import pytest
from filling import CLASSES, image
from peers import PEERS, compute, differences, fill_as_peer

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


@pytest.fixture(scope="module", params=PEERS)
def found(request):
    """How far our preset is from a network of another library, both filled by the names of the library."""
    peer = PEERS[request.param]
    return differences(compute(peer), peer)


def test_the_logits_in_inference_mode_are_the_librarys(found):
    assert found.inference < LOGITS


def test_the_logits_and_the_loss_in_training_mode_are_the_librarys(found):
    assert found.training < LOGITS
    assert found.loss < LOGITS


def test_the_gradients_of_the_image_and_of_three_kernels_are_the_librarys(found):
    assert len(found.gradients) == 4
    assert {name: share for name, share in found.gradients.items() if share >= GRADIENTS} == {}


def test_the_moving_statistics_after_one_step_are_the_librarys(found):
    assert {name: share for name, share in found.statistics.items() if share >= STATISTICS} == {}


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

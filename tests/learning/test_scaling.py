"""Pixels as networks take them: as the libraries have it, and as the lines beside a file say it."""

import numpy as np
import pytest

from resnet_tf.design.spec import SpecError
from resnet_tf.learning.augment import scaled
from resnet_tf.learning.scaling import SCALINGS, scaling

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3), np.uint8)


def test_training_scales_as_the_training_loop_does():
    np.testing.assert_allclose(scaling("training", 3).apply(PIXELS), scaled(PIXELS), atol=1e-7)


def test_imagenet_is_torchvisions_normalisation_of_pixels_from_0_to_1():
    expected = (PIXELS / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(scaling("imagenet", 3).apply(PIXELS), expected, atol=1e-5)


def test_caffe_is_keras_applications_preprocessing_of_its_first_resnets():
    expected = PIXELS[..., ::-1] - np.array([103.939, 116.779, 123.68])
    np.testing.assert_allclose(scaling("caffe", 3).apply(PIXELS), expected, atol=1e-4)


@pytest.mark.parametrize("name", SCALINGS)
def test_the_line_of_numpy_computes_the_same(name):
    found = eval(SCALINGS[name].expression(), {"pixels": PIXELS})
    np.testing.assert_allclose(found, SCALINGS[name].apply(PIXELS), atol=1e-4)


def test_an_unknown_name_is_answered_with_the_nearest_and_colours_are_counted():
    with pytest.raises(SpecError, match="the nearest is 'imagenet'"):
        scaling("image_net", 3)
    with pytest.raises(SpecError, match="where images have 1 channels"):
        scaling("imagenet", 1)
    assert scaling("training", 7).apply(np.zeros((1, 2, 2, 7), np.uint8)).shape == (1, 2, 2, 7)

"""The answers of a network, counted and shown."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from resnet_tf.learning.datasets import Split
from resnet_tf.learning.evaluate import evaluation, scores, softmax

NAMES = ("cat", "dog", "cow")


@pytest.fixture
def answered():
    """60 images whose truth is their number modulo 3; number 7 and 8 are answered wrongly, 8 with more confidence."""
    labels = np.arange(60, dtype=np.int32) % 3
    logits = np.eye(3, dtype=np.float32)[labels] * 4
    logits[7], logits[8] = (2, 0, 0), (0, 9, 0)
    images = np.arange(60, dtype=np.uint8)[:, None, None, None] * np.ones((1, 5, 4, 1), np.uint8)
    return logits, Split(images, labels, (32, 32, 1))


def test_the_confusion_counts_every_image_once_by_truth_and_answer(answered):
    result = evaluation(*answered, NAMES)
    assert result["classes"] == list(NAMES)
    assert result["confusion"] == [[20, 0, 0], [1, 19, 0], [0, 1, 19]]


def test_the_worst_mistakes_come_first(answered):
    mistakes = evaluation(*answered, NAMES)["mistakes"]
    assert [(m["label"], m["prediction"]) for m in mistakes] == [(2, 1), (1, 0)]
    assert mistakes[0]["confidence"] == pytest.approx(np.exp(9) / (np.exp(9) + 2))
    assert mistakes[0]["top"][0] == [1, mistakes[0]["confidence"]]


def test_an_image_is_the_original_as_a_png(answered):
    mistake = evaluation(*answered, NAMES)["mistakes"][0]
    picture = Image.open(io.BytesIO(base64.b64decode(mistake["image"])))
    assert picture.format == "PNG"
    assert (np.asarray(picture) == 8).all()
    assert picture.size == (4, 5)


def test_samples_are_spread_over_the_split(answered):
    samples = evaluation(*answered, NAMES)["samples"]
    assert len(samples) == 24
    assert {sample["label"] for sample in samples} == {0, 1, 2}


def test_all_of_it_is_plain_json(answered):
    result = evaluation(*answered, NAMES)
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_scores_are_cross_entropy_and_accuracy_also_for_huge_logits():
    logits = np.array([[0.0, 0.0], [1e4, 0.0]], np.float32)
    loss, accuracy = scores(logits, np.array([1, 0]))
    assert loss == pytest.approx(np.log(2) / 2)
    assert accuracy == 0.5
    assert softmax(logits).tolist() == [[0.5, 0.5], [1.0, 0.0]]

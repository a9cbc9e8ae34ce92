"""What a trained network gets right and wrong, as plain JSON: confusion, samples, worst mistakes."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from resnet_tf.learning.datasets import Split

SHOWN = 24  # images of each kind
RUNNERS_UP = 3


def evaluation(logits: np.ndarray, split: Split, class_names: tuple[str, ...]) -> dict[str, Any]:
    """The network's answers on a split.

    `confusion[truth][answer]` counts images. `samples` are drawn evenly from the split, `mistakes` are the wrong
    answers given with most confidence; each is {image (PNG, base64), label, prediction, confidence, top}, classes by
    number, with `top` the likeliest classes and their probabilities.
    """
    probabilities = softmax(logits)
    answers = probabilities.argmax(axis=1)
    confusion = np.zeros((len(class_names), len(class_names)), int)
    np.add.at(confusion, (split.labels, answers), 1)
    wrong = np.flatnonzero(answers != split.labels)
    worst = wrong[np.argsort(-probabilities[wrong, answers[wrong]], kind="stable")][:SHOWN]
    even = np.unique(np.linspace(0, len(split) - 1, min(SHOWN, len(split))).round().astype(int))
    return {
        "classes": list(class_names),
        "confusion": confusion.tolist(),
        "samples": [_answer(i, split, probabilities[i]) for i in even],
        "mistakes": [_answer(i, split, probabilities[i]) for i in worst],
    }


def scores(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Mean cross-entropy (natural logarithm) and accuracy (0 to 1)."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_total = np.log(np.exp(shifted).sum(axis=1))
    loss = log_total - shifted[np.arange(len(labels)), labels]
    return float(loss.mean()), float((logits.argmax(axis=1) == labels).mean())


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (n, classes) of logits (n, classes), in float64."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def png(image: np.ndarray) -> str:
    """An image (height, width, 1 or 3) uint8 as PNG, base64."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def _answer(i: int, split: Split, probabilities: np.ndarray) -> dict[str, Any]:
    likeliest = np.argsort(-probabilities, kind="stable")[:RUNNERS_UP]
    return {
        "image": png(split.images[i]),
        "label": int(split.labels[i]),
        "prediction": int(likeliest[0]),
        "confidence": float(probabilities[likeliest[0]]),
        "top": [[int(c), float(probabilities[c])] for c in likeliest],
    }

"""What a measurement was made with, so that it can be made again as it was: software, machine, images. No Keras."""

from __future__ import annotations

import os
from typing import Any

from resnet_tf.learning.capacity import processor
from resnet_tf.learning.card import versions


def provenance(backend: str, fingerprint: str) -> dict[str, Any]:
    """Versions by package, Keras' backend, the processor and its cores, and the SHA-256 of images and labels.

    Cores are told since sums are divided over them: the same network on fewer has other last digits.
    """
    return {
        "versions": {**versions(), "backend": backend, "processor": processor()},
        "cores": os.cpu_count(),
        "data": fingerprint,
    }

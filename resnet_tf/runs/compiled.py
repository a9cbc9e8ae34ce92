"""What JAX compiles, kept in the home: the next process of the same home begins where this one compiled for minutes.

TensorFlow has nothing of the kind: what it traced lives as long as its process (`learning/shelf.py`).
"""

from __future__ import annotations

import os
from importlib.util import find_spec

from resnet_tf.runs.home import Home

MOST = 500_000_000  # bytes; what was used longest ago goes first


def keep_compiled(home: Home) -> None:
    """Tells JAX where, unless the environment does already; to be called before JAX is loaded.

    Without filelock, with which JAX bounds the size, nothing is kept.
    """
    if find_spec("filelock") is None:
        return
    usual = {
        "JAX_COMPILATION_CACHE_DIR": str(home.compiled),
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(MOST),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.2",
    }
    for name, value in usual.items():
        os.environ.setdefault(name, value)

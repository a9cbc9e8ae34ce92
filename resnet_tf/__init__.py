"""Residual networks, exact: a spec becomes a graph, and the graph its counts, its drawings and its Keras model.

The names below are loaded when they are first asked for, so that importing the package loads no Keras:

    from resnet_tf import costs, preset
    costs(preset("resnet50")).macs
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resnet_tf.design.alternatives import alternatives
    from resnet_tf.design.budget import Budget, Terms, standings
    from resnet_tf.design.code import to_python
    from resnet_tf.design.costs import Costs, costs
    from resnet_tf.design.diff import diff
    from resnet_tf.design.drawing import draw
    from resnet_tf.design.expand import expand
    from resnet_tf.design.features import features, fpn, segmentation
    from resnet_tf.design.figures import figure
    from resnet_tf.design.graph import LayerGraph
    from resnet_tf.design.layout import layout
    from resnet_tf.design.links import from_link, to_link
    from resnet_tf.design.path_lengths import PathLengths, path_lengths
    from resnet_tf.design.presets import PRESETS, edit, preset
    from resnet_tf.design.space import space
    from resnet_tf.design.spec import DenseNetSpec, ResNetSpec, SpecError, VGGSpec, parse_spec
    from resnet_tf.design.totals import totals
    from resnet_tf.learning.build import build
    from resnet_tf.learning.export import export
    from resnet_tf.learning.gradients import gradient_flow
    from resnet_tf.learning.lesion import lesion_study
    from resnet_tf.learning.notebook import to_notebook
    from resnet_tf.learning.pretrained import load_pretrained
    from resnet_tf.learning.recipes import RECIPES, Recipe
    from resnet_tf.learning.surface import loss_surface
    from resnet_tf.learning.train import train
    from resnet_tf.learning.variance import signal_by_depth
    from resnet_tf.learning.weights import load_weights, save_weights

_HOMES = {
    "design.alternatives": ("alternatives",),
    "design.budget": ("Budget", "Terms", "standings"),
    "design.code": ("to_python",),
    "design.costs": ("Costs", "costs"),
    "design.diff": ("diff",),
    "design.drawing": ("draw",),
    "design.expand": ("expand",),
    "design.features": ("features", "fpn", "segmentation"),
    "design.figures": ("figure",),
    "design.graph": ("LayerGraph",),
    "design.layout": ("layout",),
    "design.links": ("from_link", "to_link"),
    "design.path_lengths": ("PathLengths", "path_lengths"),
    "design.presets": ("PRESETS", "edit", "preset"),
    "design.space": ("space",),
    "design.spec": ("DenseNetSpec", "ResNetSpec", "SpecError", "VGGSpec", "parse_spec"),
    "design.totals": ("totals",),
    "learning.build": ("build",),
    "learning.export": ("export",),
    "learning.gradients": ("gradient_flow",),
    "learning.lesion": ("lesion_study",),
    "learning.pretrained": ("load_pretrained",),
    "learning.notebook": ("to_notebook",),
    "learning.recipes": ("RECIPES", "Recipe"),
    "learning.surface": ("loss_surface",),
    "learning.train": ("train",),
    "learning.variance": ("signal_by_depth",),
    "learning.weights": ("load_weights", "save_weights"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "PRESETS",
    "RECIPES",
    "Budget",
    "Costs",
    "DenseNetSpec",
    "LayerGraph",
    "PathLengths",
    "Recipe",
    "ResNetSpec",
    "SpecError",
    "Terms",
    "VGGSpec",
    "alternatives",
    "build",
    "costs",
    "diff",
    "draw",
    "edit",
    "expand",
    "export",
    "features",
    "figure",
    "fpn",
    "from_link",
    "gradient_flow",
    "layout",
    "lesion_study",
    "load_pretrained",
    "load_weights",
    "loss_surface",
    "parse_spec",
    "path_lengths",
    "preset",
    "save_weights",
    "segmentation",
    "signal_by_depth",
    "space",
    "standings",
    "to_link",
    "to_notebook",
    "to_python",
    "totals",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)

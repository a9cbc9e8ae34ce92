"""What a training computes with: the model, its optimiser, what takes the steps, and the model that is judged.

Making it, and tracing and compiling it at the first step, takes seconds; it is made once for all runs of one `Shape`
that follow each other in a process (`Shelf`). A run begins by giving every variable its first value, so that it gives
the numbers, to the bit, that it gives in a process of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from resnet_tf.design.expand import expand
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.spec import Spec
from resnet_tf.learning import build, optimizers
from resnet_tf.learning.backend import computing_in, keras
from resnet_tf.learning.build import assemble
from resnet_tf.learning.engine import Engine, engine
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.optimizers import averages, optimizer
from resnet_tf.learning.recipes import Recipe

# what the loop reads of a recipe and tells the steps: a field that is not among them may be compiled into them
TOLD = (
    "name", "title", "source", "reached", "learning_rate", "schedule", "milestones", "factor", "warmup", "epochs",
    "flip", "patience", "test_flip",
)  # fmt: skip
_USUAL = Recipe()


class Shape(NamedTuple):
    """What is compiled: two runs of equal shapes can have one machine."""

    spec: Spec
    recipe: Recipe
    batch_size: int
    weights: tuple[float, ...] | None  # how much each class counts
    devices: tuple[str, ...]


def shape(spec: Spec, recipe: Recipe, batch_size: int, weights: np.ndarray | None, devices: tuple[str, ...]) -> Shape:
    """The shape of a run: of its recipe what is compiled."""
    same = recipe.model_copy(update={name: getattr(_USUAL, name) for name in TOLD})
    return Shape(spec, same, batch_size, None if weights is None else tuple(weights.tolist()), devices)


class Machine(NamedTuple):
    """`judged` answers: the model itself, or one in float32 that is given its weights, or their averages."""

    model: keras.Model
    optimizer: keras.optimizers.Optimizer
    judged: keras.Model
    engine: Engine

    @property
    def bytes(self) -> int:
        """What its variables take."""
        models = {id(each): each for each in (self.model, self.judged)}.values()
        variables = [v for model in models for v in model.variables] + self.optimizer.variables
        return sum(4 * int(np.prod(variable.shape)) for variable in variables)

    def begin_again(self, seed: int) -> None:
        """Gives the model its first weights."""
        build.begin_again(self.model, seed)

    def ready(self, recipe: Recipe) -> None:
        """Makes the optimiser what it is before the first step, once the model has the weights that it begins with."""
        optimizers.begin_again(self.optimizer, recipe, self.model)


def machine(shape: Shape) -> Machine:
    """A machine for runs of a shape."""
    spec, recipe, _, weights, devices = shape
    graph = expand(spec)
    with computing_in(recipe.precision):
        model = assemble(graph, training_makers(), seed=0, name="network")
    freeze(model, graph, recipe.frozen)
    rule = optimizer(recipe, model)
    # what answers is the average, where there is one, and computes in float32, whatever the training does
    itself = recipe.precision == "float32" and not averages(rule, model)
    judged = model if itself else assemble(graph, training_makers(), seed=0, name="network")
    # for answers alone; on a CPU XLA halves TensorFlow's speed
    judged.compile(jit_compile=keras.backend.backend() == "jax")
    counted = None if weights is None else np.array(weights, np.float32)
    return Machine(model, rule, judged, engine(model, rule, recipe, spec.classes, counted, devices))


def freeze(model: keras.Model, graph: LayerGraph, parts: int) -> None:
    """Leaves so many parts as they are, the stem first, then the stages; their norms use their moving statistics."""
    chosen = graph.parts[:parts]
    for block in graph.blocks:
        for layer in graph.layers_of(block) if block.stage in chosen else ():
            model.get_layer(layer.name).trainable = False

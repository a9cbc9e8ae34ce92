"""A residual network without its convolutions: fully connected blocks with drawn weights, forward and back in NumPy.

Small enough to be computed while a control is moved, and enough to see how signals and gradients depend on depth,
on the size of the weights, on norms and on what the shortcut does to what it carries. No Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from resnet_tf.design.spec import Order, SpecError

EPSILON = 1e-5  # of a norm
MOST_BLOCKS, MOST_WIDTH = 200, 512

Array: TypeAlias = np.ndarray
Back: TypeAlias = Callable[[Array], Array]  # dE/dy -> dE/dx

# what a block's branch is made of, and what follows the addition (He 2016, Figure 4): w weights, n norm, r ReLU
ORDERS: dict[Order, tuple[str, str]] = {
    "post": ("wnrwn", "r"),
    "norm-after-addition": ("wnrw", "nr"),
    "activation-before-addition": ("wnrwnr", ""),
    "activation-only-pre": ("rwnrwn", ""),
    "pre": ("nrwnrw", ""),
}


@dataclass(frozen=True)
class Miniature:
    """What there is to choose. `carried` is the share of x that the shortcut carries: 1 an identity, 0 none."""

    blocks: int = 20
    width: int = 64
    order: Order = "post"
    carried: float = 1.0
    weights: float = 1.0  # times as large as He's (2015) initialiser draws them
    norm: bool = True

    def __post_init__(self) -> None:
        for name, value, most in (("blocks", self.blocks, MOST_BLOCKS), ("width", self.width, MOST_WIDTH)):
            if not 1 <= value <= most:
                raise SpecError(name, f"from 1 to {most}", value, min(max(value, 1), most))


class Signals(NamedTuple):
    """By block, the first one first: the mean square of what leaves it, and the norm of dE/dy there."""

    squares: tuple[float, ...]
    gradients: tuple[float, ...]


def signals(network: Miniature, seed: int, examples: int = 64) -> Signals:
    """How the signal and the gradient fare, for examples and a dE/dy at the end that are drawn from the seed too."""
    luck = np.random.default_rng(seed)
    x = luck.standard_normal((examples, network.width))
    squares, backs = [], []
    for _ in range(network.blocks):
        x, back = _block(network, x, luck)
        squares.append(float(np.mean(x**2)))
        backs.append(back)
    gradient = luck.standard_normal(x.shape)
    gradients = []
    for back in reversed(backs):
        gradients.append(float(np.linalg.norm(gradient)))
        gradient = back(gradient)
    return Signals(tuple(squares), tuple(reversed(gradients)))


def input_gradient(network: Miniature, line: Array, seed: int) -> Array:
    """dy/dx at each point x of a line, for a network of one input and one output: what shatters as depth grows.

    With norms it is the derivative of the sum over all points, as they share the norms' statistics (Balduzzi 2017,
    arXiv:1702.08591, section 1.1).
    """
    luck = np.random.default_rng(seed)
    first, shift = luck.standard_normal((1, network.width)), luck.standard_normal(network.width)
    x, backs = line[:, None] * first + shift, []
    for _ in range(network.blocks):
        x, back = _block(network, x, luck)
        backs.append(back)
    last = luck.standard_normal((network.width, 1)) / np.sqrt(network.width)
    gradient = np.ones((len(line), 1)) @ last.T
    for back in reversed(backs):
        gradient = back(gradient)
    return (gradient @ first.T)[:, 0]


def likeness(gradient: Array) -> float:
    """How alike the gradients at neighbouring points are: their correlation, 1 for a smooth curve, 0 for noise."""
    return float(np.corrcoef(gradient[:-1], gradient[1:])[0, 1])


def _block(network: Miniature, x: Array, luck: np.random.Generator) -> tuple[Array, Back]:
    branch, after = ORDERS[network.order]
    added, back_of_branch = _chain(network, branch, x, luck)
    y, back_of_end = _chain(network, after, network.carried * x + added, luck)

    def back(gradient: Array) -> Array:
        gradient = back_of_end(gradient)
        return network.carried * gradient + back_of_branch(gradient)

    return y, back


def _chain(network: Miniature, layers: str, x: Array, luck: np.random.Generator) -> tuple[Array, Back]:
    backs: list[Back] = []
    for letter in layers:
        if letter == "w":
            size = network.weights * np.sqrt(2 / network.width)
            x, back = _dense(x, size * luck.standard_normal((network.width, network.width)))
        elif letter == "r":
            x, back = _relu(x)
        elif network.norm:
            x, back = _norm(x)
        else:
            continue
        backs.append(back)

    def through(gradient: Array) -> Array:
        for back in reversed(backs):
            gradient = back(gradient)
        return gradient

    return x, through


def _dense(x: Array, weights: Array) -> tuple[Array, Back]:
    return x @ weights, lambda gradient: gradient @ weights.T


def _relu(x: Array) -> tuple[Array, Back]:
    return np.maximum(x, 0), lambda gradient: gradient * (x > 0)


def _norm(x: Array) -> tuple[Array, Back]:
    """Batch norm by the batch's own statistics, with a scale of 1 and a shift of 0."""
    spread = np.sqrt(x.var(axis=0) + EPSILON)
    y = (x - x.mean(axis=0)) / spread

    def back(gradient: Array) -> Array:
        return (gradient - gradient.mean(axis=0) - y * (gradient * y).mean(axis=0)) / spread

    return y, back

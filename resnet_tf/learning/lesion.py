"""Lesion studies (Veit 2016, arXiv:1605.06431, section 4): a trained network without some of its branches, or with
blocks in each other's place.

A branch is multiplied by a number, which is 1, and 0 where it is left out; blocks change places by exchanging their
weights. So all the networks of a study are one, compiled once, with other weights.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from resnet_tf.design import graph as g
from resnet_tf.design.expand import as_graph
from resnet_tf.design.junctions import junctions
from resnet_tf.design.labels import block_label
from resnet_tf.design.lesions import exchanges, interchangeable, removable, selections
from resnet_tf.design.part import nearest_word
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import assemble
from resnet_tf.learning.evaluate import scores
from resnet_tf.learning.gradients import Batch
from resnet_tf.learning.inference import Weights, batches, compiled, inference, tensors
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.makers import Maker, Seed, Tensor
from resnet_tf.learning.studies import DRAWS, SWAPS, Lesion, LesionStudy, Progress, Score

ops = keras.ops


class Gate(keras.layers.Layer):
    """What it is given times its one number, which is 1 as long as nobody changes it."""

    def build(self, shape: Any) -> None:
        self.share = self.add_weight(shape=(), initializer="ones", trainable=False, name="share")

    def call(self, x: Tensor) -> Tensor:
        return ops.multiply(x, self.share)


class Patient:
    """A network with trained weights, on which any lesion is tried without building or compiling anything anew."""

    def __init__(self, subject: Spec | g.LayerGraph, batch: Batch, weights: Mapping[str, np.ndarray]) -> None:
        """`weights` are by path, as a checkpoint has them. Raises KeyError for one that is not given."""
        self.graph = as_graph(subject)
        self.removable, self._groups = removable(self.graph), interchangeable(self.graph)
        model = _gated(self.graph, self.removable)
        self._gates = {block: model.get_layer(_gate(block)).share.path for block in self.removable}
        self._weights = tensors(model, {**weights, **dict.fromkeys(self._gates.values(), np.float32(1))})
        self._nothing = ops.convert_to_tensor(np.float32(0))
        self._labels, self._parts = batch[1], [images for images, _ in batches(batch)]
        self._logits = compiled(inference(model))

    def score(self, removed: Collection[str] = (), placed: Mapping[str, str] | None = None) -> Score:
        """The network's score without the branches of the blocks `removed`.

        `placed` says which block stands where another was, {place: block}, a rearrangement of interchangeable blocks;
        what is removed is what stands in these places. Raises SpecError for blocks that cannot go or change places.
        """
        weights = {**self._placed(placed or {}), **{self._gate_of(block): self._nothing for block in removed}}
        logits = [ops.convert_to_numpy(self._logits(weights, images)) for images in self._parts]
        return Score(*scores(np.concatenate(logits), self._labels))

    def swapped(self, a: str, b: str) -> Score:
        """The network's score with two blocks in each other's place."""
        return self.score(placed={a: b, b: a})

    def _gate_of(self, block: str) -> str:
        if block not in self._gates:
            nearest = nearest_word(block, list(self.removable))
            raise SpecError("removed", "names of blocks with a shortcut around their branch", block, nearest)
        return self._gates[block]

    def _placed(self, placed: Mapping[str, str]) -> Weights:
        """The weights, those of each block where it now stands."""
        for place, block in placed.items():
            alike = next((group for group in self._groups if place in group), ())
            if block not in alike:
                raise SpecError("placed", f"a block like {place}", block, place)
        if sorted(placed) != sorted(placed.values()):
            raise SpecError("placed", "each block in one place", dict(placed))
        moved = {}
        for path in self._weights:
            place = next((place for place in placed if path.startswith(f"{place}.")), None)
            if place is not None:
                moved[path] = self._weights[placed[place] + path.removeprefix(place)]
        return {**self._weights, **moved}


def _gate(block: str) -> str:
    return f"gate.{block}"


def _gated(graph: g.LayerGraph, blocks: Collection[str]) -> keras.Model:
    """The network with a gate at the end of each of these blocks' branches."""
    joins = {each.join: each.block.name for each in junctions(graph) if each.block.name in blocks}
    table = training_makers()
    add = table[g.Addition]

    def gated(op: Any, name: str, inputs: list[Tensor], seed: Seed) -> Tensor:
        if name in joins:
            branch, around = inputs
            inputs = [Gate(name=_gate(joins[name]))(branch), around]
        return add(op, name, inputs, seed)

    makers: dict[type, Maker] = {**table, g.Addition: gated}
    return assemble(graph, makers, seed=0, name="network")


def lesion_study(
    subject: Spec | g.LayerGraph, batch: Batch, weights: Mapping[str, np.ndarray], *, swaps: int = SWAPS,
    draws: int = DRAWS, seed: int = 0,
) -> LesionStudy:  # fmt: skip
    """How a trained network does without each of its branches, without several, and with like blocks exchanged.

    `batch` is images as the network takes them and their classes, best a whole validation set; `weights` are by path,
    as a checkpoint has them. At most `swaps` pairs are drawn from the seed, and `draws` sets of branches of each of up
    to eight sizes. The network is in inference mode. Raises SpecError where no block has a shortcut.
    """
    *_, last = operated(subject, batch, weights, swaps=swaps, draws=draws, seed=seed)
    return last.found


def operated(
    subject: Spec | g.LayerGraph, batch: Batch, weights: Mapping[str, np.ndarray], *, swaps: int = SWAPS,
    draws: int = DRAWS, seed: int = 0,
) -> Iterator[Progress]:  # fmt: skip
    """Each lesion as it is done, then the `LesionStudy`, as `lesion_study` has it."""
    graph = as_graph(subject)
    if not removable(graph):
        raise SpecError("shortcut", "one that is added, in some block", "none", "projection")
    patient = Patient(graph, batch, weights)
    blocks = {
        "removed": [(block,) for block in patient.removable],
        "several": selections(graph, draws, seed),
        "swapped": exchanges(graph, swaps, seed),
    }
    of = 1 + sum(map(len, blocks.values()))
    whole, done = patient.score(), 1
    yield Progress(done, of, "the network as it is")
    found: dict[str, list[Lesion]] = {kind: [] for kind in blocks}
    for kind, chosen in blocks.items():
        for each in chosen:
            score = patient.swapped(*each) if kind == "swapped" else patient.score(each)
            found[kind].append(Lesion(each, score))
            done += 1
            yield Progress(done, of, _told(kind, each))
    yield Progress(of, of, "all", LesionStudy(whole, **{kind: tuple(found[kind]) for kind in found}, seed=seed))


def _told(kind: str, blocks: Sequence[str]) -> str:
    """What was done, in words."""
    if kind == "several":
        return f"without {len(blocks):,} branches"
    names = " and ".join(map(block_label, blocks))
    return f"{names} exchanged" if kind == "swapped" else f"without the branch of {names}"

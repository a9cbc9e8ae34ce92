"""Branches left out and blocks exchanged, against networks built without them, or with the others' weights."""

import json

import numpy as np
import pytest
from filling import fill, image

from resnet_tf.design.presets import edit
from resnet_tf.design.spec import ResNetSpec, SpecError, Stage, Stem
from resnet_tf.learning.build import build
from resnet_tf.learning.evaluate import scores
from resnet_tf.learning.lesion import Patient, lesion_study

pytestmark = pytest.mark.keras

SPEC = ResNetSpec(
    input_shape=(8, 8, 3), classes=10, stem=Stem(kernel=3, stride=1, widths=(8,), pool="none"),
    stages=(Stage(blocks=3, width=8), Stage(blocks=2, width=16, stride=2)),
)  # fmt: skip
BATCH = image(40, 8), np.random.default_rng(0).integers(0, 10, 40, np.int32)
FEWER = [{"blocks": 1, "width": 8}, {"blocks": 1, "width": 16, "stride": 2}]


def filled(spec):
    """Weights of a network, norms' statistics among them, as if they were trained."""
    return {weight.path: fill(weight.path, tuple(weight.shape)) for weight in build(spec).weights}


def stock(spec, weights):
    """Loss and accuracy of a network of stock layers that has these weights."""
    model = build(spec)
    for weight in model.weights:
        weight.assign(weights[weight.path])
    return scores(np.asarray(model(BATCH[0], training=False)), BATCH[1])


@pytest.fixture(scope="module", params=["post", "pre"])
def spec(request):
    return edit(SPEC, order=request.param)


@pytest.fixture(scope="module")
def weights(spec):
    return filled(spec)


@pytest.fixture(scope="module")
def patient(spec, weights):
    return Patient(spec, BATCH, weights)


def test_without_a_lesion_it_is_the_network(patient, spec, weights):
    assert patient.score() == pytest.approx(stock(spec, weights), rel=1e-5)


def test_without_the_branches_of_a_span_it_is_the_network_that_lacks_those_blocks(patient, spec, weights):
    removed = ["stage1.block2", "stage1.block3", "stage2.block2"]
    fewer = edit(spec, stages=FEWER)
    assert patient.score(removed) == pytest.approx(stock(fewer, weights), rel=1e-5)
    assert patient.score(removed).loss != pytest.approx(patient.score().loss, rel=1e-3)


def test_without_one_branch_it_is_the_network_whose_later_blocks_move_up(patient, spec, weights):
    fewer = edit(spec, stages=[{"blocks": 2, "width": 8}, {"blocks": 2, "width": 16, "stride": 2}])
    moved = {
        path: weights[path.replace("stage1.block2.", "stage1.block3.")] if path in weights else value
        for path, value in filled(fewer).items()
    }
    assert patient.score(["stage1.block2"]) == pytest.approx(stock(fewer, moved), rel=1e-5)


@pytest.mark.parametrize("shortcut", ["projection", "zero-padding"])
def test_without_a_branch_beside_no_identity_it_is_the_network_whose_branch_ends_in_nothing(spec, shortcut):
    spec = edit(spec, shortcut=shortcut)
    weights = filled(spec)
    ends = ("norm2/gamma", "norm2/beta") if spec.order == "post" else ("conv2/kernel",)
    nothing = {f"stage2.block1.{end}" for end in ends}
    assert nothing <= set(weights)
    silenced = {path: 0 * weight if path in nothing else weight for path, weight in weights.items()}
    found = Patient(spec, BATCH, weights).score(["stage2.block1"])
    assert found == pytest.approx(stock(spec, silenced), rel=1e-5)


def test_blocks_that_change_places_take_their_weights_along(patient, spec, weights):
    a, b = "stage1.block2.", "stage1.block3."
    other = {a: b, b: a}
    exchanged = {path: weights[other.get(path[:14], path[:14]) + path[14:]] for path in weights}
    assert patient.swapped("stage1.block2", "stage1.block3") == pytest.approx(stock(spec, exchanged), rel=1e-5)
    around = {"stage1.block1": "stage1.block2", "stage1.block2": "stage1.block3", "stage1.block3": "stage1.block1"}
    back = {block: place for place, block in around.items()}
    assert len({patient.score(placed=each).loss for each in ({}, around, back)}) == 3
    assert patient.score(placed={place: place for place in around}) == patient.score()


def test_a_study_has_every_block_that_can_go_and_pairs_of_like_ones(patient, spec, weights):
    study = lesion_study(spec, BATCH, weights, swaps=2, draws=1, seed=1)
    names = ["stage1.block1", "stage1.block2", "stage1.block3", "stage2.block1", "stage2.block2"]
    assert [each.blocks for each in study.removed] == [(name,) for name in names]
    assert [each.score for each in study.removed] == [patient.score([name]) for name in names]
    assert study.whole == patient.score()
    assert [len(each.blocks) for each in study.several] == [2, 3, 4, 5]
    assert all(each.score == patient.score(each.blocks) for each in study.several)
    assert len(study.swapped) == 2
    assert all(each.score == patient.swapped(*each.blocks) for each in study.swapped)
    told = json.loads(json.dumps(study.as_json()))
    assert told["removed"][1] == {"blocks": ["stage1.block2"], **study.removed[1].score._asdict()}
    assert told["whole"]["accuracy"] == study.whole.accuracy


def test_what_cannot_go_or_change_places_is_refused_in_words(patient):
    with pytest.raises(SpecError, match=r"a shortcut around their branch .*'stem'"):
        patient.score(["stem"])
    with pytest.raises(SpecError, match=r"a block like stage1\.block2"):
        patient.swapped("stage1.block2", "stage2.block2")
    with pytest.raises(SpecError, match="each block in one place"):
        patient.score(placed={"stage1.block2": "stage1.block3"})


def test_a_network_without_shortcuts_has_nothing_to_go_around_by():
    with pytest.raises(SpecError, match="shortcut must be one that is added"):
        lesion_study(edit(SPEC, shortcut="none"), BATCH, {})

"""What two makings of an experiment have otherwise, on experiments made by hand."""

import copy
from dataclasses import replace

import pytest
import reported

from resnet_tf.reports.differences import are_other_images, is_same_place, of_counts, of_numbers, of_places


def by_name(differences):
    return {each.what: each for each in differences}


def changed(experiment, change):
    """The experiment with something of what it found otherwise."""
    other = copy.deepcopy(experiment)
    change(other.found)
    return other


@pytest.mark.parametrize("experiment", [reported.training(), reported.profiled()], ids=["training", "profile"])
def test_an_experiment_differs_from_itself_in_nothing_but_time(experiment):
    found = of_numbers(experiment, copy.deepcopy(experiment))
    assert {each.verdict for each in found} <= {"same", "time"}
    assert len(found) > 5


def test_one_epoch_that_is_otherwise_in_its_last_bit_is_said_with_its_place():
    then = reported.training()
    now = changed(then, lambda found: found["epochs"][1].update(loss=1.0 + 2**-52))
    difference = by_name(of_numbers(then, now))["loss"]
    assert difference.verdict == "differs"
    assert difference.note == "by 2.22e-16 (2.2e-14 %), at 1 of 3, first at epoch 2, seed 3"
    assert by_name(of_numbers(then, now))["accuracy"].verdict == "same"


def test_epochs_that_only_one_side_has_are_a_difference():
    then = reported.training()
    fewer = changed(then, lambda found: found["epochs"].pop())
    for a, b in ((then, fewer), (fewer, then)):
        assert by_name(of_numbers(a, b))["validation accuracy"].verdict == "differs"


def test_what_was_not_found_at_all_is_missing():
    then = reported.training()
    now = changed(then, lambda found: found["result"].pop("validation_loss"))
    assert by_name(of_numbers(then, now))["validation loss, at the end"].verdict == "missing"


def test_a_time_is_never_a_difference_and_says_how_much_faster():
    then = reported.training()
    now = changed(then, lambda found: found["result"].update(seconds=25.0))
    difference = by_name(of_numbers(then, now))["seconds, at the end"]
    assert (difference.verdict, difference.note) == ("time", "2.00 ×")


def test_a_block_of_a_profile_that_is_otherwise_is_named():
    then = reported.profiled()

    def change(found):
        found["sides"]["with shortcuts"][1]["blocks"]["gradient"][2] *= 1.1

    difference = by_name(of_numbers(then, changed(then, change)))["gradient, with shortcuts"]
    assert difference.verdict == "differs"
    assert "(10 %), at 1 of 6, first at stage1.block2, seed 1" in difference.note


def test_another_device_or_version_makes_no_bit_certain():
    then = reported.made()
    assert is_same_place(then, reported.made())
    assert not is_same_place(then, reported.made(device="CPU, 16 cores"))
    assert not is_same_place(then, reported.made(versions={**reported.VERSIONS, "keras": "3.13.0"}))
    assert is_same_place(then, reported.made(versions={**reported.VERSIONS, "Python": "3.12.0"}))
    assert not is_same_place(reported.made(versions={}), reported.made())
    assert not is_same_place(then, reported.made(versions={**reported.VERSIONS, "processor": "A, avx512f"}))
    silent = {name: version for name, version in reported.VERSIONS.items() if name != "processor"}
    assert not is_same_place(reported.made(versions=silent), reported.made())  # it may have been another
    (place,) = (each for each in of_places(reported.made(versions=silent), then) if each.what == "processor")
    assert (place.verdict, place.now) == ("not recorded", "A, avx2")
    found = by_name(of_places(then, reported.made(versions={"Python": "3.11.7"})))
    assert (found["keras"].verdict, found["keras"].now) == ("differs", "none")
    assert found["Python"].verdict == "same"


def test_images_are_known_by_their_digest():
    then = reported.made()
    assert are_other_images(then, reported.made(data="cd" * 32))
    assert not are_other_images(then, then)
    silent = reported.made(data="")
    assert not are_other_images(silent, then)
    assert by_name(of_places(silent, then))["SHA-256 of images and labels"].verdict == "not recorded"


def test_a_count_that_was_changed_is_said_with_its_sign():
    design = reported.report().designs[0]
    assert {each.verdict for each in of_counts(design)} == {"same"}
    wrong = replace(design, counts={**design.counts, "macs": design.counts["macs"] - 5})
    found = by_name(of_counts(wrong))["multiply-adds"]
    assert (found.verdict, found.note) == ("differs", "+5")


def test_a_number_without_a_place_is_told_by_its_seed():
    then = reported.profiled()

    def change(found):
        found["sums"][1]["remainder"] = 0.5

    difference = by_name(of_numbers(then, changed(then, change)))["remainder, the formula's terms"]
    assert difference.note == "by 0.5, at 1 of 2, first at seed 1"

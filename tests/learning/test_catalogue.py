"""A design is made to fit a dataset, and a person is told what was changed."""

import pytest

from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import SpecError
from resnet_tf.learning.catalogue import DATASETS, DEFAULT, dataset, fit, what_changed


@pytest.mark.parametrize("card", DATASETS.values(), ids=lambda card: card.name)
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_fits_every_dataset(name, card):
    fitted = fit(PRESETS[name].spec, card)
    assert fitted.classes == card.classes
    assert fitted.input_shape[2] == card.image_shape[2]
    assert fitted.input_shape[:2] == ((32, 32) if "cifar" in name else (64, 64))
    assert fit(fitted, card) == fitted


def test_the_sentence_names_what_was_changed():
    sentence = what_changed(preset("resnet50"), fit(preset("resnet50"), dataset("digits")))
    assert sentence == (
        "Trained with 10 classes instead of 1,000, as the images have; 64 x 64 px instead of 224 x 224, a size that "
        "trains in reasonable time; 1 channel instead of 3."
    )


def test_nothing_is_said_where_nothing_is_changed():
    spec = preset("resnet20_cifar10")
    fitted = fit(spec, dataset("cifar10"))
    assert fitted == spec
    assert what_changed(spec, fitted) == ""


def test_a_stem_that_cannot_whiten_grey_images_learns_and_it_is_said_why():
    """3 x 3 pixels of one colour vary in 9 directions, 18 with both signs; in three colours in 54."""
    wide, narrow = ({"kernel": 3, "stride": 1, "widths": (n,), "pool": "none", "whitening": True} for n in (54, 16))
    spec = preset("resnet18", stem=wide)
    fitted = fit(spec, dataset("digits"))
    assert not fitted.stem.whitening
    assert "a stem that learns" in what_changed(spec, fitted)
    spec = preset("resnet18", stem=narrow)
    assert fit(spec, dataset("digits")).stem.whitening
    assert "learns" not in what_changed(spec, fit(spec, dataset("digits")))


def test_a_size_can_be_asked_for_and_an_impossible_one_is_refused():
    assert fit(preset("resnet18"), dataset("cifar10"), image_size=96).input_shape == (96, 96, 3)
    with pytest.raises(SpecError, match="input_shape"):
        fit(preset("resnet18"), dataset("cifar10"), image_size=8)


def test_a_network_that_ends_in_maps_is_refused_with_what_to_do():
    with pytest.raises(SpecError, match="without a head the network gives maps") as caught:
        fit(preset("resnet18", head={"pool": "none"}), dataset("digits"))
    assert (caught.value.field, caught.value.nearest) == ("head.pool", "average")


@pytest.mark.parametrize(
    ("name", "changes", "side"),
    [("densenet121", {}, 64), ("resnet50", {"output_stride": 8}, 32), ("vgg16", {}, 64)],
)  # fmt: skip
def test_the_size_follows_by_how_much_the_network_shrinks_the_image(name, changes, side):
    assert fit(preset(name, **changes), dataset("cifar10")).input_shape[:2] == (side, side)


def test_the_default_needs_no_network():
    assert not DATASETS[DEFAULT].needs_network


def test_an_unknown_dataset_is_answered_with_the_nearest_name():
    with pytest.raises(SpecError, match="the nearest is 'cifar10'"):
        dataset("cifar-10")


@pytest.mark.parametrize(("name", "classes"), [("digits", 10), ("fashion_mnist", 10), ("cifar100", 100)])
def test_every_class_has_its_own_name(name, classes):
    assert len(set(dataset(name).class_names)) == classes

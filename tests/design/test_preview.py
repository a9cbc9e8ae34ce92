"""The picture that goes with a link; truth is the drawing that it was made of."""

import pytest

from resnet_tf.design.costs import costs
from resnet_tf.design.figures.marks import Box, Circle, Line, Words, steps
from resnet_tf.design.figures.preview import HEIGHT, TOP, WIDTH, preview
from resnet_tf.design.presets import PRESETS, preset


def extent(figure):
    """How far boxes, circles and lines reach: left, top, right, bottom."""
    points = []
    for mark in figure.marks:
        match mark:
            case Box():
                points += [(mark.x, mark.y), (mark.x + mark.w, mark.y + mark.h)]
            case Circle():
                points += [(mark.x - mark.r, mark.y - mark.r), (mark.x + mark.r, mark.y + mark.r)]
            case Line():
                points += [point for step in steps(mark.d) for point in step.points]
    return (*map(min, zip(*points, strict=True)), *map(max, zip(*points, strict=True)))


@pytest.mark.parametrize("name", ["resnet18", "resnet152", "resnet1202_cifar10", "densenet201", "vgg19", "senet154"])
def test_the_drawing_stands_below_its_words_and_inside_the_picture(name):
    left, top, right, bottom = extent(preview(preset(name), PRESETS[name].title))
    assert left >= 0
    assert top >= TOP
    assert right <= WIDTH
    assert bottom <= HEIGHT
    assert right - left > WIDTH / 2 or bottom - top > (HEIGHT - TOP) / 2  # and fills it one way


def test_its_words_are_the_designs_name_and_its_exact_costs():
    spec = preset("resnet50", classes=10)
    counted = costs(spec)
    said = " ".join(mark.text for mark in preview(spec, "ResNet-50, edited").marks if isinstance(mark, Words))
    for words in ("ResNet-50, edited", f"{counted.trainable_parameters:,} parameters", f"{counted.macs:,} MACs"):
        assert words in said


def test_a_name_that_finds_no_room_is_cut_with_a_mark():
    words = [mark.text for mark in preview(preset("resnet18"), "x" * 80).marks if isinstance(mark, Words)]
    assert "x" * 33 + "…" in words

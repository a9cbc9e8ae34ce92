"""The figures that move: every control in both languages, and their numbers against counts and other computations."""

import csv
import io
import math

import numpy as np
import pytest

from resnet_tf.design.costs import costs
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import SpecError
from resnet_tf.lessons.course import lessons
from resnet_tf.lessons.figures import Figure, Series, spread
from resnet_tf.lessons.live import FIGURES, _as_costly, live, title
from resnet_tf.lessons.plots import plots
from resnet_tf.lessons.pools import POOLS, digit, moved
from resnet_tf.lessons.results import recorded
from resnet_tf.lessons.rows import network
from resnet_tf.lessons.texts import LANGUAGES, amount, said

NAMES = [lesson.name for lesson in lessons()]


def drawn(name, language="en", **chosen):
    found = live(name)
    return found.draw({**found.first, **chosen}, language)


def heights(figure):
    """{place: height of the whole bar}."""
    found = {}
    for each in figure.series:
        for place, height in zip(each.x, each.y, strict=True):
            found[place] = found.get(place, 0) + height
    return found


def test_every_lesson_has_a_figure_that_moves():
    assert list(FIGURES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_control_moves_the_figure_and_its_sentence_in_both_languages(name):
    for control in live(name).controls:
        assert control.first in control.options
        seen = set()
        for option in {control.options[0], control.first, control.options[-1]}:
            said_of = {}
            for language in LANGUAGES:
                figure = drawn(name, language, **{control.name: option})
                assert all(math.isfinite(y) for each in figure.series for y in each.y)
                assert title(name, control, option, language)
                said_of[language] = figure.sentence
            assert said_of["en"] != said_of["ru"]
            seen.add((figure.series, figure.pictures, figure.marks))
        assert len(seen) > 1, control.name


def test_what_a_link_says_of_a_control_is_read_or_refused():
    (control,) = live("degradation").controls
    assert control.read("12") == 12
    with pytest.raises(SpecError, match="blocks must be one of 1, 2"):
        control.read("13")


def test_bars_sum_to_the_published_counts():
    """He 2015, Table 1: 11.3 billion for ResNet-152; 19.6 for VGG-19."""
    found = heights(drawn("complexity", side=224))
    assert found["ResNet-152"] == costs(preset("resnet152_v1")).macs
    assert found["ResNet-152"] / 1e9 == pytest.approx(11.3, abs=0.05)
    assert found["VGG-19"] / 1e9 == pytest.approx(19.6, abs=0.05)
    parameters = heights(drawn("complexity", what="trainable_parameters"))
    assert parameters["VGG-16"] == 138_357_544  # torchvision


def test_blocks_of_one_width_cost_what_the_kernels_say():
    for width in (64, 256):
        found = list(heights(drawn("bottleneck", width=width, what="macs")).values())
        inner = width // 4
        assert found == [14 * 14 * 18 * width**2, 14 * 14 * 17 * inner**2, 14 * 14 * 18 * inner**2]


def test_designs_of_equal_cost_cost_about_the_same():
    goal = costs(network(9)).macs
    for blocks in (1, 3, 9, 18):
        spec, macs = _as_costly(blocks, 9)
        assert macs == costs(spec).macs
        assert macs == pytest.approx(goal, rel=0.1)
    assert _as_costly(9, 9)[0].stages[0].width == 16


def test_a_segmentation_networks_bars_are_its_parts():
    found = {each.name: dict(zip(each.x, each.y, strict=True)) for each in drawn("backbone").series}
    bodiless = edit(preset("resnet50_v1"), input_shape=(512, 512, 3), head={"pool": "none"})
    assert found["backbone"]["ResNet-50"] == costs(bodiless).macs


def test_pools_are_what_their_words_say():
    image = np.random.default_rng(0).random((16, 16))
    padded = np.pad(image, 1)
    highest = [[padded[i : i + 3, j : j + 3].max() for j in range(0, 16, 2)] for i in range(0, 16, 2)]
    assert POOLS["max-pool"](image) == pytest.approx(np.array(highest))
    assert POOLS["average"](image) == pytest.approx(image.reshape(8, 2, 8, 2).mean(axis=(1, 3)))
    assert POOLS["strided"](image) == pytest.approx(image[::2, ::2])
    edges = POOLS["convolution"](np.tile([0.0] * 8 + [1.0] * 8, (16, 1)))
    assert edges[4].argmax() == 4  # where the step is
    assert edges[4].max() == pytest.approx(0.5)


def test_a_digit_moves_as_a_whole():
    image = digit(3)
    assert image.shape == (16, 16)
    assert image.max() <= 1
    assert np.array_equal(moved(image, 2)[:, 2:], image[:, :-2])
    still = drawn("downsampling", shift=0)
    assert "0 %" in still.sentence


# --- outcomes as figures


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_recorded_outcome_is_drawn(language):
    for each in lessons(language):
        for mode in ("quick", "full"):
            if (outcome := recorded(each.name, mode)) is None:
                continue
            figures = plots(each, outcome)
            assert figures, each.name
            for figure in figures:
                names = [series.name for series in figure.series]
                assert len({*names}) == len(names)


def test_a_band_runs_from_the_lowest_to_the_highest_of_the_seeds():
    (each,) = (
        series
        for figure in plots(lessons()[1], recorded("gradient", "quick"))[:1]
        for series in figure.series
        if "pre-activation" in series.name
    )
    runs = recorded("gradient", "quick").arm("pre").runs
    rows = np.array([run.curves["gradient"] for run in runs])
    assert each.y == pytest.approx(rows.mean(axis=0))
    assert each.low == pytest.approx(rows.min(axis=0))
    assert each.high == pytest.approx(rows.max(axis=0))


def test_rows_of_different_lengths_are_averaged_where_they_are():
    each = spread("a", range(1, 9), [[1.0, 2.0, 3.0], [3.0]])
    assert (each.x, each.y, each.low, each.high) == ((1, 2, 3), (2.0, 2.0, 3.0), (1.0, 2.0, 3.0), (3.0, 2.0, 3.0))


def test_a_figures_file_has_every_point():
    figure = Figure("lines", "t", "epoch", "loss", (Series("a, b", (1, 2), (0.5, 0.25), (0.4, 0.2), (0.6, 0.3)),))
    rows = list(csv.reader(io.StringIO(figure.as_csv())))
    assert rows == [["series", "epoch", "loss", "low", "high"], ["a, b", "1", "0.5", "0.4", "0.6"],
                    ["a, b", "2", "0.25", "0.2", "0.3"]]  # fmt: skip


def test_amounts_have_three_digits_and_the_languages_own_words():
    assert [amount(n) for n in (999, 1_500, 25_557_032, 11.3e9)] == ["999", "1.5 k", "25.6 M", "11.3 G"]
    assert amount(25_557_032, "ru") == "25,6 млн"
    assert said(1234.5, "ru") == "1\N{NO-BREAK SPACE}234"  # halves to even

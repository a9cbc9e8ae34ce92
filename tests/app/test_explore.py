"""The Explore page: the map's data, what a window lists, the link, and what a click opens; no browser, no Keras."""

import json
import random
import subprocess
import sys

import pytest

from app.components.map import COSTS, landmarks, shades, steps
from app.views.explore import within
from resnet_tf.design.costs import costs
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.published import CIFAR10
from resnet_tf.design.space import space


@pytest.fixture
def explore(visit):
    """Opens the Explore page with these parameters in its link."""

    def explore(design=None, **link):
        page = visit(design)
        for name, value in link.items():
            page.query_params[name] = value
        page.switch_page("views/explore.py").run()
        assert not page.exception
        assert not page.error, [error.value for error in page.error]
        return page

    return explore


def data_of(page, component):
    found = next(e for e in page.get("bidi_component") if e.proto.component_name == f"resnet_tf_{component}")
    return json.loads(found.proto.json)[0]


def test_every_design_around_the_desks_is_a_dot_at_its_exact_costs(explore):
    dots = data_of(explore("resnet50"), "map")["dots"]
    designs = space(preset("resnet50")).designs
    assert len(dots["x"]) == len(designs) > 3_000
    for i in random.Random(0).sample(range(len(designs)), 20):
        counted = costs(designs[i].spec)
        assert (dots["x"][i], dots["y"][i], dots["layers"][i]) == (
            counted.macs, counted.trainable_parameters, counted.depth,
        )  # fmt: skip
        assert dots["depths"][dots["depth"][i]] == "-".join(str(stage.blocks) for stage in designs[i].spec.stages)


def test_the_design_on_the_desk_is_where_its_costs_are(explore):
    here = data_of(explore("vgg19"), "map")["here"]
    assert here == {"title": "VGG-19", "x": 19_632_062_464, "y": 143_667_240}  # torchvision's 19.63 GMACs and 143.7 M


def test_the_link_says_around_what_against_what_and_shaded_by_what(explore):
    page = explore("resnet18", around="CIFAR-10", cost="Activations", by="Block")
    told = data_of(page, "map")
    assert told["titles"] == ["Activations", "Parameters"]
    assert told["shades"]["names"] == ["basic", "bottleneck", "wide bottleneck", "32 groups"]
    assert {mark["key"] for mark in told["landmarks"]} >= {"preset.resnet20_cifar10", "preset.wrn28_10_cifar10"}
    page.segmented_control(key="by").set_value("Width").run()
    assert page.query_params["by"] == "Width"
    page.segmented_control(key="by").set_value("Depth").run()
    assert "by" not in page.query_params


@pytest.mark.parametrize(
    "link", [{"around": "<b>", "by": "colour"}, {"window": "a,b"}, {"window": "5,1,9,2"}, {"window": "nan,nan,1,2"}]
)
def test_a_link_that_says_nonsense_opens_the_page_as_it_is(explore, link):
    told = data_of(explore("resnet50", **link), "map")
    assert told["window"] is None
    assert told["titles"] == ["MACs", "Parameters"]


def test_a_window_lists_the_designs_in_it_and_nothing_else(explore):
    page = explore("resnet50", window="3e9,5e9,2e7,3e7")
    assert data_of(page, "map")["window"] == [3e9, 5e9, 2e7, 3e7]
    rows = data_of(page, "table")["rows"]
    shown = [[cell["value"] for cell in row["cells"]] for row in rows]
    assert ["bottleneck", "3-4-6-3", "64-128-256-512", 25_557_032, 4_089_184_256] in [row[:5] for row in shown]
    assert all(2e7 <= parameters <= 3e7 and 3e9 <= macs <= 5e9 for _, _, _, parameters, macs, *_ in shown)
    inside = within(space(preset("resnet50")), "MACs", (3e9, 5e9, 2e7, 3e7))
    assert any(f"{len(inside):,} designs in the window" in title.value for title in page.markdown)


def test_without_a_window_the_front_is_listed(explore):
    rows = data_of(explore("resnet50"), "table")["rows"]
    parameters, macs = ([row["cells"][i]["value"] for row in rows] for i in (3, 4))
    assert macs == sorted(macs)
    assert parameters == sorted(parameters)  # whoever costs more has more: else it is not on the front


def test_a_row_names_the_place_of_its_design(explore):
    rows = data_of(explore("resnet50", window="4e9,4.1e9,2.5e7,2.6e7"), "table")["rows"]
    row = next(row for row in rows if row["cells"][3]["value"] == 25_557_032)
    place = int(row["id"].removeprefix("design."))
    assert space(preset("resnet50")).designs[place].spec == preset("resnet50")


def test_landmarks_have_published_accuracies_and_the_costs_counted_here():
    by_name = {mark.key: mark for mark in landmarks((224, 224, 3), "MACs")}
    fifty = by_name["preset.resnet50"]
    assert (fifty.totals.parameters, fifty.totals.macs) == (25_557_032, 4_089_184_256)
    assert fifty.accuracy == 80.85  # torchvision's V2 weights, as timm measured them at 224 px
    for mark in landmarks((32, 32, 3), "MACs"):
        assert mark.accuracy == pytest.approx(100 - PRESETS[mark.key.removeprefix("preset.")].published[CIFAR10])


@pytest.mark.parametrize("cost", COSTS)
def test_a_landmark_is_the_best_where_none_is_as_accurate_for_less(cost):
    marks = landmarks((224, 224, 3), cost)
    point = {m: (m.accuracy, -getattr(m.totals, COSTS[cost]), -m.totals.parameters) for m in marks}
    for mark in marks:
        better = [
            o
            for o in marks
            if point[o] != point[mark] and all(map(float.__ge__, *map(floats, (point[o], point[mark]))))
        ]
        assert mark.best == (not better)


def floats(values):
    return [float(value) for value in values]


def test_shades_are_steps_of_about_as_many_designs_each():
    found = space(preset("resnet50"))
    shaded = shades(found, "Depth")
    counts = [shaded["of"].count(i) for i in range(len(shaded["names"]))]
    assert len(counts) == 6
    assert min(counts) > len(found.designs) / 12
    assert steps([7]) == [7]
    assert steps([1, 1, 1, 9]) == [1, 9]


def test_the_page_loads_no_framework_and_no_pandas():
    code = (
        "from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('app/main.py', default_timeout=60).run()\n"
        "page.switch_page('views/explore.py').run()\n"
        "assert not page.exception and not page.error\n"
        "import sys\n"
        "print([n for n in ('tensorflow', 'keras', 'jax', 'torch', 'pandas') if n in sys.modules])\n"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120).stdout.strip() == "[]"
    )

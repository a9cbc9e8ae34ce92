"""The Laboratory page, on profiles as a worker writes them; no TensorFlow."""

import csv
import io
import json
from dataclasses import replace

import handmade
import pytest
from reading import said

from app import state
from app.components.profile import as_csv
from app.components.shading import gradients
from app.components.signals import points, short_name
from resnet_tf.design.layout import layout
from resnet_tf.design.links import to_link
from resnet_tf.design.presets import preset
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.laboratory import Laboratory
from resnet_tf.runs.records import PROFILED
from resnet_tf.runs.store import Happening

NAME = "resnet20_cifar10"


@pytest.fixture
def laboratory(visit):
    """Opens the Laboratory page, on a design."""

    def laboratory(design=NAME):
        page = visit(design).switch_page("views/laboratory.py").run()
        assert not page.exception
        return page

    return laboratory


def claimed(bench, name=NAME):
    """A measurement that a worker has begun."""
    bench.laboratory.profile(preset(name), name="ResNet-20")
    home, host = bench._instance.place
    bench._store.enter("w", host, home, 1)
    return bench._store.claim("w", "CPU", "a test")


def write(bench, run, kind, step=0, seconds=0.0, **values):
    bench._store.append("w", run, [Happening(kind, step, 0, seconds, values)])


def finish(bench, made=None, name=NAME):
    """Has a design measured."""
    run = claimed(bench, name)
    write(bench, run, "compiling", steps=4)
    write(bench, run, PROFILED, 4, 1.0, **(made or handmade.profile()).as_json())
    bench._store.end("w", run, "finished")


def test_before_anything_is_measured_one_press_queues_it(laboratory, bench):
    page = laboratory()
    assert "Press **Measure**" in said(page)
    page.button(key="laboratory.measure").click().run()
    (run,) = bench.runs("profile")
    assert (run.state, run.name) == ("queued", "ResNet-20")
    assert page.progress
    assert "laboratory.measure" not in {button.key for button in page.button}
    page.button(key="laboratory.stop").click().run()
    assert bench.run(run.id).state == "stopped"


def test_what_measuring_changes_of_the_design_is_said(laboratory):
    assert "Measured with 10 classes instead of 1,000" in said(laboratory("resnet50"))


def test_a_measurement_under_way_says_what_was_measured_and_what_is_left(laboratory, bench):
    run = claimed(bench)
    write(bench, run, "compiling", steps=4)
    assert "Building and compiling" in said(laboratory())
    write(bench, run, "step", 1, 10.0, measured="with shortcuts, seed 0")
    page = laboratory()
    assert page.progress[0].value == 25
    assert "Measured: with shortcuts, seed 0. About 30 s left" in said(page)


def test_all_that_was_measured_is_on_the_page(laboratory, bench):
    finish(bench)
    page = laboratory()
    words = said(page)
    assert "gets 1/350 of the gradient of the last" in words
    assert "Shortcuts bring the two ends 150 times nearer to each other" in words
    assert "the shortcut brings more than the branch in 2 of 2 blocks and less in 0" in words
    assert "Of the ReLU channels 25 %, without shortcuts 50 % are dead" in words
    assert "the formula is exact" in words
    assert "32 images of Handwritten digits (bundled) at 32×32×1" in words
    assert "on the CPU" in words
    assert len(page.get("vega_lite_chart")) == 6
    assert "laboratory.measure" not in {button.key for button in page.button}


def test_a_chart_has_a_line_for_each_side_and_a_band_over_seeds(laboratory, bench):
    finish(bench)
    first = page_chart(laboratory(), 0)
    assert first["encoding"]["color"]["scale"]["domain"] == ["with shortcuts", "without shortcuts"]
    assert [layer["mark"]["type"] for layer in first["layer"]] == ["area", "line", "point"]
    y = first["layer"][1]["encoding"]["y"]
    assert y["scale"]["type"] == "log"
    assert y["axis"]["values"] == pytest.approx([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2])


def page_chart(page, i):
    return json.loads(page.get("vega_lite_chart")[i].proto.spec)


def flow_of(page):
    """What the drawings of the error on its way back are given."""
    found = next(e for e in page.get("bidi_component") if e.proto.component_name == "resnet_tf.flow")
    return json.loads(found.proto.json)[0]


def test_both_networks_are_drawn_with_what_comes_back_along_their_lines(laboratory, bench):
    finish(bench)
    drawn = flow_of(laboratory())
    joined, bare = drawn["sides"]
    assert (joined["title"], bare["title"]) == ("with shortcuts", "without shortcuts")
    assert joined["picture"] == json.loads(json.dumps(layout(preset(NAME, input_shape=(32, 32, 1)), "block").packed()))
    assert {edge[0] for row in bare["picture"]["drawings"] for edge in row[3]} == {"path", "cut"}
    rows = {side["title"]: {name: norms for name, norms, _, _ in side["blocks"]} for side in drawn["sides"]}
    assert rows["with shortcuts"]["stage1.block2"] == [1.0, 3.0, 4.0, 2.25]
    assert rows["without shortcuts"]["stage1.block2"] == [0.01, 0.01, None, 3.5]
    assert rows["with shortcuts"]["stage2.block1"] == [None, None, None, None]  # of which nothing was measured
    assert [mark[0] for mark in (drawn["marks"][0], drawn["marks"][-1])] == pytest.approx([0.01, 4.0])
    assert [mark[1] for mark in (drawn["marks"][0], drawn["marks"][-1])] == [1.0, 7.0]


def test_where_no_error_comes_back_that_is_said(laboratory, bench):
    nothing = handmade.flow((0.0, 0.0), ways=(1.0, 2.0, 0.0, 0.0))
    nothing = replace(nothing, blocks=tuple(block._replace(gradient=0.0) for block in nothing.blocks))
    finish(bench, replace(handmade.profile(), sides={"with shortcuts": (nothing,), "without shortcuts": (nothing,)}))
    assert "No error comes back through this network" in said(laboratory())


def test_a_post_activation_design_has_its_remainder_explained(laboratory, bench):
    finish(bench, handmade.profile(sums=handmade.sums(after="ReLU", remainder=0.8)))
    assert "it is what ReLU took away or changed on the way back" in said(laboratory())


def test_a_design_without_identities_says_that_there_is_no_sum(laboratory, bench):
    finish(bench, handmade.profile(sums=()))
    assert "there is no sum for the formula to be of" in said(laboratory())


def test_the_table_has_a_row_for_each_block_and_the_file_all_seeds(laboratory, bench):
    made = handmade.profile()
    finish(bench, made)
    page = laboratory()
    table = next(e for e in page.get("bidi_component") if e.proto.component_name == "resnet_tf_table")
    rows = json.loads(table.proto.json)[0]["rows"]
    assert [row["id"] for row in rows] == ["stem", "stage1.block1", "stage1.block2"]
    assert [cell["shown"] for cell in rows[0]["cells"]][3] == "–"  # a stem has no branch
    assert rows[2]["cells"][1]["value"] == pytest.approx(2.25)  # of 2 and 2.5
    told = list(csv.DictReader(io.StringIO(as_csv(made))))
    assert len(told) == 2 * 2 * 3  # sides, seeds, blocks
    assert told[1]["gradient"] == "1.0"
    assert told[0]["branch"] == ""


def test_a_measurement_that_failed_says_why_and_may_be_pressed_again(laboratory, bench):
    run = claimed(bench)
    bench._store.end("w", run, "failed", "This machine ran out of memory: choose a smaller design")
    page = laboratory()
    assert "The measurement failed: This machine ran out of memory" in said(page)
    page.button(key="laboratory.measure").click().run()
    assert [each.state for each in bench.runs("profile")] == ["queued", "failed"]


def test_a_worker_that_died_is_said_to(laboratory, bench):
    claimed(bench)
    home, host = bench._instance.place
    bench._store.bury(home, host, "killed by signal 9")
    assert "measure again" in said(laboratory())


def test_a_refusal_is_a_sentence(laboratory, bench, monkeypatch):
    def refuse(*what, **more):
        raise WorkbenchError("A pass takes 9 GB and 1 GB is free: it fits with every width at 11 %")

    monkeypatch.setattr(Laboratory, "profile", refuse)
    page = laboratory()
    page.button(key="laboratory.measure").click().run()
    assert "A pass takes 9 GB and 1 GB is free" in said(page)
    assert not page.exception


def test_a_design_without_a_head_is_told_that_it_cannot_be_measured(laboratory):
    page = laboratory(to_link(preset(NAME, head={"pool": "none"})))
    assert "This design cannot be measured" in said(page)
    assert not page.error
    assert "laboratory.measure" not in {button.key for button in page.button}


# --- on the canvas


def canvas_of(page):
    found = next(e for e in page.get("bidi_component") if e.proto.component_name == "resnet_tf.canvas")
    return json.loads(found.proto.json)[0]


def test_the_canvas_is_coloured_by_gradients_once_they_are_measured(visit, bench, monkeypatch):
    monkeypatch.setattr(state, "CALIBRATION_KEPT", 1e-9)
    assert canvas_of(visit(NAME))["extra"].keys() == {"differs"}
    finish(bench)
    extra = canvas_of(visit(NAME))["extra"]["gradient"]
    assert (extra["title"], extra["unit"]) == ("gradient norm", "norm of dE/dy at first weights, logarithmic")
    assert extra["values"]["stage1.block2"] == pytest.approx(2.25)
    assert extra["values"]["stage1"] == extra["values"]["stage1.block2"]  # of a folded stage, what leaves it
    assert extra["lines"]["widths"]["stage1.block2"] == [1, 7]  # of 3 by the branch and 4 by the shortcut
    assert extra["lines"]["said"] == "lines 1 to 7 px: 3 to 4"
    assert canvas_of(visit("resnet18"))["extra"].keys() == {"differs"}


def test_a_gradient_that_is_no_number_colours_nothing():
    made = handmade.profile(joined=((float("nan"), 1.0),), bare=((1.0, 1.0),))
    assert set(gradients(made)) == {"stem", "stage1", "stage1.block2"}


def test_where_no_gradient_gets_through_there_is_nothing_to_colour_by(visit, bench, monkeypatch):
    monkeypatch.setattr(state, "CALIBRATION_KEPT", 1e-9)
    nothing = ((0.0, 0.0),)
    made = handmade.profile(joined=nothing, bare=nothing)
    without_stem = {side: (replace(flows[0], blocks=flows[0].blocks[1:]),) for side, flows in made.sides.items()}
    made = replace(made, sides=without_stem)
    finish(bench, made)
    assert canvas_of(visit(NAME))["extra"].keys() == {"differs"}


def test_the_canvas_goes_without_where_the_records_are_in_trouble(visit, bench, monkeypatch):
    monkeypatch.setattr(state, "CALIBRATION_KEPT", 1e-9)

    def gone(laboratory, spec):
        raise WorkbenchError("The records cannot be read")

    monkeypatch.setattr(Laboratory, "profiled", gone)
    assert canvas_of(visit(NAME))["extra"].keys() == {"differs"}


# --- figures of a chart


def test_a_point_is_a_mean_between_the_lowest_and_the_highest():
    flows = handmade.profile().sides["with shortcuts"]
    found = points(flows, lambda flow: {block.name: block.gradient for block in flow.blocks})
    assert found[2] == ("stage1.block2", 2.25, 2.0, 2.5)


def test_blocks_are_short_on_an_axis():
    assert [short_name(each) for each in ("stem", "stage3.block2", "head")] == ["stem", "3.2", "head"]

"""The studies on the Laboratory page, on figures as a worker writes them; no TensorFlow."""

import csv
import io
import json
import math
from dataclasses import replace

import handmade
import pytest
from reading import said
from recorded import SMALL, Written

from app.components import lesions, orders, paths, surface
from app.components.report import FILES
from resnet_tf.design.links import to_link
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.shortcuts import counterpart
from resnet_tf.learning.surface_findings import heights
from resnet_tf.reports.record import from_json, to_json
from resnet_tf.reports.studied import StudyOf, report_of_studies
from resnet_tf.runs.records import MEASURED
from resnet_tf.runs.store import Happening

NAME = "resnet20_cifar10"


@pytest.fixture
def section(visit):
    """Opens a section of the Laboratory page, on a design."""

    def section(name, design=NAME):
        page = visit(design)
        page.query_params["study"] = name
        page.switch_page("views/laboratory.py").run()
        assert not page.exception
        assert page.segmented_control(key="study").value == name
        return page

    return section


def finish(bench, found=None):
    """Has the study that waits done by a worker; its run."""
    home, host = bench._instance.place
    worker = f"worker of {bench.runs('study')[0].id}"
    bench._store.enter(worker, host, home, 1)
    run = bench._store.claim(worker, "CPU", "a test")
    written = found or handmade.study(run.asked["kind"])
    for happening in (Happening("compiling", 0, 0, 0.0, {"steps": 2}), Happening(MEASURED, 2, 0, 1.0, written)):
        bench._store.append(worker, run, [happening])
    bench._store.end(worker, run, "finished")
    return run


def studied(bench, kind, subject, found=None):
    bench.laboratory.study(kind, subject, name="a study")
    return finish(bench, found)


def trained(bench, name="a run"):
    return bench.run(Written(bench, name).finish().id)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def chart(page, i):
    return json.loads(page.get("vega_lite_chart")[i].proto.spec)


# --- sections


def test_the_section_is_in_the_link_and_gradients_are_first(visit):
    page = visit(NAME).switch_page("views/laboratory.py").run()
    assert page.segmented_control(key="study").value == "Gradients"
    assert "study" not in page.query_params
    page.segmented_control(key="study").set_value("Paths").run()
    assert page.query_params["study"] == "Paths"
    assert "paths lead from the image" in said(page)


# --- paths


def test_paths_are_there_at_once(section):
    page = section("Paths")
    assert "512 paths lead from the image to the output" in said(page)  # nine blocks
    assert "of the 9" not in said(page)
    assert len(page.get("vega_lite_chart")) == 2
    assert chart(page, 0)["encoding"]["color"]["scale"]["domain"] == ["95 %", "others"]


def test_a_network_without_shortcuts_has_one_path_and_nothing_to_measure(section):
    page = section("Paths", "plain34")
    assert "One path leads from the image to the output; it passes 16 residual branches." in said(page)
    assert "laboratory.measure" not in {button.key for button in page.button}


def test_which_paths_the_gradient_comes_by_is_measured_on_a_press(section, bench):
    page = section("Paths")
    assert "on two cores" in said(page)
    page.button(key="laboratory.measure").click().run()
    finish(bench)
    page.run()
    words = said(page)
    assert "With each branch that it passes the gradient of a single path becomes 1/2 of what it was." in words
    assert "3 on average, where 95 % of the paths pass" in words  # of nine blocks a third: (1/2) / (1 + 1/2)
    assert len(page.get("vega_lite_chart")) == 4
    studied = bench.laboratory.studied("paths", SMALL)
    told = rows(paths.as_csv(paths.counted(SMALL), studied))
    assert float(told[0]["share of the gradient"]) == pytest.approx((2 / 3) ** 9)


def test_the_file_of_paths_has_every_digit():
    found = paths.counted(preset("resnet110_cifar10"))
    told = [row for row in rows(paths.as_csv(found)) if row["passes"] == "residual branches"]
    assert [int(row["paths"]) for row in told] == [math.comb(54, k) for k in range(55)]


# --- signals


def test_signals_are_pressed_for_and_say_before_how_long_they_take(section, bench):
    page = section("Signal")
    words = said(page)
    assert "in each of the 5 orders of norms and activations" in words
    assert "on two cores" in words
    page.button(key="laboratory.measure").click().run()
    (run,) = bench.runs("study")
    assert (run.state, run.asked, run.name) == ("queued", {"kind": "variance"}, "ResNet-20")
    page.button(key="laboratory.stop").click().run()
    assert bench.run(run.id).state == "stopped"


def test_signals_have_a_line_for_each_order(section, bench):
    studied(bench, "variance", SMALL)
    page = section("Signal")
    words = said(page)
    assert "becomes 1 times with post, 4 times with pre" in words
    assert "256 images of Handwritten digits (bundled) at 32×32×1" in words
    assert len(page.get("vega_lite_chart")) == 3
    drawn = chart(page, 0)
    assert drawn["encoding"]["color"]["scale"]["domain"] == ["post", "pre"]
    dashes = drawn["layer"][1]["encoding"]["strokeDash"]["scale"]["range"]
    assert len(dashes) == len({tuple(dash) for dash in dashes}) == 2
    assert "laboratory.measure" not in {button.key for button in page.button}


def test_an_order_that_the_design_cannot_have_is_said_with_its_reason(section, bench):
    design = edit(SMALL, normalization={"kind": "fixup"})
    assert "in the one order that it can have" in said(section("Signal", to_link(design)))
    studied(bench, "variance", design)
    assert "Not in the order pre: order must be 'post' with Fixup" in said(section("Signal", to_link(design)))


def test_another_family_has_no_orders(section):
    page = section("Signal", "vgg16")
    assert "This design has no orders to compare" in said(page)
    assert not page.error


def test_the_file_of_signals_has_a_row_for_each_block_and_order():
    told = rows(orders.as_csv(handmade.signals()))
    assert len(told) == 2 * 5
    assert told[2]["order"] == "post"
    assert float(told[7]["variance mean"]) == 4.0
    assert told[0]["branch mean"] == ""  # a stem has none


# --- lesions


def test_without_a_trained_run_there_is_a_way_to_train(section):
    page = section("Lesions")
    assert "no finished training of this design is yours" in said(page)
    assert "laboratory.measure" not in {button.key for button in page.button}


def test_lesions_are_asked_of_a_run_of_the_design(section, bench):
    run, other = trained(bench, "mine"), trained(bench, "mine too")
    page = section("Lesions")
    assert page.selectbox(key="of").value == other.id
    page.selectbox(key="of").select(run.id).run()
    assert page.query_params["of"] == run.id
    assert "on two cores" in said(page)
    page.button(key="laboratory.measure").click().run()
    (study,) = bench.runs("study")
    assert study.asked == {"kind": "lesion", "run": run.id}
    finish(bench)
    page.run()
    words = said(page)
    assert "right about 90.0 % of 256 images" in words
    assert "with all 3 10.0 %, where guessing has 10.0 %" in words
    assert "for validation of Handwritten digits" in words
    assert len(page.get("vega_lite_chart")) == 3
    assert chart(page, 0)["layer"][0]["encoding"]["y"]["datum"] == 0.9
    assert "Lesions" not in said(section("Lesions", "resnet56_cifar10"))


def test_the_file_of_lesions_begins_with_the_network_as_it_is():
    told = rows(lesions.as_csv(handmade.lesions()))
    assert [row["done"] for row in told] == [
        "nothing",
        *["left out"] * 3,
        *["left out together"] * 3,
        *["exchanged"] * 2,
    ]
    assert told[2] == {"done": "left out", "blocks": "stage1.block2", "accuracy": "0.4", "loss": "1.0"}


# --- surfaces


def surfaces_of(page):
    found = next(e for e in page.get("bidi_component") if e.proto.component_name == "resnet_tf_surfaces")
    return json.loads(found.proto.json)[0]


def test_a_surface_is_of_any_finished_run(section, bench):
    run = trained(bench)
    page = section("Surface", "resnet56_cifar10")
    page.button(key="laboratory.measure").click().run()
    finish(bench)
    page.run()
    drawn = surfaces_of(page)
    assert [each["title"] for each in drawn["surfaces"]] == [run.name]
    assert drawn["surfaces"][0]["losses"][2][2] == pytest.approx(0.1)
    assert "The loss of the weights is 0.1" in said(page)
    assert "256 images of the training of Handwritten digits" in said(page)


def test_two_surfaces_stand_beside_each_other_on_one_scale(section, bench):
    one, other = trained(bench, "with"), trained(bench, "without")
    studied(bench, "surface", one)
    steep = handmade.surface(12.0)
    steep = replace(steep, losses=((math.nan, *steep.losses[0][1:]), *steep.losses[1:]))
    studied(bench, "surface", other, {"images": 256, "found": steep.as_json()})
    page = section("Surface")
    page.selectbox(key="of").select(one.id).run()
    page.selectbox(key="beside").select(other.id).run()
    drawn = surfaces_of(page)
    assert [each["title"] for each in drawn["surfaces"]] == ["with", "without"]
    assert drawn["surfaces"][1]["losses"][0][0] is None
    assert (drawn["low"], drawn["high"]) == (pytest.approx(0.1), pytest.approx(10 * math.log(10)))
    assert "rises 4 times as much with without as with with" in said(page)
    assert "points above 23.0 are drawn at the top" in said(page)
    assert page.query_params["beside"] == other.id


def test_the_same_design_without_shortcuts_is_one_press_away(section, bench):
    run = trained(bench)
    page = section("Surface")
    page.button(key="laboratory.twin").click().run()
    newest = bench.runs(most=1)[0]
    assert newest.spec == counterpart(run.spec)
    assert (newest.recipe, newest.seed, newest.dataset) == (run.recipe, run.seed, run.dataset)
    assert newest.name == "a run, shortcuts cut"


def test_a_scale_reaches_from_the_lowest_loss_to_ten_guesses_at_most():
    low, high = heights([handmade.surface()], 10)
    assert (low, high) == (pytest.approx(0.1), pytest.approx(6.1))
    assert surface.ticks(low, high) == pytest.approx([0.1, 1])
    assert surface.ticks(0.5, 6) == pytest.approx([0.5, 1, 2, 5])
    assert heights([handmade.surface(1e6)], 10)[1] == pytest.approx(10 * math.log(10))


def test_the_file_of_surfaces_has_a_row_for_each_point():
    told = rows(surface.as_csv(["a run"], [handmade.surface()]))
    assert len(told) == 25
    assert told[12] == {"run": "a run", "first": "0.0", "second": "0.0", "loss": "0.1"}


# --- reports


@pytest.mark.parametrize(("name", "kind"), [("Paths", "paths"), ("Signal", "variance")])
def test_a_study_of_a_design_is_offered_as_a_report(section, bench, name, kind):
    page = section(name)
    assert "laboratory.report" not in {each.key for each in page.get("popover")}
    studied(bench, kind, preset(NAME))
    page.session_state["laboratory.report"] = True
    assert {file.title for file in FILES} <= {each.proto.label for each in page.run().get("download_button")}
    assert not page.exception


@pytest.mark.parametrize(("name", "kind"), [("Lesions", "lesion"), ("Surface", "surface")])
def test_a_study_of_a_run_is_offered_as_a_report(section, bench, name, kind):
    studied(bench, kind, trained(bench))
    page = section(name)
    page.session_state["laboratory.report"] = True
    assert {file.title for file in FILES} <= {each.proto.label for each in page.run().get("download_button")}
    assert not page.exception


def test_a_report_of_a_run_s_study_has_the_training_that_it_is_of(bench):
    run = trained(bench, "with")
    studied(bench, "lesion", run)
    report = report_of_studies(bench, "lesion", [StudyOf(run.name, bench.laboratory.studied("lesion", run), run)])
    assert from_json(to_json(report)).as_json() == report.as_json()
    (experiment,) = report.experiments
    assert experiment.asked["seed"] == run.seed
    assert experiment.asked["recipe"] == run.recipe.model_dump(mode="json")
    assert experiment.found["training"]["epochs"] == list(bench.run(run.id).epochs)
    assert experiment.made.command.startswith("resnet_tf train ")
    assert experiment.made.data == "", "what an earlier version measured does not say of which images"


def test_what_a_worker_says_of_versions_and_images_is_in_the_report(bench):
    told = {"versions": {"keras": "3.12.0"}, "data": "ab" * 32, "cores": 2}
    studied(bench, "variance", preset(NAME), {**handmade.study("variance"), "made": told})
    found = bench.laboratory.studied("variance", preset(NAME))
    (experiment,) = report_of_studies(bench, "variance", [StudyOf("ResNet-20", found)]).experiments
    assert (experiment.made.versions, experiment.made.data) == (told["versions"], told["data"])
    assert experiment.made.device == "CPU, 2 cores"
    assert experiment.asked["seeds"] == [0, 1, 2]

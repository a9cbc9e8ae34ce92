"""With and without on the Laboratory page, on trainings in step as a worker writes them; no TensorFlow."""

import csv
import io
import json
from dataclasses import replace
from html import escape
from statistics import mean

import handmade
import pytest
from reading import as_read

from app.components.instepexample import KEPT
from app.components.insteplook import as_csv
from app.components.report import FILES
from resnet_tf.design.links import to_link
from resnet_tf.design.presets import preset
from resnet_tf.learning.contrast import alive
from resnet_tf.learning.versus import moment_as_json
from resnet_tf.reports.contents import contents
from resnet_tf.reports.elements import Charts, Text
from resnet_tf.reports.page import to_html
from resnet_tf.reports.record import from_json, to_json
from resnet_tf.reports.subjects import report_of_versus
from resnet_tf.runs.records import MEASURED
from resnet_tf.runs.store import Happening
from resnet_tf.runs.versus import QUANTITIES, differs, question, so_far

NAME = "resnet20_cifar10"


@pytest.fixture
def section(visit):
    """Opens the section, on a design."""

    def section(design=NAME):
        page = visit(design, session={"study": "With and without"}).switch_page("views/laboratory.py").run()
        assert not page.exception
        return page

    return section


def said(page):
    """All words on the page, outside of widgets."""
    kinds = (page.html, page.markdown, page.caption, page.info, page.warning, page.error)
    bars = [bar.proto.text for bar in page.get("progress")]
    return as_read("\n".join([element.value for kind in kinds for element in kind] + bars))


def claimed(bench, **asked):
    """A comparison that a worker has begun."""
    bench.laboratory.versus(question(preset(NAME), ("all",), **asked), name="ResNet-20")
    home, host = bench._instance.place
    bench._store.enter("w", host, home, 1)
    return bench._store.claim("w", "CPU", "a test")


def write(bench, run, kind, step=0, seconds=0.0, **values):
    bench._store.append("w", run, [Happening(kind, step, 0, seconds, values)])


def finish(bench, made):
    """Has the design compared as the page asks for it at first."""
    run = claimed(bench)
    write(bench, run, MEASURED, 1, 1.0, **made.as_json())
    bench._store.end("w", run, "finished")


def domain(page, i, axis="x"):
    spec = json.loads(page.get("vega_lite_chart")[i].proto.spec)
    places = {"x": spec["encoding"]["x"], "y": spec["layer"][1]["encoding"]["y"]}
    return places[axis]["scale"]["domain"]


def test_before_anything_is_trained_one_press_queues_both(section, bench):
    page = section()
    assert "trained with shortcuts and without shortcuts in step" in said(page).replace("*", "")
    assert "6 epochs at each of 3 seeds" in said(page)
    page.button(key="instep.begin").click().run()
    (run,) = bench.runs("versus")
    assert (run.state, run.asked["parts"], run.asked["seeds"]) == ("queued", ["all"], 3)
    page.button(key="instep.stop").click().run()
    assert bench.run(run.id).state == "stopped"


def test_before_anything_is_trained_a_pair_that_was_is_shown(section, bench):
    page = section()
    pair = json.loads(KEPT.read_text())["pairs"][0]
    ends = [each["figures"] for each in pair["found"]["moments"] if each["epoch"] == pair["found"]["epochs"]]
    accuracies = [mean(each[side][3] for each in ends) for side in (0, 1)]
    assert f"{100 * accuracies[0]:.1f} % with shortcuts and {100 * accuracies[1]:.1f} % without" in said(page)
    assert len(page.get("vega_lite_chart")) == 6  # as much as of one's own
    claimed(bench)
    assert "For example" not in said(page.run())


def test_stages_and_blocks_can_be_cut_alone(section, bench):
    page = section()
    page.segmented_control(key="instep.cut").set_value("stage2").run()
    assert "without 3 of 9" in said(page)
    page.segmented_control(key="instep.cut").set_value("some").run()
    assert "without that of stage 2, block 2" in said(page)
    page.multiselect[0].set_value(["stage1.block1", "stage3.block3"]).run()
    assert "without 2 of 9" in said(page)
    page.button(key="instep.begin").click().run()
    assert bench.runs("versus")[0].asked["parts"] == ["stage1.block1", "stage3.block3"]
    page.multiselect[0].set_value([]).run()
    assert "Choose at least one block" in said(page)


def test_more_trainings_are_expected_to_take_longer(section):
    def expected(page):
        (words,) = [line for line in said(page).splitlines() if "estimated for" in line]
        minutes, _, rest = words.partition("About **")[2].partition("**")[0].rpartition("min")
        return 60 * int(minutes or 0) + int(rest.removesuffix("s"))

    page = section()
    first = expected(page)
    page.number_input(key="instep.seeds").set_value(5).run()
    assert expected(page) > first


def test_a_plain_design_is_compared_with_shortcuts_put_in(section, bench):
    page = section("plain20_cifar10")
    assert "without shortcuts and with shortcuts in step" in said(page).replace("*", "")
    assert "instep.cut" not in {group.key for group in page.segmented_control}


@pytest.mark.parametrize(
    ("design", "why"),
    [
        ("vgg16", "Nothing of this design can be compared"),
        ("densenet121", "Nothing of this design can be compared"),
        (to_link(preset(NAME, head={"pool": "none"})), "This design cannot be measured"),
    ],
)
def test_what_cannot_be_compared_is_told_so(section, design, why):
    page = section(design)
    assert why in said(page)
    assert "instep.begin" not in {button.key for button in page.button}


def test_while_it_is_trained_the_page_draws_what_came_so_far(section, bench):
    made, run = handmade.versus(epochs=6, accuracies=((0.9, 0.5),) * 3), claimed(bench)
    write(bench, run, "compiling", steps=100, **{**made.as_json(), "moments": []})
    assert "Building and compiling" in said(section())
    for number, moment in enumerate(made.moments[:3], 1):
        write(bench, run, "epoch", number, **moment_as_json(moment))
    write(bench, run, "step", 25, 10.0, measured="seed 1 of 3, epoch 2 of 6")
    page = section()
    assert page.progress[0].value == 25
    assert "seed 1 of 3, epoch 2 of 6. About 30 s left" in said(page)
    assert domain(page, 0) == ["1", "2", "3", "4", "5", "6"]  # room for the epochs to come
    assert "After 2 epochs the gradient of the first block" in said(page)


def test_all_that_came_of_it_is_on_the_page(section, bench):
    finish(bench, handmade.versus())
    page = section()
    assert "the validation accuracy is 90.0 % with shortcuts and 55.0 % without shortcuts" in said(page)
    assert "the validation loss is" in said(page)
    assert "both with the same seeds, first weights and batches" in said(page)
    assert len(page.get("vega_lite_chart")) == 6
    assert "the last block has an effective rank of 7 (at each of 2 seeds) with shortcuts and 1.5" in said(page)
    assert "of the ReLU channels 0 % and 50 % are dead" in said(page)
    assert "instep.begin" not in {button.key for button in page.button}


def test_the_slider_goes_through_the_training(section, bench):
    finish(bench, handmade.versus())
    page = section()
    slider = page.select_slider(key="instep.look")
    assert slider.options == ["first weights", "epoch 1", "epoch 2"]
    assert slider.value == 2
    scale = domain(page, 3, "y")
    page = slider.set_value(0).run()
    assert "At first weights the gradient of the first block" in said(page)
    assert domain(page, 3, "y") == scale  # so that the lines move and the axis does not


def test_ranks_and_dead_units_go_through_the_training_too(section, bench):
    """What the weights of each epoch make of one batch; results of earlier versions say neither."""
    made = handmade.versus()
    full = [each if each.epoch else each._replace(ranks=((9.0,) * 3, (9.0,) * 3)) for each in made.moments]
    finish(bench, replace(made, moments=tuple(full)))
    page = section()
    assert "rank of 7 " in said(page)
    page = page.select_slider(key="instep.look").set_value(0).run()
    assert "rank of 9 (at each of 2 seeds) with shortcuts and 9" in said(page)
    older = tuple(each._replace(ranks=(), dead=()) for each in made.moments)
    assert alive(replace(made, moments=older), 2) == ""


def test_the_slider_takes_the_drawings_with_it(section, bench):
    """Thickness means the same after every epoch: 10 to 0.01 are drawn as 7 to 1 px."""
    made = handmade.versus()
    weaker = [
        each if each.epoch else each._replace(gradients=((10.0,) * 3, each.gradients[1])) for each in made.moments
    ]
    finish(bench, replace(made, moments=tuple(weaker)))
    page = section()
    last = flow_of(page)
    assert rows(last, 0)["stage1.block2"] == [[1.0, 0.6, 0.8, 2.0], [5.0, 4.56, 4.81, 5.6]]
    assert rows(last, 1)["stage1.block2"] == [[0.01, 0.01, None, 4.0], [1.0, 1.0, 0.0, 6.2]]
    first = flow_of(page.select_slider(key="instep.look").set_value(0).run())
    assert rows(first, 0)["stage1.block2"] == [[10.0, 0.6, 0.8, 10.0], [7.0, 4.56, 4.81, 7.0]]
    assert first["marks"] == last["marks"]
    assert (first["when"], last["when"]) == ("at first weights", "after epoch 2")


def flow_of(page):
    found = next(e for e in page.get("bidi_component") if e.proto.component_name == "resnet_tf.flow")
    return json.loads(found.proto.json)[0]


def rows(drawn, side):
    """Norms and thicknesses of a side's blocks."""
    return {name: [norms, widths] for name, norms, widths, _ in drawn["sides"][side]["blocks"]}


def test_a_side_that_diverged_is_said_to(section, bench):
    finish(bench, handmade.versus(accuracies=((0.9, None), (0.9, None))))
    assert "Without shortcuts the training diverged at 2 of 2 seeds." in said(section())


def test_the_file_has_every_moment_of_both_sides():
    rows = list(csv.DictReader(io.StringIO(as_csv(handmade.versus(accuracies=((0.9, None),))))))
    assert len(rows) == 2 * 3  # sides, moments
    assert rows[2] == {
        "side": "with shortcuts", "seed": "0", "epoch": "1", "loss": "2.0", "accuracy": "0.9",
        "validation_loss": "0.1", "validation_accuracy": "0.9", "gradient stem": "1.0",
        "gradient stage1.block1": "1.0", "gradient stage1.block2": "2.0", "effective rank stem": "2.0",
        "effective rank stage1.block1": "5.0", "effective rank stage1.block2": "7.0", "dead stem": "",
        "dead stage1.block1": "0.0", "dead stage1.block2": "0.0",
    }  # fmt: skip
    assert (rows[3]["loss"], rows[3]["gradient stem"], rows[3]["dead stage1.block1"]) == ("", "", "")


def test_a_comparison_that_failed_says_why_and_may_be_pressed_again(section, bench):
    run = claimed(bench)
    bench._store.end("w", run, "failed", "This machine ran out of memory: choose a smaller design")
    page = section()
    assert "failed: This machine ran out of memory" in said(page)
    page.button(key="instep.begin").click().run()
    assert [each.state for each in bench.runs("versus")] == ["queued", "failed"]


def test_what_came_of_it_is_offered_as_a_report_that_says_the_same_and_how_to_have_it_again(section, bench):
    made, run = handmade.versus(epochs=6, accuracies=((0.9, 0.5), (0.9, 0.6), (0.8, 0.6))), claimed(bench)
    told = {"versions": {"keras": "3.12.0"}, "cores": 2, "data": "ab" * 32}
    write(bench, run, MEASURED, **made.as_json(), made=told)
    bench._store.end("w", run, "finished")
    page = section()
    page.session_state["instep.report"] = True
    assert {file.title for file in FILES} <= {button.proto.label for button in page.run().get("download_button")}
    asked = question(preset(NAME), ("all",))
    found = so_far(*bench.laboratory.found("versus", asked.key, everybodys=True))
    report = report_of_versus(asked, found, "ResNet-20")
    assert from_json(to_json(report)).as_json() == report.as_json()
    elements = contents(report)
    assert differs(made, QUANTITIES[0]) in [each.text for each in elements if isinstance(each, Text)]
    (drawn,) = [each.charts for each in elements if isinstance(each, Charts)]
    assert {chart.title for chart in drawn} >= {"Validation accuracy", "Training loss", "Gradient by block"}
    (experiment,) = report.experiments
    command = f"resnet_tf versus '{to_link(asked.spec)}' --cut all --epochs 6 --seeds 3 --recipe quick --image-size 32"
    assert experiment.made.command == command
    assert (experiment.made.data, experiment.made.device) == ("ab" * 32, "CPU, 2 cores")
    assert escape(command) in to_html(report)

"""The Compare page: exact numbers side by side, what differs, curves of runs, landmarks; no TensorFlow."""

import pytest

from app import state
from app.components import landmarks
from app.components.landmarks import published
from resnet_tf.design.costs import costs
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.store import Happening


def trained(bench, name, spec, accuracies, seed=0):
    """The id of a finished run on the digits with these validation accuracies, written as a worker writes it."""
    run_id = bench.train(spec, "digits", recipe(epochs=len(accuracies)), seed, name=name)
    store = bench._store
    store.enter(f"w-{run_id}", "host", "elsewhere", 1)
    run = store.claim(f"w-{run_id}", "CPU", "a test")
    events = [Happening("compiling", 0, 0, 0.0, {"steps": 10 * len(accuracies), "steps_per_epoch": 10})]
    for i, reached in enumerate(accuracies, 1):
        values = {"loss": 1 / i, "accuracy": reached, "validation_loss": 2 / i, "validation_accuracy": reached}
        events.append(Happening("epoch", 10 * i, i, 2.0 * i, values))
    store.append(f"w-{run_id}", run, events)
    store.end(f"w-{run_id}", run, "finished")
    return run_id


@pytest.fixture
def compare(visit):
    """Opens the Compare page with these keys in its link."""

    def compare(*keys, design=None):
        page = visit(design)
        if keys:
            page.query_params["with"] = list(keys)
        page.switch_page("views/compare.py").run()
        assert not page.exception
        assert not page.error, [error.value for error in page.error]
        return page

    return compare


def words_of(page):
    return " ".join(element.value for element in page.html)


def test_a_newcomer_sees_the_design_beside_vgg19_and_resnet50_with_their_published_counts(compare):
    said = words_of(compare())
    for count in ("11,689,512", "143,667,240", "25,557,032", "4,089,184,256"):
        assert count in said


def test_differences_are_counted_from_the_first(compare):
    said = words_of(compare("preset.resnet18", "preset.resnet50"))
    assert "+13,867,520" in said  # 25,557,032 - 11,689,512
    assert "2.19 ×" in said


def test_what_differs_is_said_by_field_and_by_block(compare):
    said = words_of(compare("preset.resnet20_cifar10", "preset.resnet32_cifar10"))
    assert "stages[0].blocks" in said
    assert "stage 1, blocks 4 to 5" in said
    assert "added" in said


def test_two_designs_that_are_one_network_differ_in_nothing(compare):
    page = compare("desk", "preset.resnet18", design="resnet18")
    assert any("are the same network" in caption.value for caption in page.caption)


def test_what_is_compared_lives_in_the_link(compare):
    page = compare("preset.vgg16", "preset.resnet34")
    assert page.multiselect(key="compare.with").value == ["preset.vgg16", "preset.resnet34"]
    page.multiselect(key="compare.with").set_value(["preset.resnet34"]).run()
    assert page.query_params["with"] == "preset.resnet34"


def test_a_link_to_what_is_not_here_is_said_and_shows_the_rest(compare):
    page = compare("preset.resnet34", "run.gone", "design.<script>alert(1)</script>")
    assert page.multiselect(key="compare.with").value == ["preset.resnet34"]
    assert "not here" in page.warning[0].value


def test_comparing_nothing_says_what_to_do(compare):
    page = compare()
    page.multiselect(key="compare.with").set_value([]).run()
    assert not page.exception
    assert any("Choose a design" in caption.value for caption in page.caption)


def test_a_name_is_shown_as_it_was_typed_and_never_as_markup(compare, bench):
    bench.save_design("<img src=x onerror=alert(1)> **bold**", preset("resnet18"))
    page = compare("design.<img src=x onerror=alert(1)> **bold**", "preset.resnet34")
    assert "<img src=x" not in words_of(page)
    assert "&lt;img src=x onerror=alert(1)&gt; **bold**" in words_of(page)


def test_runs_are_compared_by_the_accuracy_measured_here_and_by_their_curves(compare, bench):
    one = trained(bench, "ResNet-20", preset("resnet20_cifar10"), [0.5, 0.9])
    two = trained(bench, "ResNet-20", preset("resnet20_cifar10"), [0.4, 0.8], seed=1)
    page = compare(f"run.{one}", f"run.{two}")
    said = words_of(page)
    assert "90.0 %" in said
    assert "80.0 %" in said
    assert "Handwritten digits (bundled)" in said
    assert len(page.get("vega_lite_chart")) == 1


def test_digits_and_imagenet_never_share_an_axis(compare, bench):
    trained(bench, "ResNet-20", preset("resnet20_cifar10"), [0.5, 0.9])
    page = compare()
    choice = page.selectbox(key="scatter.accuracy")
    assert choice.options == ["published ImageNet top-1", "measured here on Handwritten digits (bundled)"]
    choice.set_value("digits").run()
    assert not page.exception
    figure = page.get("plotly_chart")[0].proto.spec
    assert "measured here on Handwritten digits (bundled), %" in figure
    assert "timm" not in figure
    assert "resnet50.a1_in1k" not in figure


def test_the_source_and_licence_of_the_landmarks_are_said(compare):
    assert any("timm" in c.value and "Apache-2.0" in c.value for c in compare().caption)


def test_a_click_on_a_landmark_opens_its_design(compare):
    page = compare()
    points = [{"customdata": ["preset.resnet101", "", "", ""]}]
    page.session_state["scatter.imagenet.macs"] = {"selection": {"points": points, "box": [], "lasso": []}}
    page.run()
    assert not page.error
    page.button(key="scatter.open").click().run()
    assert page.session_state["desk"].spec == preset("resnet101")


def test_landmarks_cost_what_our_own_counting_says_of_the_same_network():
    """timm counted them with another library; three digits and the scaling by area leave a few percent."""
    checked = set()
    for point in published():
        name = point.opens.removeprefix("preset.")
        if name and point.note.startswith("at 224 px"):
            assert point.macs == pytest.approx(costs(preset(name)).macs, rel=0.04), point
            assert point.parameters == pytest.approx(costs(preset(name)).trainable_parameters, rel=0.002), point
            checked.add(name)
    assert {"resnet18", "resnet50", "resnet152", "vgg19", "resnext50_32x4d"} <= checked


def test_every_landmark_of_the_table_is_shown_or_has_no_cost():
    lines = landmarks.TABLE.read_text().splitlines()[1:]
    assert len(published()) == len(lines)


def test_published_cifar_errors_stand_beside_runs_on_cifar_only(bench):
    names = {point.name for point in landmarks.measured([], "cifar10")}
    assert PRESETS["wrn28_10_cifar10"].title in names
    assert landmarks.measured([], "digits") == []


def test_the_pages_know_where_a_run_lies(bench):
    run = bench.run(trained(bench, "mine", preset("resnet20_cifar10"), [0.25, 0.75]))
    (point,) = landmarks.measured([run], "digits")
    assert point.accuracy == 75.0
    assert point.macs == state.counted(run.spec).macs

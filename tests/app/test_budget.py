"""Budgets on the Design page: held in the address, said before a click; other shapes of the same cost."""

import pytest
from test_design import grouped, opened, said, segmented, spec_of, strip_of, whole

from app import state
from resnet_tf.design.calibration import PROBES
from resnet_tf.design.costs import costs
from resnet_tf.design.presets import preset
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.store import Happening

RESNET50 = 25_557_032  # trainable parameters, torchvision's count


@pytest.fixture
def budgeted(visit):
    """Opens a design with budgets in the address."""

    def visit_with(design, budgets):
        page = visit(design)
        page.query_params["budget"] = budgets
        return page.run()

    return visit_with


def address(page):
    held = page.query_params.get("budget", "")
    return held[0] if isinstance(held, list) else held


def caption_of(page):
    return next((said(each) for each in page.caption if each.value.startswith("Over your budget")), "")


def test_the_strip_says_what_is_left_and_what_is_over(budgeted):
    page = budgeted("resnet50", "parameters~27000000~macs~4000000000")
    assert whole(page)
    assert "1.44 M left" in strip_of(page)
    assert "89.2 M over" in strip_of(page)  # of 4,089,184,256
    assert f'value="{RESNET50 / 27e6:.3f}"' in strip_of(page)


def test_a_budget_that_is_typed_is_in_the_address_and_goes_when_it_is_emptied(visit):
    page = opened(visit("resnet50"), "budget")
    page.text_input(key="budget.parameters").set_value("30M").run()
    assert address(page) == "parameters~30000000"
    assert "4.44 M left" in strip_of(page)
    page.text_input(key="budget.training").set_value("8 GB").run()
    assert address(page) == "parameters~30000000~training~8000000000"
    page.text_input(key="budget.parameters").set_value("").run()
    page.text_input(key="budget.training").set_value("").run()
    assert address(page) == ""
    assert " left" not in strip_of(page)


def test_what_is_no_budget_is_a_sentence_and_changes_nothing(visit):
    page = opened(visit("resnet50"), "budget")
    page.text_input(key="budget.macs").set_value("lots").run()
    assert not page.exception
    assert "must be a number above 0, as in 25M; got lots" in page.warning[0].value
    assert address(page) == ""


def test_a_link_with_a_broken_budget_opens_with_a_sentence(budgeted):
    page = budgeted("resnet50", "parameters~many")
    assert whole(page)
    assert any("no budget that can be kept" in each.value for each in page.info)
    assert address(page) == ""


def test_budgets_stay_while_the_design_is_edited(budgeted):
    page = budgeted("resnet18", "parameters~12000000")
    page.number_input(key="edit.stage3.blocks").set_value(3).run()
    assert address(page) == "parameters~12000000"
    assert "4.41 M over" in strip_of(page)  # a block of 512 channels has 4,720,640


def test_edits_that_would_go_over_say_so_before_a_click(budgeted):
    page = budgeted("resnet18", "parameters~12000000")
    help = page.button(key="stages.× 2").help
    # 11,157,504 weights of convolutions four times, the stem's, the norms' and the classifier's twice: 45.7 M
    assert "+34.0 M parameters" in help
    assert "33.7 M parameters over your budget" in help
    assert "over your budget" not in page.button(key="stages.÷ 2").help
    assert caption_of(page).replace("\u00a0", " ") == "Over your budget: one more block in stage 3, 4; + stage; × 2"
    assert segmented(page, "edit.block").options[1] == "Bottleneck · over budget"


def test_without_a_budget_nothing_is_said_of_one(visit):
    page = grouped(visit("resnet18"), "Attention")
    assert caption_of(page) == ""
    assert not any("over" in (each.help or "") for each in page.button)


def test_offers_in_an_opened_group_say_what_they_go_over(budgeted):
    page = grouped(budgeted("resnet18", "parameters~11700000"), "Attention")
    lines = "".join(each.value for each in page.html)
    assert "k parameters over your budget" in lines


@pytest.mark.parametrize("spent", ["macs", "parameters"])
def test_another_shape_of_the_same_cost_is_one_step_that_can_be_undone(visit, spent):
    page = opened(visit("resnet50"), "same_cost")
    segmented(page, "shapes.spent").set_value(spent).run()
    deeper = [each for each in page.button if (each.key or "").startswith("shapes.")][-1]
    assert "layers" in deeper.label
    deeper.click().run()
    was, now = costs(preset("resnet50")), costs(spec_of(page))
    name = "macs" if spent == "macs" else "trainable_parameters"
    assert now.depth > was.depth
    assert 0.98 <= getattr(now, name) / getattr(was, name) <= 1
    page.button(key="bar.undo").click().run()
    assert spec_of(page) == preset("resnet50")


def test_other_shapes_spend_the_budget_where_there_is_one(budgeted):
    page = opened(budgeted("resnet50", "macs~8000000000"), "same_cost")
    next(each for each in page.button if (each.key or "").startswith("shapes.")).click().run()
    assert 0.98 * 8e9 <= costs(spec_of(page)).macs <= 8e9


def test_an_epoch_is_estimated_for_a_gpu_a_dataset_and_a_file_as_chosen(visit):
    page = visit("resnet50")
    assert "an epoch, T4" in strip_of(page)
    before = strip_of(page)
    page = opened(page, "aside")
    page.selectbox(key="on").select("h100").run()
    page.selectbox(key="epoch").select("imagenet").run()
    page.selectbox(key="file").select("onnx").run()
    assert "an epoch, H100 SXM" in strip_of(page)
    assert "1,281,167 in batches of 32 in float32, estimated" in strip_of(page)
    assert "as ONNX" in strip_of(page)
    assert strip_of(page) != before


def measure(bench, run):
    """Ends a calibration as the worker does: every probe in a millisecond."""
    home, host = bench._instance.place
    bench._store.enter("worker", host, home, 1)
    claimed = bench._store.claim("worker", "CPU", "no GPU is seen")
    assert claimed.id == run
    seconds = {probe.name: 0.001 for probe in PROBES}
    bench._store.append("worker", claimed, [Happening("calibrated", 8, 0, 1.0, {"seconds": seconds})])
    bench._store.end("worker", claimed, "finished")


def test_this_machine_is_measured_at_a_click_and_then_what_an_epoch_is_said_for(visit, bench, monkeypatch):
    monkeypatch.setattr(state, "CALIBRATION_KEPT", 1e-9)
    page = opened(visit("resnet50"), "aside")
    assert page.selectbox(key="on").value == "t4"
    page.selectbox(key="on").select("here").run()
    assert "an epoch, here" in strip_of(page)
    page.button(key="calibrate").click().run()
    assert any("is being measured" in each.value for each in page.caption)
    (run,) = bench.runs("calibrate")
    measure(bench, run.id)
    page.run()
    assert "Measured" in next(each.value for each in page.caption if "on the CPU" in each.value)
    assert "in batches of 32 in float32, estimated" in strip_of(page)
    other = visit("resnet18")
    assert "an epoch, here" in strip_of(other)
    assert opened(other, "aside").selectbox(key="on").value == "here"


def test_figures_are_there_while_the_records_are_in_trouble(visit, bench, monkeypatch):
    def gone():
        raise WorkbenchError("The records cannot be read")

    monkeypatch.setattr(bench, "calibration", gone)
    page = visit("resnet50")
    assert whole(page)
    assert "an epoch, T4" in strip_of(page)

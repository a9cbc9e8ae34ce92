"""Reports in a browser that has no network: a page from a file, its charts under pointer, finger and keys."""

import pytest
import reported
from playwright.sync_api import expect

from benchmarks.served import DESKTOP
from resnet_tf.reports.page import to_html
from resnet_tf.reports.record import from_json

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def offline(browser, tmp_path):
    """A function that opens a report's page without a network. No page may ask for one, or complain."""
    contexts, complaints = [], []

    def open_report(made, **options):
        file = tmp_path / "report.html"
        file.write_text(to_html(made))
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: request.url.startswith("file://") or complaints.append(request.url))
        page.goto(file.as_uri())
        return page

    yield open_report
    for context in contexts:
        context.close()
    assert complaints == []


def chart(page, title):
    return page.locator("figure.chart", has_text=title)


def test_a_curve_says_its_value_under_the_pointer_without_a_network(offline):
    page = offline(reported.report())
    accuracy = chart(page, "Validation accuracy")
    accuracy.scroll_into_view_if_needed()
    box = accuracy.locator("svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.97, box["y"] + box["height"] / 2)
    expect(accuracy.locator(".tip")).to_contain_text("epoch 3")
    expect(accuracy.locator(".tip")).to_contain_text("87.50 %")
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] / 2)
    expect(accuracy.locator(".tip")).to_contain_text("50.00 %")
    tip = accuracy.locator(".tip").bounding_box()
    assert box["y"] <= tip["y"] <= box["y"] + box["height"], "beside the chart"
    page.mouse.move(5, 5)
    expect(accuracy.locator(".tip")).to_be_hidden()


def test_arrow_keys_read_a_chart_and_a_legend_hides_a_line(offline):
    page = offline(reported.report())
    gradient = chart(page, "Gradient by block")
    gradient.focus()
    page.keyboard.press("ArrowRight")
    expect(gradient.locator(".tip")).to_contain_text("stem")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(gradient.locator(".tip")).to_contain_text("stage1.block2")
    expect(gradient.locator(".tip")).to_contain_text("2.25")
    without = gradient.get_by_role("button", name="without shortcuts")
    without.click()
    expect(without).to_have_attribute("aria-pressed", "false")
    gradient.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    expect(gradient.locator(".tip")).to_contain_text("with shortcuts")
    expect(gradient.locator(".tip")).not_to_contain_text("without")


def test_a_hostile_name_runs_nothing(offline):
    page = offline(reported.report(reported.HOSTILE, [reported.training(reported.HOSTILE)]))
    expect(page.get_by_role("heading", level=1)).to_have_text(reported.HOSTILE)
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_but_tables_and_drawings_scrolls_sideways(offline, scheme):
    page = offline(reported.report(), viewport=PHONE, color_scheme=scheme, has_touch=True)
    assert page.evaluate("() => document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth + 1")
    accuracy = chart(page, "Validation accuracy")
    accuracy.locator("svg").tap()
    expect(accuracy.locator(".tip")).to_contain_text("epoch 2")
    expect(accuracy.locator(".tip")).to_be_in_viewport()


def test_compare_hands_out_a_page_that_opens_and_holds_the_report(visit, tmp_path):
    page = visit("compare?with=preset.resnet18&with=preset.resnet50")
    page.get_by_role("button", name="Report").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    made = from_json(download.value.path().read_text())
    assert [design.counts["parameters"] for design in made.designs] == [11_689_512, 25_557_032]
    with page.expect_download() as download:
        page.get_by_role("button", name="HTML").click()
    assert download.value.suggested_filename.endswith(".html")
    assert "25,557,032" in download.value.path().read_text()

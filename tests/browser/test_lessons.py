"""The lessons in a browser: each in both languages, a control by keyboard, an experiment from press to outcome."""

import re

import pytest
from playwright.sync_api import expect

from benchmarks.served import settle
from resnet_tf.lessons.course import lesson, lessons
from resnet_tf.lessons.texts import text


def claim(page, each):
    return page.locator("blockquote.claim").get_by_text(each.claim[:60])


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_lesson_is_there_with_its_figure_and_its_outcome(visit, language):
    page = visit(f"lessons?lang={language}")
    page.get_by_role("button", name=f"1 · {lesson(1, language).title}").click()
    for each in lessons(language):
        expect(claim(page, each)).to_be_visible()
        expect(page.locator("h3.lesson")).to_have_text(f"{each.number}{each.title}")
        expect(page.locator(".findings li")).not_to_have_count(0)
        live = page.locator(".gallery.pools img") if each.name == "downsampling" else page.locator("canvas, svg.marks")
        expect(live.first).to_be_visible()
        assert f"lesson={each.name}" in page.url or each.number == 1
        if each.number < 10:
            following = text("page.next", language, title=lesson(each.number + 1, language).title)
            page.get_by_role("button", name=following).click()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_control_is_moved_by_the_keyboard_and_the_link_opens_it_so(visit):
    page = visit("lessons?lesson=shortcuts")
    slider = page.get_by_role("slider", name="the shortcut multiplies by")
    slider.focus()
    slider.press("ArrowRight")
    expect(page.get_by_text("shortcuts that multiply by 0.9")).to_be_visible()
    page.wait_for_url(re.compile("carried=0.9"))
    again = visit(page.url.partition("/")[2].partition("/")[2].partition("/")[2])
    expect(again.get_by_text("shortcuts that multiply by 0.9")).to_be_visible()


def test_an_experiment_runs_here_and_its_outcome_comes_first(visit):
    page = visit("lessons?lesson=gradient")
    page.get_by_role("button", name="Run it here: quick").click()
    expect(page.get_by_role("radio", name="quick, yours")).to_be_visible(timeout=240_000)  # Keras may still be loading
    settle(page)
    expect(page.get_by_role("radio", name="quick, yours")).to_be_checked()
    expect(page.locator(".findings")).to_contain_text("In pre-activation blocks the formula is exact.")
    expect(page.get_by_text("1 of 10 done here")).to_be_visible()


def test_a_lesson_fits_a_phone(visit, phone):
    page = visit("lessons?lesson=orders&lang=ru", **phone)
    expect(claim(page, lesson("orders", "ru"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

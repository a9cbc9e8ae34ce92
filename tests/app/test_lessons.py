"""The Lessons page, in both languages, on outcomes as a worker writes them; no TensorFlow."""

import re
from dataclasses import replace
from html import unescape
from urllib.parse import unquote

import pytest
from reading import as_read

from resnet_tf.lessons.course import lesson, lessons
from resnet_tf.lessons.results import recorded
from resnet_tf.lessons.texts import CATALOGUES, text
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.records import MEASURED
from resnet_tf.runs.store import Happening

NAMES = [each.name for each in lessons()]
STYLES = ("<style>", "/*")


@pytest.fixture
def open_lesson(visit):
    """Opens the Lessons page at a link."""

    def open_lesson(**link):
        page = visit()
        for name, value in link.items():
            page.query_params[name] = value
        page = page.switch_page("views/lessons.py").run()
        assert not page.exception
        return page

    return open_lesson


def said(page):
    """All words on the page, those of buttons and other widgets among them."""
    kinds = (page.html, page.markdown, page.caption, page.info, page.warning, page.error)
    written = [element.value for kind in kinds for element in kind if not element.value.startswith(STYLES)]
    labels = [each.label for kind in (page.button, page.select_slider, page.button_group) for each in kind]
    return as_read(unescape("\n".join(written + labels)))


def finish(bench, name="gradient", mode="quick", **changes):
    """Has a lesson's experiment done, with what came of ours."""
    bench.laboratory.try_lesson(lesson(name), mode)
    home, host = bench._instance.place
    bench._store.enter("w", host, home, 1)
    run = bench._store.claim("w", "CPU", "a test")
    outcome = replace(recorded(name, "quick"), mode=mode, **changes)
    bench._store.append("w", run, [Happening("compiling", 0, 0, 0.0, {"steps": 1})])
    bench._store.append("w", run, [Happening(MEASURED, 1, 0, 1.0, outcome.as_json())])
    bench._store.end("w", run, "finished")
    return outcome


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_has_all_its_parts_and_an_outcome_before_anyone_runs_anything(open_lesson, name, language):
    page, each = open_lesson(lesson=name, lang=language), lesson(name, language)
    words = said(page)
    for part in (each.title, each.claim, each.question, each.reported, each.source):
        assert as_read(part) in words
    for check in each.experiment.checks:
        assert as_read(each.says(check)) in words
    shown = recorded(name, "full") or recorded(name, "quick")
    assert text(f"verdict.{shown.verdict}", language) in words
    assert shown.command in [code.value for code in page.code]
    assert page.select_slider or name == "complexity"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_each_lesson_is_read_in_less_than_four_minutes(open_lesson, language):
    """At 200 words a minute, everything on the page counted."""
    for name in NAMES:
        words = re.sub("<[^>]+>", " ", said(open_lesson(lesson=name, lang=language)))
        assert 100 < len(re.findall(r"[^\W\d_]{2,}", words)) < 800, name


@pytest.mark.parametrize("name", NAMES)
def test_nothing_stays_in_english_where_russian_was_chosen(open_lesson, name):
    words = said(open_lesson(lesson=name, lang="ru"))
    english, russian = CATALOGUES["en"], CATALOGUES["ru"]
    left = {
        key: phrase
        for key, phrase in english.items()
        if "{" not in phrase and len(phrase) > 6 and phrase != russian[key] and phrase in words
    }
    assert left == {}


def test_the_list_names_all_lessons_with_their_verdicts(open_lesson):
    page = open_lesson()
    assert [button.label for button in page.button if button.key and button.key.startswith("lessons.open.")] == [
        f"{each.number} · {each.title}" for each in lessons()
    ]
    assert "0 of 10 done here" in said(page)
    page.button(key="lessons.open.width").click().run()
    assert page.query_params["lesson"] == "width"
    assert lesson("width").claim in said(page)


def test_the_language_is_switched_in_one_place_and_kept_in_the_link(open_lesson):
    page = open_lesson(lesson="gradient")
    page.button_group(key="lessons.language").set_value("ru").run()
    assert page.query_params["lang"] == "ru"
    assert lesson("gradient", "ru").claim in said(page)
    page.button(key="lessons.turn.1").click().run()
    assert lesson("bottleneck", "ru").claim in said(page)


def test_a_control_moves_the_figure_and_is_in_the_link(open_lesson):
    page = open_lesson(lesson="complexity", side="64")
    assert "64 x 64 px" in said(page)
    page.select_slider(key="lessons.complexity.side").set_value(448).run()
    assert "448 x 448 px" in said(page)
    assert page.query_params["side"] == "448"
    page.button(key="lessons.turn.1").click().run()
    assert "side" not in page.query_params


def test_a_link_with_values_that_there_are_not_opens_what_there_is(open_lesson):
    page = open_lesson(lesson="complexity", side="63", hide="nothing,live", expect="perhaps")
    assert not page.select_slider
    page = open_lesson(lesson="gradients")
    assert "the nearest is 'gradient'" in said(page)


def test_a_teachers_link_hides_what_it_names(open_lesson):
    page = open_lesson(lesson="width", hide="controls,outcome,experiment,reported")
    words, each = said(page), lesson("width")
    assert each.claim in words
    assert not page.select_slider
    assert each.reported not in words
    assert each.says(each.experiment.checks[0]) not in words
    assert not [button for button in page.button if button.key == "lessons.run.quick"]
    assert "as costly as ResNet-56" in words


def test_what_one_expects_is_kept_in_the_link_and_told_beside_the_verdict(open_lesson):
    page = open_lesson(lesson="gradient")
    page.button_group(key="lessons.gradient.expected").set_value("holds").run()
    assert page.query_params["expect"] == "holds"
    assert "You expected: holds." in said(page)


# --- the experiment


def test_one_press_queues_the_experiment_and_a_second_one_does_not(open_lesson, bench):
    page = open_lesson(lesson="gradient")
    page.button(key="lessons.run.quick").click().run()
    (run,) = bench.runs("lesson")
    assert (run.state, run.asked) == ("queued", {"lesson": "gradient", "mode": "quick"})
    assert bench.laboratory.try_lesson(lesson("gradient"), "quick") == run.id
    page.button(key="lessons.stop").click().run()
    assert bench.run(run.id).state == "stopped"
    page.run()
    assert "stopped before its end" in said(page)


def test_what_came_out_here_is_shown_first_and_counts_as_done(open_lesson, bench):
    outcome = finish(bench, device="a test's device, 2 cores", verdict="does not hold here")
    page = open_lesson(lesson="gradient")
    assert "a test's device" in said(page)
    assert "does not hold here" in said(page)
    assert bench.laboratory.tried("gradient", "quick") == outcome
    assert "1 of 10 done here" in said(open_lesson())
    assert bench.of("guest-2").laboratory.lessons_done() == frozenset()
    assert bench.of("guest-2").laboratory.tried("gradient", "quick") is None


def test_an_experiment_that_failed_says_why(open_lesson, bench):
    bench.laboratory.try_lesson(lesson("gradient"), "quick")
    home, host = bench._instance.place
    bench._store.enter("w", host, home, 1)
    run = bench._store.claim("w", "CPU", "a test")
    bench._store.end("w", run, "failed", "ZeroDivisionError: division by zero")
    assert "The experiment failed: ZeroDivisionError" in said(open_lesson(lesson="gradient"))


def test_an_instance_that_has_no_room_says_so(open_lesson, bench, monkeypatch):
    def refuse(*_, **__):
        raise WorkbenchError("No room for another run")

    page = open_lesson(lesson="gradient")
    monkeypatch.setattr("resnet_tf.runs.laboratory.check_quotas", refuse)
    page.button(key="lessons.run.quick").click().run()
    assert "No room for another run" in said(page)


def test_how_long_it_takes_is_said_before_the_click(open_lesson):
    words = said(open_lesson(lesson="gradient"))
    seconds = recorded("gradient", "quick").seconds
    assert f"quick: about {seconds:.0f} s" in words


def test_the_networks_open_on_the_canvas(open_lesson):
    page = open_lesson(lesson="complexity")
    queries = [link.proto.query_string for link in page.get("page_link")]
    links = {f"design={arm.link}" for arm in recorded("complexity", "quick").arms}
    assert links <= {unquote(query) for query in queries}

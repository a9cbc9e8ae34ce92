"""A report's page, read by an HTML parser: it loads nothing, holds its data, and no name becomes markup."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
import reported

from resnet_tf.lessons.course import lesson, lessons
from resnet_tf.lessons.results import recorded
from resnet_tf.reports.contents import contents
from resnet_tf.reports.elements import Charts, Heading, Table
from resnet_tf.reports.outcomes import report_of_outcome
from resnet_tf.reports.page import to_html

LOADS = {"src", "href", "srcset", "data", "action", "poster", "background", "xlink:href"}


class Read(HTMLParser):
    """A page's elements in order, and what text each kind of them holds."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.open, self.text = [], [], {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "input", "img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, "an element that ends inside another"

    def handle_data(self, data):
        for tag in {*self.open}:
            self.text[tag] = self.text.get(tag, "") + data

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def page():
    return to_html(reported.report())


def test_every_element_is_closed_where_it_was_opened(page):
    assert Read(page).open == []


def test_nothing_is_loaded_from_anywhere(page):
    found = Read(page)
    for tag, attributes in found.elements:
        assert not LOADS & {*attributes}, (tag, attributes)
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form"), tag
    assert "url(" not in found.text["style"]
    assert "@import" not in found.text["style"]


def test_no_script_or_style_but_its_own_may_run(page):
    policy = next(m["content"] for m in Read(page).of("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    style, script = (re.search(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[1] for tag in ("style", "script"))
    for text in (style, script):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy


def test_counts_versions_seeds_device_digest_and_command_are_said(page):
    said = Read(page).text["main"]
    for each in ("269,722", "143,667,240", "CPU, 2 cores", "keras 3.12.0", "ab" * 32, "resnet_tf reproduce",
                 "resnet_tf train resnet20_cifar10 -o again", "87.50 %", "@inproceedings{he2015,"):  # fmt: skip
        assert each in said, each


def test_a_hostile_name_is_words_wherever_it_stands():
    made = reported.report(reported.HOSTILE, [reported.training(reported.HOSTILE), reported.profiled(reported.HOSTILE)])
    found = Read(to_html(made))
    kinds = [attributes.get("type") for attributes in found.of("script")]
    assert kinds.count(None) == 1, "a script that is not ours"
    assert {*kinds} == {None, "application/json"}
    assert not found.of("img")
    assert not [name for _, attributes in found.elements for name in attributes if name.startswith("on")]
    assert found.text["h1"] == reported.HOSTILE
    assert found.open == []


def test_a_line_of_a_chart_has_a_spot_for_each_epoch_at_the_height_of_its_value(page):
    charts = re.findall(r'<figure class="chart".*?</figure>', page, re.DOTALL)
    chart = next(each for each in charts if "Validation accuracy" in each)
    (line,) = json.loads(re.search(r'<script type="application/json">(.*?)</script>', chart, re.DOTALL)[1])
    assert [point[2:] for point in line["points"]] == [
        ["epoch 1", "25.00 %"], ["epoch 2", "50.00 %"], ["epoch 3", "87.50 %"],
    ]  # fmt: skip
    (x1, y1), (x2, y2), (x3, y3) = (point[:2] for point in line["points"])
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.2)
    assert (y1 - y2) / (y2 - y3) == pytest.approx((0.5 - 0.25) / (0.875 - 0.5), rel=0.01)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_lessons_outcome_has_claim_verdict_and_each_network(language):
    which = lesson("degradation", language)
    outcome = recorded("degradation", "quick")
    said = Read(to_html(report_of_outcome(which, outcome))).text["main"]
    assert which.claim in said
    assert which.question in said
    assert outcome.command in said
    assert outcome.data in said
    for arm in outcome.arms:
        assert which.arm_title(arm.name, "quick") in said
        assert f"{arm.parameters:,}" in said
        assert f"{arm.macs:,}" in said


def test_a_lessons_report_is_in_its_language_but_for_names_and_versions():
    """Every phrase of the frame that a report of any lesson needs has its Russian words."""
    english, russian = ({text for each in lessons(language) for text in frame_of(each)} for language in ("en", "ru"))
    assert len(english) > 25
    assert not {text for text in russian if text.isascii() and re.search("[A-Za-z]{3}", text)} - NAMES
    assert not russian & english - NAMES


NAMES = {"dE/dy", "VGG-19"}


def frame_of(which):
    """The words of a lesson's report that are none of the lesson's own: headings, heads of tables, titles of charts."""
    made = report_of_outcome(which, recorded(which.name, "quick"))
    for element in contents(made):
        if isinstance(element, Heading) and element.level == 2:
            yield element.text
        elif isinstance(element, Table) and element.numbers:
            yield from (row[0] for row in element.rows if row[0] not in {design.name for design in made.designs})
            yield from (head for head in element.head if head not in {design.name for design in made.designs})
        elif isinstance(element, Charts):
            yield from (text for chart in element.charts for text in (chart.title, chart.note))
            yield from (chart.along for chart in element.charts if not chart.names)

"""A report's PDF, opened by PDFium: sheets of A4, words within their margins, the counts among them."""

import pypdfium2
import pytest
import reported

from resnet_tf.lessons.course import lesson
from resnet_tf.lessons.results import recorded
from resnet_tf.reports.outcomes import report_of_outcome
from resnet_tf.reports.paper import EDGE, ROOM, lines, to_pdf
from resnet_tf.reports.transliteration import latin

POINTS = 0.75  # in a pixel


@pytest.fixture(scope="module")
def pdf():
    document = pypdfium2.PdfDocument(to_pdf(reported.report()))
    yield document
    document.close()


def words_of(document):
    return " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in document)


def test_the_counts_are_in_its_text(pdf):
    said = words_of(pdf)
    for each in ("269,722", "143,667,240", "ab" * 32, "CPU, 2 cores", "resnet_tf reproduce", "87.50 %", "he2015"):
        assert each in said, each


def test_its_sheets_are_a4_and_all_words_lie_within_the_margins(pdf):
    for page in pdf:
        assert page.get_size() == pytest.approx((595.3, 841.9), abs=1)
        text = page.get_textpage()
        for i in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(i)
            assert left >= POINTS * EDGE - 1
            assert right <= POINTS * (EDGE + ROOM) + 1
            assert 0 < bottom < top < 842


def test_a_chart_is_painted_in_its_lines_colour(pdf):
    sheet = next(page for page in pdf if "Validation accuracy" in page.get_textpage().get_text_bounded())
    colours = {colour for _, colour in sheet.render(scale=2).to_pil().convert("RGB").getcolors(1 << 24)}
    assert (0x3B, 0x6F, 0xB6) in colours


def test_words_of_another_alphabet_are_written_in_latin_letters():
    made = report_of_outcome(lesson("degradation", "ru"), recorded("degradation", "quick"))
    document = pypdfium2.PdfDocument(to_pdf(made))
    said = words_of(document)
    assert latin("Тезис") in said
    assert "?" not in said.replace("?", "", latin(" ".join([made.about])).count("?"))
    document.close()


def test_a_name_that_nobody_foresaw_is_written_all_the_same():
    document = pypdfium2.PdfDocument(to_pdf(reported.report(f"{reported.HOSTILE} (\\) 汉字 {'x' * 400}")))
    assert "alert(1)" in words_of(document)
    document.close()


def test_lines_find_room_and_lose_nothing():
    text = "one two three " + "long" * 60 + " four"
    found = list(lines(text, 100, 10))
    assert "".join(found).replace(" ", "") == text.replace(" ", "")

"""A report's PDF, opened by PDFium: sheets of A4, words within their margins, counts among them, in any language."""

import pypdfium2
import pytest
import reported
from PIL import ImageChops

from resnet_tf.lessons.course import lesson
from resnet_tf.lessons.results import recorded
from resnet_tf.reports.outcomes import report_of_outcome
from resnet_tf.reports.paper import EDGE, ROOM, lines, to_pdf

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


def test_a_russian_lesson_is_written_in_russian():
    made = report_of_outcome(lesson("degradation", "ru"), recorded("degradation", "quick"))
    document = pypdfium2.PdfDocument(to_pdf(made))
    said = words_of(document)
    claimed = [line for passage in made.passages for line in passage.lines]
    for each in (made.title, made.about, *claimed, "Что измерено", "Точность на проверочных изображениях"):
        assert " ".join(each.split()) in said, each
    assert said.count("?") == sum(each.count("?") for each in (made.about, *claimed))  # no letter was not to be had
    assert document.get_metadata_value("Title") == made.title
    document.close()


def test_cyrillic_words_lie_within_the_margins_too():
    document = pypdfium2.PdfDocument(to_pdf(report_of_outcome(lesson("gradient", "ru"), recorded("gradient", "quick"))))
    for page in document:
        text = page.get_textpage()
        for i in range(text.count_rects()):
            left, _, right, _ = text.get_rect(i)
            assert left >= POINTS * EDGE - 1
            assert right <= POINTS * (EDGE + ROOM) + 1
    document.close()


def test_no_word_of_a_table_is_cut_where_there_is_room():
    made = report_of_outcome(lesson("degradation", "ru"), recorded("degradation", "quick"))
    document = pypdfium2.PdfDocument(to_pdf(made))
    verdicts = {row[-1] for passage in made.passages for row in passage.rows}
    lines_of_sheets = [line.strip() for page in document for line in page.get_textpage().get_text_bounded().split("\n")]
    assert verdicts
    assert all(any(line.endswith(verdict) for line in lines_of_sheets) for verdict in verdicts)
    document.close()


def test_a_designs_name_in_cyrillic_is_painted_letter_by_letter():
    """Pictures of the title: letters that look alike in both alphabets are the same, others are not."""
    painted = []
    for title in ("CAXAP", "САХАР", "ЛИМОН"):
        document = pypdfium2.PdfDocument(to_pdf(reported.report(title)))
        sheet = document[0].render(scale=2).to_pil().convert("L")
        painted.append(sheet.crop((0, 0, sheet.width, round(2 * POINTS * (EDGE + 28)))))
        document.close()
    latin, *others = painted
    alike, other = (sum(ImageChops.difference(latin, each).histogram()[128:]) for each in others)
    assert other > 0.5 * sum(latin.histogram()[:128])
    assert alike < 0.4 * other  # 0.08: Helvetica is another font here and there


def test_only_a_report_that_needs_it_brings_a_typeface():
    assert b"/FontFile2" not in to_pdf(reported.report("ResNet-20"))
    assert b"/FontFile2" in to_pdf(reported.report("Сеть"))


def test_a_name_that_nobody_foresaw_is_written_all_the_same():
    document = pypdfium2.PdfDocument(to_pdf(reported.report(f"{reported.HOSTILE} (\\) 汉字 {'x' * 400}")))
    assert "alert(1)" in words_of(document)
    document.close()


def test_lines_find_room_and_lose_nothing():
    text = "one two three " + "long" * 60 + " four"
    found = list(lines(text, 100, 10))
    assert "".join(found).replace(" ", "") == text.replace(" ", "")

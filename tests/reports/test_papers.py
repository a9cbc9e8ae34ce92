"""BibTeX of the papers: read by a grammar of its own, complete, and the same papers as sources say in words."""

import re

import pytest

from resnet_tf.design import published
from resnet_tf.design.presets import PRESETS
from resnet_tf.learning.catalogue import DATASETS
from resnet_tf.learning.recipes import RECIPES
from resnet_tf.lessons.course import lessons
from resnet_tf.reports.papers import PAPERS, cited, entry, line, numbers
from resnet_tf.reports.studied import LOOKS

NO_PAPERS = {published.TORCHVISION, published.TIMM, published.KERAS}
SOURCES = [
    *(row.source for row in PRESETS.values()), *(row.source for row in RECIPES.values()),
    *(row.source for row in DATASETS.values()), *(each.source for each in lessons("en")),
    *(source for each in LOOKS.values() for source in each.sources),
]  # fmt: skip


def parsed(text):
    """Entries of BibTeX by their keys, as (kind, fields). Strict: braces must match, each field ends with a comma."""
    found, at = {}, 0
    head = re.compile(r"\s*@(\w+)\{([a-z]+\d{4}[a-z]*),")
    name = re.compile(r"\s*(\w+) = \{")
    while text[at:].strip():
        kind = head.match(text, at)
        assert kind, text[at : at + 40]
        at, fields = kind.end(), {}
        while field := name.match(text, at):
            depth, end = 1, field.end()
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0) * (text[end - 1] != "\\")
                end += 1
            assert field[1] not in fields
            fields[field[1]] = text[field.end() : end - 1]
            assert text[end] == ","
            at = end + 1
        assert text[at:].lstrip().startswith("}"), text[at : at + 40]
        at = text.index("}", at) + 1
        assert kind[2] not in found, "a key twice"
        found[kind[2]] = kind[1], fields
    return found


@pytest.mark.parametrize("paper", PAPERS.values(), ids=lambda paper: paper.key)
def test_every_entry_is_bibtex_with_authors_title_and_year(paper):
    ((kind, fields),) = parsed(entry(paper)).values()
    assert {"author", "title", "year"} <= {*fields}
    assert (kind == "inproceedings") == ("booktitle" in fields)
    assert all(re.fullmatch(r"[^,]+, [^,]+", author) for author in fields["author"].split(" and "))
    assert fields["title"].startswith("{")
    assert fields["title"].isascii()
    assert fields["author"].isascii(), "an accent that BibTeX of 1988 cannot read"
    assert "%" not in fields["title"].replace(r"\%", "")


def test_no_two_entries_have_one_key():
    assert len(parsed("\n\n".join(map(entry, PAPERS.values())))) == len(PAPERS)


def test_every_source_names_a_paper_that_has_an_entry_or_is_known_to_be_none():
    found = set()
    for source in SOURCES:
        named = numbers(source)
        assert {*named} <= {*PAPERS}, source
        found |= {*named}
    assert {source for source in (row.source for row in PRESETS.values()) if not numbers(source)} <= NO_PAPERS
    assert found == {*PAPERS}, "an entry that no source names"


@pytest.mark.parametrize("source", sorted({source for source in SOURCES if numbers(source)}))
def test_a_sources_first_surname_and_year_are_its_papers(source):
    """What published.py says in words was written apart from the table."""
    for part in re.split(r";", source):
        said = re.match(
            r"(?:\w+ (?:\w+ )*?)??([A-Z]\w+)(?: et al\.|,? (?:and )?[A-Z]\w+)*(?:'s)? (\d{4})", part.strip()
        )
        for number in numbers(part):
            paper = PAPERS[number]
            assert paper.authors[0].partition(",")[0] in part, (part, paper)
            if said and number.startswith("arXiv"):
                # the year of the preprint or of the print
                first = 2000 + int(number[6:8])
                assert int(said[2]) in (first, paper.year), (part, paper)


@pytest.mark.parametrize("paper", PAPERS.values(), ids=lambda paper: paper.key)
def test_a_paper_is_printed_within_three_years_of_its_number(paper):
    if paper.number.startswith("arXiv"):
        assert 0 <= paper.year - (2000 + int(paper.number[6:8])) <= 3


def test_papers_are_cited_once_and_what_is_none_is_not():
    found = cited(["timm", published.HE2015, f"{published.HE2015}, Table 3; {published.WRN}", "Tuned here"])
    assert [paper.key for paper in found] == ["he2015", "zagoruyko2016"]


def test_a_reference_says_who_when_what_and_where():
    assert line(PAPERS["arXiv:1605.07146"]) == (
        "Zagoruyko and Komodakis 2016. Wide Residual Networks. British Machine Vision Conference, arXiv:1605.07146"
    )
    assert line(PAPERS["arXiv:1512.03385"]).startswith("He et al. 2016. Deep Residual Learning")

"""What the lessons say, by key and language: catalogues beside each other, chosen here and nowhere else."""

from __future__ import annotations

from resnet_tf.design.spec import SpecError
from resnet_tf.lessons.texts.english import TEXTS as ENGLISH
from resnet_tf.lessons.texts.pages_english import TEXTS as ENGLISH_PAGES
from resnet_tf.lessons.texts.pages_russian import TEXTS as RUSSIAN_PAGES
from resnet_tf.lessons.texts.russian import TEXTS as RUSSIAN

DEFAULT = "en"
CATALOGUES: dict[str, dict[str, str]] = {"en": ENGLISH | ENGLISH_PAGES, "ru": RUSSIAN | RUSSIAN_PAGES}
LANGUAGES = {"en": "English", "ru": "Русский"}
_MARKS = {"en": {}, "ru": {",": "\N{NO-BREAK SPACE}", ".": ","}}  # of thousands and of decimals, as Python writes them


def text(key: str, language: str = DEFAULT, **values: object) -> str:
    """The text of a key, with values in their places.

    Raises SpecError for a language that there is no catalogue of, KeyError for a key that is in none.
    """
    if language not in CATALOGUES:
        raise SpecError("language", f"one of {', '.join(CATALOGUES)}", language, DEFAULT)
    return CATALOGUES[language][key].format(**values)


def numeral(number: str, language: str = DEFAULT) -> str:
    """A number that Python formatted, with the language's own marks."""
    return number.translate(str.maketrans(_MARKS[language]))


def said(value: float, language: str = DEFAULT, decimals: int | None = None) -> str:
    """A number in words' company: three digits that count, and whole thousands up to a million; or so many decimals."""
    if decimals is not None:
        return numeral(f"{value:.{decimals}f}", language)
    return numeral(f"{value:,.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.3g}", language)


def amount(value: float, language: str = DEFAULT) -> str:
    """A count with three digits that count, in thousands, millions or billions."""
    for unit, size in (("billions", 1e9), ("millions", 1e6), ("thousands", 1e3)):
        if abs(value) >= size:
            return text(f"amount.{unit}", language, number=numeral(f"{value / size:.3g}", language))
    return numeral(f"{value:.3g}", language)

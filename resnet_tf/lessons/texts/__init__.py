"""What the lessons say, by key and language: catalogues beside each other, chosen here and nowhere else."""

from __future__ import annotations

from resnet_tf.design.spec import SpecError
from resnet_tf.lessons.texts.english import TEXTS as ENGLISH
from resnet_tf.lessons.texts.russian import TEXTS as RUSSIAN

DEFAULT = "en"
CATALOGUES: dict[str, dict[str, str]] = {"en": ENGLISH, "ru": RUSSIAN}
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

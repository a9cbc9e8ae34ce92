"""Words in Latin letters, for files' names that have no others: Cyrillic as in passports (ICAO Doc 9303)."""

from __future__ import annotations

_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "ie", "ы": "y", "ь": "", "э": "e", "ю": "iu",
    "я": "ia",
}  # fmt: skip
_LETTERS = str.maketrans({
    **_CYRILLIC, **{letter.upper(): latin.capitalize() for letter, latin in _CYRILLIC.items()},
})  # fmt: skip


def latin(text: str) -> str:
    """The text with Latin letters for Cyrillic ones; those of yet other alphabets stay."""
    return text.translate(_LETTERS)

"""Words in Latin letters, for fonts and files' names that have no others: Cyrillic as in passports (ICAO Doc 9303)."""

from __future__ import annotations

_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "ie", "ы": "y", "ь": "", "э": "e", "ю": "iu",
    "я": "ia",
}  # fmt: skip
_SIGNS = {"∂": "d", "Σ": "sum", "→": "->", "≤": "<=", "≥": ">=", "≈": "~", "−": "-", "\N{NO-BREAK SPACE}": " "}
_LETTERS = str.maketrans({
    **_CYRILLIC, **{letter.upper(): latin.capitalize() for letter, latin in _CYRILLIC.items()}, **_SIGNS,
})  # fmt: skip


def latin(text: str) -> str:
    """The text with what PDF's own fonts have; a letter of yet another alphabet becomes a question mark there."""
    return text.translate(_LETTERS)

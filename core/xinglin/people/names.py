"""Names as people type them: normalised, free of invisible characters, cut only between characters."""

from __future__ import annotations

import unicodedata

INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


class BadText(ValueError):
    """The text holds a character that nobody can see; `code` is its code point, such as U+200B."""

    def __init__(self, code: str) -> None:
        super().__init__(f"invisible character {code}")
        self.code = code


def clean(text: str) -> str:
    """NFC, spaces at the ends gone, inner runs of spaces one space. Raises `BadText` for control characters."""
    text = unicodedata.normalize("NFC", text)
    for char in text.strip():
        if unicodedata.category(char) in INVISIBLE:
            raise BadText(f"U+{ord(char):04X}")
    return " ".join(text.split())


def cut(text: str, limit: int) -> str:
    """At most `limit` code points, never between a character and its marks or variation selectors."""
    if len(text) <= limit:
        return text
    end = limit
    while end and _belongs_to_previous(text[end]):
        end -= 1
    return text[:end]


def _belongs_to_previous(char: str) -> bool:
    return unicodedata.combining(char) != 0 or any(ord(char) in block for block in VARIATION_SELECTORS)

"""Cutting text for small screens without breaking a character."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

ELLIPSIS = "…"
JOINER = "\u200d"
REGIONAL = range(0x1F1E6, 0x1F200)
SKIN_TONES = range(0x1F3FB, 0x1F400)
TAGS = range(0xE0020, 0xE0080)


def clean(text: str) -> str:
    """`text` without what no database or phone can show: lone surrogates and control characters (line feeds stay)."""
    return "".join(
        sign for sign in text if sign == "\n" or unicodedata.category(sign) not in {"Cc", "Cs"}
    ).strip()


def cut(text: str, characters: int) -> str:
    """`text` in at most `characters` code points; what is cut ends with `…`, never inside what a reader sees as one."""
    text = clean(text)
    if len(text) <= characters:
        return text
    kept = ""
    for cluster in clusters(text):
        if len(kept) + len(cluster) > characters - len(ELLIPSIS):
            break
        kept += cluster
    return kept.rstrip() + ELLIPSIS


def clusters(text: str) -> Iterator[str]:
    """What a reader sees as one character: base and marks, emoji families, flags (after UAX #29, simplified)."""
    current = ""
    for sign in text:
        if current and not _belongs(current, sign):
            yield current
            current = ""
        current += sign
    if current:
        yield current


def _belongs(current: str, sign: str) -> bool:
    code = ord(sign)
    if sign == JOINER or current.endswith(JOINER) or code in SKIN_TONES or code in TAGS:
        return True
    if unicodedata.category(sign) in {"Mn", "Mc", "Me"}:
        return True
    if code in REGIONAL:
        flags = sum(ord(part) in REGIONAL for part in current)
        return flags == len(current) and flags % 2 == 1
    return False

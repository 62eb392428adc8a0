"""Names of files: kept for people, never used as paths, safe in a header."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

MOST_LETTERS = 255


def clean_name(name: str, default: str = "file") -> str:
    """The last part, NFC, at most 255 letters, without control and direction marks; the extension survives a cut."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if not _is_unseen(letter)).strip()
    if len(kept) > MOST_LETTERS:
        stem, dot, extension = kept.rpartition(".")
        tail = dot + extension if 0 < len(extension) <= 10 else ""
        kept = (stem if tail else kept)[: MOST_LETTERS - len(tail)] + tail
    return kept or default


def _is_unseen(letter: str) -> bool:
    # Zero-width joiners are format characters, too, but families of emoji and Indic scripts are made with them.
    # Letters for private use are rare names of people, drawn by fonts of the hospital.
    category = unicodedata.category(letter)
    return category[0] == "C" and category != "Co" and letter not in "\u200c\u200d"


def extension_of(name: str) -> str:
    """The part after the last dot, in lower case, without the dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def attachment_header(name: str) -> str:
    """Content-Disposition as in RFC 6266: plain ASCII for old browsers, UTF-8 by RFC 8187 for all others."""
    shown = clean_name(name)
    ascii_name = "".join(letter if letter.isascii() and letter.isprintable() else "_" for letter in shown)
    for letter in '"\\%;/':
        ascii_name = ascii_name.replace(letter, "_")
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(shown, safe='')}"

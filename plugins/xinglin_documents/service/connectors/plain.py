"""Words out of the HTML that OAs keep: nothing of their markup reaches a browser."""

from __future__ import annotations

import html
import re
import unicodedata

import nh3

BREAK = re.compile(r"</(?:p|div|tr|li|h\d)>|<br\s*/?>", re.IGNORECASE)
UNWRITTEN = re.compile("[\ud800-\udfff\0]")
"""Halves of characters, as a cut emoji leaves them, and what no database keeps."""
SILENT = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)


def whole(text: str) -> str:
    """The text with a mark for each character that cannot be written down."""
    return UNWRITTEN.sub("\ufffd", text)


def plain(text: str | None) -> str:
    """The words of a remark, one block a line; scripts and styles are gone with their content."""
    if not text:
        return ""
    marked = BREAK.sub("\n", SILENT.sub("", whole(text)))
    words = html.unescape(nh3.clean(marked, tags=set())).replace("\xa0", " ")
    lines = (" ".join(line.split()) for line in words.splitlines())
    return "\n".join(line for line in lines if line)


def markup(text: str) -> str:
    """An opinion as an OA keeps it: HTML, with what XML cannot carry left out."""
    allowed = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Cn"))
    return html.escape(allowed, quote=False).replace("\n", "<br>")

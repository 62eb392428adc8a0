"""The body of a notice: what the author's editor sends, or a plain textarea where scripts do not run."""

from __future__ import annotations

import html
import re

import nh3

from xinglin.api.forms import sanitise

BLOCK_END = re.compile(r"</(?:p|h2|h3|li|blockquote|pre)>|<br\s*/?>", re.IGNORECASE)
FROM_EDITOR = re.compile(r"\s*<(?:p|h2|h3|ol|ul|blockquote|pre)[\s>]", re.IGNORECASE)


def clean_body(written: str) -> str:
    """Safe HTML; text without the editor's blocks becomes one paragraph a line."""
    return sanitise(written if FROM_EDITOR.match(written) else _paragraphs(written))


def plain_text(body: str) -> str:
    """The words of a clean body, one block a line."""
    without_marks = nh3.clean(BLOCK_END.sub("\n", body), tags=set())
    lines = (" ".join(line.split()) for line in html.unescape(without_marks).splitlines())
    return "\n".join(line for line in lines if line)


def _paragraphs(written: str) -> str:
    lines = (line.strip() for line in written.splitlines())
    return "".join(f"<p>{line}</p>" for line in lines if line)

"""The small markup of messages as safe HTML: links in texts, div classes in cards, markdown."""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup, escape

_LINK = re.compile(r"<a\s+href=[\"']([^\"']+)[\"'][^>]*>(.*?)</a>", re.DOTALL)
_CARD = re.compile(r"<br\s*/?>|<div class=[\"']?(gray|normal|highlight)[\"']?>|</div>")
_MARKDOWN = (
    (re.compile(r"^#{1,6} ?(.+)$", re.MULTILINE), r"<strong class='md-head'>\1</strong>"),
    (re.compile(r"^&gt; ?(.+)$", re.MULTILINE), r"<span class='md-quote'>\1</span>"),
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (
        re.compile(r"&lt;font color=&#34;(info|comment|warning)&#34;&gt;(.*?)&lt;/font&gt;", re.DOTALL),
        r"<span class='md-\1'>\2</span>",
    ),
)
_MARKDOWN_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")

Opener = Callable[[str], str]


def _breaks(text: str) -> Markup:
    return escape(text).replace("\n", Markup("<br>"))


def link(address: str, label: str, opener: Opener) -> Markup:
    """A link that the phone opens in its web view."""
    return Markup("<a href='{}' data-open='{}'>{}</a>").format(opener(address), address, label)


def text_html(text: str, opener: Opener) -> Markup:
    """A text message: line breaks and links only, everything else as it stands."""
    result, end = Markup(), 0
    for found in _LINK.finditer(text):
        result += _breaks(text[end : found.start()]) + link(found.group(1), found.group(2), opener)
        end = found.end()
    return result + _breaks(text[end:])


def card_html(text: str) -> Markup:
    """A card's description: ``<br>`` and the three div classes."""
    result, end = Markup(), 0
    for found in _CARD.finditer(text):
        result += _breaks(text[end : found.start()])
        if found.group(1):
            result += Markup("<span class='card-{}'>").format(found.group(1))
        elif found.group(0).startswith("<br"):
            result += Markup("<br>")
        else:
            result += Markup("</span>")
        end = found.end()
    return result + _breaks(text[end:])


def markdown_html(text: str, opener: Opener) -> Markup:
    """The supported subset of markdown."""
    html = str(escape(text))
    for pattern, replacement in _MARKDOWN:
        html = pattern.sub(replacement, html)
    html = _MARKDOWN_LINK.sub(
        lambda found: str(link(found.group(2).replace("&amp;", "&"), found.group(1), opener)), html
    )
    return Markup(html.replace("\n", "<br>"))

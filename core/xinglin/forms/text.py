"""Text from people: normalised, trimmed, without characters that deceive or break."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import colander
import deform.widget
import nh3
from pyramid.i18n import TranslationStringFactory

_ = TranslationStringFactory("core")

BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They reverse what is shown ("gpj.exe" as "exe.jpg"); see Unicode TR 36, section 2.1."""
RICH_TAGS = frozenset(
    {
        "p",
        "br",
        "h2",
        "h3",
        "strong",
        "b",
        "em",
        "i",
        "u",
        "s",
        "ul",
        "ol",
        "li",
        "blockquote",
        "a",
        "img",
        "pre",
        "code",
    }
)
RICH_ATTRIBUTES: Mapping[str, set[str]] = {
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
}


def clean(text: str, *, is_multiline: bool) -> str:
    """NFC, trimmed, line ends as LF. Raises `ValueError` naming the first forbidden character as U+XXXX."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    allowed = "\n\t" if is_multiline else ""
    for character in text:
        if _is_forbidden(character) and character not in allowed:
            raise ValueError(f"U+{ord(character):04X}")
    return text


def _is_forbidden(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in BIDI_CONTROLS


def sanitise(html: str) -> str:
    """What an author's editor may contain: simple formats, links, and pictures of this portal only."""
    return nh3.clean(
        html,
        tags=set(RICH_TAGS),
        attributes={tag: set(names) for tag, names in RICH_ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto", "tel"},
        attribute_filter=_own_pictures_only,
        link_rel="noopener noreferrer",
    )


def _own_pictures_only(tag: str, attribute: str, value: str) -> str | None:
    is_foreign = not value.startswith("/") or value.startswith(("//", "/\\"))
    return None if (tag, attribute) == ("img", "src") and is_foreign else value


class PlainText(colander.String):
    """A string cleaned as by `clean`; longer than the node's `max_length` is refused."""

    is_multiline = False

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        value = super().deserialize(node, cstruct)
        if value is colander.null:
            return value
        try:
            text = clean(value, is_multiline=self.is_multiline)
        except ValueError as error:
            sentence = _(
                "Contains a character that cannot be stored (${code}). Please type it again.",
                mapping={"code": str(error)},
            )
            raise colander.Invalid(node, sentence) from error
        colander.Length(max=node.max_length)(node, text)
        return text or colander.null


class MultilineText(PlainText):
    """The same with line feeds and tabs."""

    is_multiline = True


class HtmlText(MultilineText):
    """An editor's HTML, sanitised; without any letter or picture it counts as empty."""

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        value = super().deserialize(node, cstruct)
        if value is colander.null:
            return value
        html = sanitise(value)
        has_content = "<img" in html or nh3.clean(html, tags=set()).replace("&nbsp;", " ").strip()
        return html if has_content else colander.null


class Text(colander.SchemaNode):
    """One line of text; `max_length` in characters."""

    schema_type = PlainText
    max_length = 200


class LongText(colander.SchemaNode):
    """Several lines of plain text; `max_length` in characters."""

    schema_type = MultilineText
    max_length = 20_000
    widget = deform.widget.TextAreaWidget(rows=5)


class RichText(colander.SchemaNode):
    """HTML of the editor, sanitised when read. For pictures give the widget the attribute `data-upload-url`.

    The page needs `asset("editor.css")` in its head and `asset("editor.js")` among its scripts.
    """

    schema_type = HtmlText
    max_length = 200_000
    widget = deform.widget.RichTextWidget()

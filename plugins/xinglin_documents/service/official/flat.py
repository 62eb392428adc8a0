"""Filling a flat ODF text (OASIS OpenDocument 1.3): a template of ours or of the hospital, the body from another document.

A template has placeholder fields (Insert > Field > Functions > Placeholder) whose names are those of `fill`'s values. A
paragraph or table row of which every placeholder is empty goes; the paragraph of `body` becomes the body.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from lxml import etree

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
FAMILY = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}font-family"
BODY = "body"
PARAGRAPH, ROW = f"{{{TEXT}}}p", f"{{{TABLE}}}table-row"
HEADINGS = (
    (re.compile(r"^[一二三四五六七八九十]+、"), "XHeading1"),
    (re.compile(r"^（[一二三四五六七八九十]+）"), "XHeading2"),
)
"""GB/T 9704-2012, 7.3.3: the first degree of headings in 黑体, the second in 楷体."""
BODY_STYLE = "XBody"
PREFIX = "body_"
LEFT_OUT = {
    f"{{{TEXT}}}{name}"
    for name in (
        "tracked-changes",
        "change",
        "change-start",
        "change-end",
        "sequence-decls",
        "variable-decls",
        "user-field-decls",
    )
} | {f"{{{OFFICE}}}{name}" for name in ("annotation", "annotation-end", "forms", "event-listeners")}
"""Notes beside the text, and the marks of tracked changes, which are accepted: see `_accept_deletions`."""
MARKS = (f"{{{TEXT}}}change-start", f"{{{TEXT}}}change-end")
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
"""`huge_tree`: a picture in a flat document is one long text. What is read was written by LibreOffice, and is capped."""


class TemplateFault(Exception):
    """The template cannot be used; the text says where it is wrong."""


def fill(template: bytes, values: Mapping[str, str], body: Sequence[Any] = ()) -> bytes:
    """The template with its placeholders replaced; `body` from `paragraphs` or `body_of`. Raises `TemplateFault`."""
    root = _parsed(template)
    places = _places(root)
    unknown = sorted({name for name, _place in places} - values.keys() - {BODY})
    if unknown:
        raise TemplateFault(
            f"unknown placeholder {unknown[0]}. Known are: {', '.join(sorted(values))}, {BODY}"
        )
    if [name for name, _place in places].count(BODY) != 1:
        raise TemplateFault(f"the placeholder {BODY} must stand in it exactly once")
    for block in _empty_blocks(places, values):
        _remove(block)
    for name, place in places:
        if name == BODY:
            _put_body(root, place, body)
        else:
            _replace(place, values[name])
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def choose_fonts(document: bytes, installed: Collection[str]) -> bytes:
    """Leave of each list of font families the first that is there: LibreOffice looks at no other."""
    root = _parsed(document)
    for face in root.iter(f"{{{STYLE}}}font-face"):
        families = [name.strip(" '\"") for name in face.get(FAMILY, "").split(",")]
        face.set(FAMILY, next((name for name in families if name in installed), families[0]))
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def paragraphs(text: str) -> list[Any]:
    """Lines of plain text as paragraphs in the styles of the template."""
    return [_paragraph(line.strip()) for line in text.splitlines() if line.strip()]


def body_of(document: bytes) -> list[Any]:
    """What stands in another flat document: its styles (to be merged by `fill`) and its content, changes accepted.

    Raises `TemplateFault` when it holds no text.
    """
    root = _parsed(document)
    text = root.find(f"{{{OFFICE}}}body/{{{OFFICE}}}text")
    if text is None:
        raise TemplateFault("the body is no text document")
    _accept_deletions(text)
    for element in list(root.iter(*LEFT_OUT)):
        _remove(element, keeps_tail=True)
    _rename_styles(root)
    return [root, *[deepcopy(child) for child in text if isinstance(child.tag, str)]]


def _accept_deletions(text: Any) -> None:
    """Take out what stands between the marks of a deletion: LibreOffice writes it there, and struck out in the PDF."""
    regions = text.iter(f"{{{TEXT}}}changed-region")
    deleted = {one.get(f"{{{TEXT}}}id") for one in regions if one.find(f"{{{TEXT}}}deletion") is not None}
    under_way: set[str] = set()
    begun_inside: dict[Any, bool] = {}
    gone = []
    for event, element in etree.iterwalk(text, events=("start", "end")):
        marked = element.get(f"{{{TEXT}}}change-id")
        if event == "start":
            if element.tag in MARKS and marked in deleted:
                (under_way.add if element.tag == MARKS[0] else under_way.discard)(marked)
            begun_inside[element] = bool(under_way)
            if under_way:
                element.text = None
        elif under_way:
            element.tail = None
            if (
                begun_inside[element]
                and element.tag not in MARKS
                and next(element.iter(*MARKS), None) is None
            ):
                gone.append(element)
    for element in gone:
        _remove(element, keeps_tail=True)


def _parsed(source: bytes) -> Any:
    try:
        return etree.fromstring(source, PARSER)
    except etree.XMLSyntaxError as error:
        raise TemplateFault(f"no XML: {error}") from error


def _places(root: Any) -> list[tuple[str, Any]]:
    found = root.iter(f"{{{TEXT}}}placeholder")
    return [("".join(place.itertext()).strip().strip("<>"), place) for place in found]


def _empty_blocks(places: list[tuple[str, Any]], values: Mapping[str, str]) -> list[Any]:
    """The rows and paragraphs in which all placeholders are empty, each once."""
    blocks: dict[Any, bool] = {}
    for name, place in places:
        block = _block_of(place)
        blocks[block] = blocks.get(block, True) and name != BODY and not values[name]
    return [block for block, is_empty in blocks.items() if is_empty]


def _block_of(place: Any) -> Any:
    row = next(place.iterancestors(ROW), None)
    return next(place.iterancestors(PARAGRAPH)) if row is None else row


def _remove(element: Any, *, keeps_tail: bool = False) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if keeps_tail and element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)
    if parent.tag == f"{{{TABLE}}}table" and parent.find(ROW) is None:
        _remove(parent)


def _replace(place: Any, value: str) -> None:
    if place.getroottree().getroot().tag != f"{{{OFFICE}}}document":
        return  # its block is gone
    first, *others = value.split("\n")
    span = etree.Element(f"{{{TEXT}}}span")
    span.text, span.tail = first, place.tail
    for line in others:
        etree.SubElement(span, f"{{{TEXT}}}line-break").tail = line
    place.getparent().replace(place, span)


def _paragraph(line: str) -> Any:
    style = next((name for pattern, name in HEADINGS if pattern.match(line)), BODY_STYLE)
    element = etree.Element(PARAGRAPH, {f"{{{TEXT}}}style-name": style})
    element.text = line
    return element


def _put_body(root: Any, place: Any, body: Sequence[Any]) -> None:
    block = next(place.iterancestors(PARAGRAPH))
    parent = block.getparent()
    for element in body:
        if element.tag == f"{{{OFFICE}}}document":
            _merge_styles(root, element)
        else:
            block.addprevious(element)
    parent.remove(block)


def _rename_styles(root: Any) -> None:
    """Give every style of the body a name of its own, so that none meets one of the template."""
    _name_defaults(root)
    holders = [root.find(f"{{{OFFICE}}}{name}") for name in ("styles", "automatic-styles")]
    names = {
        style.get(f"{{{STYLE}}}name") for holder in holders if holder is not None for style in holder
    } - {None}
    for element in root.iter(etree.Element):
        for attribute, value in element.attrib.items():
            if attribute == f"{{{STYLE}}}master-page-name":
                del element.attrib[attribute]  # its pages are those of the template
            elif _names_style(element, attribute) and value in names:
                element.set(attribute, f"{PREFIX}{value}")


def _names_style(element: Any, attribute: str) -> bool:
    if attribute == f"{{{STYLE}}}name":
        return etree.QName(element).localname != "font-face"
    local = etree.QName(attribute).localname
    return local.endswith("style-name")


def _name_defaults(root: Any) -> None:
    """Default styles belong to a whole document: those of the body become the parents of its own styles."""
    styles = root.find(f"{{{OFFICE}}}styles")
    if styles is None:
        return
    for default in styles.findall(f"{{{STYLE}}}default-style"):
        family = default.get(f"{{{STYLE}}}family")
        for style in _orphans(root, family):
            style.set(f"{{{STYLE}}}parent-style-name", f"default_{family}")
        default.tag = f"{{{STYLE}}}style"
        default.set(f"{{{STYLE}}}name", f"default_{family}")


def _orphans(root: Any, family: str) -> Iterator[Any]:
    for style in root.iter(f"{{{STYLE}}}style"):
        if style.get(f"{{{STYLE}}}family") == family and not style.get(f"{{{STYLE}}}parent-style-name"):
            yield style


def _merge_styles(root: Any, document: Any) -> None:
    for name in ("font-face-decls", "styles", "automatic-styles"):
        ours, theirs = root.find(f"{{{OFFICE}}}{name}"), document.find(f"{{{OFFICE}}}{name}")
        if ours is None or theirs is None:
            continue
        known = {style.get(f"{{{STYLE}}}name") for style in ours}
        ours.extend(
            deepcopy(style)
            for style in theirs
            if isinstance(style.tag, str) and style.get(f"{{{STYLE}}}name") not in known | {None}
        )

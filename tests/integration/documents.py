"""Small real documents, written by hand as their standards say."""

from __future__ import annotations

import random
import subprocess
import zipfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MEDIA = "application/vnd.openxmlformats-officedocument"


def docx(pages: Iterable[str]) -> bytes:
    """A text document (ECMA-376 part 1) with one paragraph on each page."""
    paragraphs = (
        f"<w:p><w:pPr><w:pageBreakBefore w:val='{int(number > 0)}'/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
        for number, text in enumerate(pages)
    )
    body = f"<w:document xmlns:w='{WORD}'><w:body>{''.join(paragraphs)}</w:body></w:document>"
    return package("word/document.xml", body, f"{MEDIA}.wordprocessingml.document.main+xml")


def endless() -> bytes:
    """A text document that takes minutes to lay out, of a size and a ratio that the store accepts."""
    letters = random.Random(1)
    words = (
        "".join(chr(letters.randrange(0x4E00, 0x9FA5)) for _letter in range(2000)) for _page in range(1500)
    )
    return docx(words)


def package(part: str, body: str, media_type: str, **more: str) -> bytes:
    """A package of one part (ECMA-376 part 2); `more` are further members, `/` in a name written as `__`."""
    types = (
        f"<Types xmlns='{PACKAGE}/content-types'>"
        "<Default Extension='rels' ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
        f"<Override PartName='/{part}' ContentType='{media_type}'/></Types>"
    )
    relations = (
        f"<Relationships xmlns='{PACKAGE}/relationships'>"
        f"<Relationship Id='r1' Type='{RELATIONS}/officeDocument' Target='{part}'/></Relationships>"
    )
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", relations)
        archive.writestr(part, body)
        for name, content in more.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def pdf(pages: int, size: tuple[int, int] = (595, 842)) -> bytes:
    """A PDF (ISO 32000-1) of pages with a big number on each; `size` in points."""
    numbers = range(pages)
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in numbers)
    fonts = "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    box = f"/MediaBox[0 0 {size[0]} {size[1]}]"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {pages}{box}{fonts}>>",
    ]
    for number in numbers:
        text = f"BT /F 96 Tf 100 400 Td ({number + 1}) Tj ET"
        objects.append(f"<</Type/Page/Parent 2 0 R/Contents {4 + 2 * number} 0 R>>")
        objects.append(f"<</Length {len(text)}>>stream\n{text}\nendstream")
    out, places = BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n".encode())
    begin = out.tell()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size_of_table = len(objects) + 1
    out.write(f"xref\n0 {size_of_table}\n0000000000 65535 f \n{table}".encode())
    out.write(f"trailer<</Size {size_of_table}/Root 1 0 R>>\nstartxref\n{begin}\n%%EOF\n".encode())
    return out.getvalue()


def presentation(texts: Iterable[str]) -> bytes:
    """A flat presentation (OpenDocument 1.2) with one slide for each text; a source for the formats of Office."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"'
        for name, urn in (
            ("office", "office"),
            ("draw", "drawing"),
            ("text", "text"),
            ("svg", "svg-compatible"),
        )
    )
    slides = "".join(
        f'<draw:page draw:name="s{number}"><draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" svg:height="4cm">'
        f"<draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame></draw:page>"
        for number, text in enumerate(texts)
    )
    kind = 'office:mimetype="application/vnd.oasis.opendocument.presentation" office:version="1.2"'
    body = f"<office:body><office:presentation>{slides}</office:presentation></office:body>"
    return f'<?xml version="1.0" encoding="UTF-8"?><office:document {spaces} {kind}>{body}</office:document>'.encode()


def converted(folder: Path, content: bytes, source: str, target: str) -> bytes:
    """What the real LibreOffice writes as `target` (an extension) of a document with the extension `source`."""
    given = folder / f"given.{source}"
    given.write_bytes(content)
    profile = (folder / "profile").as_uri()
    reader = ["--infilter=CSV:44,34,76"] if source == "csv" else []  # comma, quotes, UTF-8
    command = ["soffice", "--headless", f"-env:UserInstallation={profile}", *reader, "--convert-to", target]
    subprocess.run(
        [*command, "--outdir", str(folder), str(given)], check=True, capture_output=True, timeout=120
    )
    return (folder / f"given.{target}").read_bytes()

"""Dangerous staff files through the real door, `xinglin people import`: a sentence, a cure, and nothing written."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.dangerous import locked, overlapping, picture, repacked, with_document_type, zipped

from xinglin.kernel.cli_context import CliContext
from xinglin.people.models import Department, Person

from .sites import run_command
from .workbooks import book, person_row


def staff(*more: tuple[str, bytes], **fields: object) -> bytes:
    """A good staff file, with further members."""
    out = io.BytesIO()
    book([person_row("1", **fields)]).save(out)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in more:
            archive.writestr(name, content)
    return out.getvalue()


def led_out() -> bytes:
    """The workbook's sheet is said to be a file of this machine."""
    part = "xl/_rels/workbook.xml.rels"
    return repacked(
        staff(), part, lambda body: body.replace(b"worksheets/sheet2.xml", b"../../../etc/passwd")
    )


DANGEROUS = [
    ("bomb.xlsx", staff(("xl/media/a.bin", b"\0" * 15_000_000)), "解压后"),
    ("members.xlsx", staff(*((f"xl/{number}.xml", b"") for number in range(1001))), "过大"),
    ("overlap.xlsx", overlapping(), "解压后"),
    ("macro.xlsx", staff(("xl/vbaProject.bin", b"x")), "宏"),
    ("macro.xlsm", staff(("xl/vbaProject.bin", b"x")), "宏"),
    ("entities.xlsx", with_document_type(staff(), "xl/workbook.xml"), "XML"),
    ("late.xlsx", with_document_type(staff(), "xl/worksheets/sheet2.xml", 100_000), "XML"),
    ("two.xlsx", b"%PDF-1.7\n%%EOF" + staff(), "两种格式"),
    ("tail.xlsx", staff() + b"<script>alert(1)</script>", "两种格式"),
    ("slip.xlsx", staff(("../../etc/cron.d/x", b"x")), "包外"),
    ("no_types.xlsx", zipped(("xl/workbook.xml", b"<workbook/>")), ".xlsx"),
    ("lzma.xlsx", zipped(("xl/workbook.xml", b"<workbook/>"), method=zipfile.ZIP_LZMA), "LZMA"),
    ("locked.xlsx", locked(), "密码"),
    ("rels.xlsx", led_out(), "损坏"),
    ("formula.xlsx", staff(姓名="=HYPERLINK(A1)"), "公式"),
    ("picture.xlsx", picture("PNG"), "不是 Excel"),
    ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xls"),
    ("formula.csv", "工号,姓名,主部门编码\n1,=1+1,C1\n".encode(), "公式"),
    ("page.csv", b"\xff\xff<html>", "UTF-8"),
]


@pytest.mark.parametrize(("name", "content", "sentence"), DANGEROUS, ids=[row[0] for row in DANGEROUS])
def test_it_is_refused_and_nobody_is_imported(
    site: CliContext, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    result = run_command(site, "import", str(path), "--yes")
    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output
    with site.database.read_session() as session:
        for table in (Person, Department):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_the_same_file_without_the_danger_is_imported(site: CliContext, tmp_path: Path) -> None:
    path = tmp_path / "staff.xlsx"
    path.write_bytes(staff())
    result = run_command(site, "import", str(path), "--yes")
    assert result.exit_code == 0, result.output
    with site.database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1

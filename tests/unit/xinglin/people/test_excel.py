"""Reading staff files that nobody has cleaned: every mistake by cell, no file can hurt."""

from __future__ import annotations

import tracemalloc
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from xinglin.people import csv_file, excel, guard
from xinglin.people.importing import read_file
from xinglin.people.problems import FileRefused

from .workbooks import PERSON_HEADER, book, person_row, save


def _problems(path: Path) -> dict[str, str]:
    with pytest.raises(FileRefused) as refused:
        read_file(path).problems.raise_any()
    assert all(problem.cure for problem in refused.value.problems)
    return {problem.address: problem.message for problem in refused.value.problems}


def test_template_is_read_as_an_empty_list(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    excel.write_template(path)
    file = excel.read(path)
    assert file.departments is not None
    assert file.people is not None
    assert (file.departments.rows, file.people.rows, file.notes) == ((), (), ())
    sheet = load_workbook(path)["人员"]
    assert [cell.value for cell in sheet[1]] == PERSON_HEADER
    assert sheet.data_validations.dataValidation


def test_cells_are_read_as_people_see_them(tmp_path: Path) -> None:
    made = book([person_row(20001, 手机=13800000000.0, 账号已核验=True), person_row("007", 账号已核验=False)])
    made["人员"].append(person_row(42))
    made["人员"]["A4"].number_format = "00000"
    file = read_file(save(made, tmp_path))
    assert file.people is not None
    first, second, third = file.people.rows
    assert (first.cells["staff_no"], first.cells["mobile"], first.cells["is_confirmed"]) == (
        "20001",
        "13800000000",
        "是",
    )
    assert (second.cells["staff_no"], second.cells["is_confirmed"]) == ("007", "否")
    assert third.cells["staff_no"] == "00042"
    assert third.address("name") == "人员!B4"


def test_every_bad_cell_is_named_at_once(tmp_path: Path) -> None:
    made = book([person_row("1"), person_row("2"), person_row("3")])
    sheet = made["人员"]
    sheet["C2"], sheet["B3"], sheet["D3"], sheet["E4"], sheet["A4"] = (
        "=A2",
        "=1+1",
        date(2020, 1, 1),
        1.5,
        10**17,
    )
    sheet["H2"] = "#N/A"
    sheet["H2"].data_type = "e"
    found = _problems(save(made, tmp_path))
    assert set(found) == {"人员!C2", "人员!B3", "人员!D3", "人员!E4", "人员!A4", "人员!H2"}
    assert "formula" in found["人员!C2"]


def test_only_two_hundred_mistakes_are_shown_but_all_are_counted(tmp_path: Path) -> None:
    made = book([person_row(str(number), 职称="=A1") for number in range(250)])
    with pytest.raises(FileRefused) as refused:
        read_file(save(made, tmp_path)).problems.raise_any()
    assert (len(refused.value.problems), refused.value.total) == (200, 250)


def test_merged_cells_are_refused_by_address(tmp_path: Path) -> None:
    made = book([person_row("1"), person_row("2")])
    made["人员"].merge_cells("F2:F3")
    assert list(_problems(save(made, tmp_path))) == ["人员!F2:F3"]
    titled = book([])
    titled["人员"].insert_rows(1)
    titled["人员"]["A1"] = "人员信息表"
    titled["人员"].merge_cells("A1:N1")
    assert "人员!A1:N1" in _problems(save(titled, tmp_path))


def test_reading_shows_how_far_it_is(tmp_path: Path) -> None:
    steps: list[int] = []
    read_file(save(book([person_row(str(number)) for number in range(300)]), tmp_path), steps.append)
    assert len(steps) > 50
    assert 95 <= sum(steps) <= 100


def test_headings_missing_twice_and_unknown(tmp_path: Path) -> None:
    assert "姓名" in str(_missing(tmp_path, ["工号", "主部门编码"]))
    assert "主部门编码" in str(_missing(tmp_path, []))
    doubled = book([], header=["工号", "姓名", "主部门编码", " 姓 名* "])
    assert list(_problems(save(doubled, tmp_path))) == ["人员!D1"]
    extra = book([["1", "甲", "C1", "x"]], header=["工号", "姓名", "主部门编码", "备注"])
    notes = read_file(save(extra, tmp_path)).notes
    assert [note.mapping["headers"][:2] for note in notes] == ["备注", "企业"]  # type: ignore[attr-defined]


def _missing(folder: Path, header: list[str]) -> str:
    with pytest.raises(FileRefused) as refused:
        read_file(save(book([], header=header), folder))
    (problem,) = refused.value.problems
    return problem.message.mapping["headers"]  # type: ignore[attr-defined]


def test_workbook_of_something_else(tmp_path: Path) -> None:
    assert list(_problems(save(Workbook(), tmp_path))) == [""]


def test_ten_thousand_formatted_empty_rows_cost_little(tmp_path: Path) -> None:
    made = book([person_row("1")])
    sheet = made["人员"]
    for number in range(3, 10_003):
        for column in range(1, 5):
            sheet.cell(number, column).number_format = "@"
    path = save(made, tmp_path)
    tracemalloc.start()
    file = read_file(path)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert file.people is not None
    assert len(file.people.rows) == 1
    assert peak < 64 * 2**20


def test_a_row_at_the_end_of_the_world_is_refused(tmp_path: Path) -> None:
    path = save(book([person_row("1")]), tmp_path)
    far = _repacked(
        path, tmp_path / "far.xlsx", "xl/worksheets/sheet2.xml", b'<row r="2"', b'<row r="99999999"'
    )
    assert list(_problems(far)) == ["人员!A200001"]


def test_rows_beyond_the_size_that_the_file_claims_are_read(tmp_path: Path) -> None:
    path = save(book([person_row("1"), person_row("2")]), tmp_path)
    small = _repacked(path, tmp_path / "s.xlsx", "xl/worksheets/sheet2.xml", b'ref="A1:N3"', b'ref="A1"')
    file = read_file(small)
    assert file.people is not None
    assert len(file.people.rows) == 2


def _repacked(source: Path, target: Path, part: str, old: bytes, new: bytes) -> Path:
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name in archive.namelist():
            content = archive.read(name)
            made.writestr(name, content.replace(old, new) if name == part else content)
    return target


def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"0" * (guard.PART_BYTES + 1))
    assert list(_problems(bomb)) == [""]
    many = tmp_path / "many.xlsx"
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(guard.PARTS + 1):
            archive.writestr(f"{number}.xml", b"")
    assert list(_problems(many)) == [""]
    wide = tmp_path / "wide.xlsx"
    with zipfile.ZipFile(wide, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (guard.UNPACKED_BYTES + 1))
    assert list(_problems(wide)) == [""]


def test_entity_bomb_is_refused(tmp_path: Path) -> None:
    path = save(book([]), tmp_path)
    bad = _repacked(
        path,
        tmp_path / "e.xlsx",
        "xl/workbook.xml",
        b"<workbook ",
        b"<!DOCTYPE x [<!ENTITY a 'a'>]><workbook ",
    )
    assert "document type" in _problems(bad)[""]


@pytest.mark.parametrize("content", [b"", b"no workbook", b"\xd0\xcf\x11\xe0rest", b"PK\x03\x04broken"])
def test_what_is_no_workbook_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    assert list(_problems(path)) == [""]


def test_damaged_workbooks_are_refused_in_words(tmp_path: Path) -> None:
    path = save(book([person_row("1")]), tmp_path)
    for part, old, new in (
        ("xl/worksheets/sheet2.xml", b"</row>", b"</rox>"),
        ("xl/workbook.xml", b"<sheets>", b"<sheets"),
        ("xl/_rels/workbook.xml.rels", b"sheet2.xml", b"sheet9.xml"),
    ):
        assert list(_problems(_repacked(path, tmp_path / "d.xlsx", part, old, new))) == [""]


def test_too_large_a_file_is_not_even_opened(tmp_path: Path) -> None:
    for name in ("big.xlsx", "big.csv"):
        path = tmp_path / name
        with path.open("wb") as stream:
            stream.truncate(guard.FILE_BYTES + 1)
        assert "too large" in _problems(path)[""]


def test_too_many_people_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "ROWS_FILLED", 2)
    path = save(book([person_row(str(number)) for number in range(5)]), tmp_path)
    assert list(_problems(path)) == ["人员!A5"]


@pytest.mark.parametrize(
    ("codec", "name"), [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("gb18030", "GBK / GB18030")]
)
def test_csv_in_the_encodings_of_excel_and_wps(tmp_path: Path, codec: str, name: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("工号,姓名,主部门编码\r\n007,张䶮,C1\r\n\r\n008,李四\r\n".encode(codec))
    file = read_file(path)
    assert file.people is not None
    assert [(row.cells["staff_no"], row.cells["name"]) for row in file.people.rows] == [
        ("007", "张䶮"),
        ("008", "李四"),
    ]
    assert file.people.rows[1].number == 4
    assert file.notes[0].mapping == {"encoding": name}  # type: ignore[attr-defined]


def test_csv_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"\xff\xff\xff")
    assert "neither" in _problems(path)[""]
    path.write_text('工号,姓名,主部门编码\n1,"甲"x,C1\n', encoding="utf-8")
    assert list(_problems(path)) == ["人员!A2"]
    path.write_text("工号,姓名,主部门编码\n1,=A1,C1\n", encoding="utf-8")
    assert list(_problems(path)) == ["人员!B2"]
    path.write_text("", encoding="utf-8")
    assert list(_problems(path)) == ["人员!A1"]
    assert csv_file.ENCODINGS

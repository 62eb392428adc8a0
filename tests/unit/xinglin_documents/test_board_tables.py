"""Tables that come in: read within bounds, whatever they claim to be."""

from __future__ import annotations

import io

import pytest

from xinglin.api.services import DomainError
from xinglin_documents.service.board.baseline import ROWS_MAX, BaselineService, TableRefused, reference
from xinglin_documents.service.board.scope import Scope
from xinglin_documents.service.board.tables import BYTES_MAX, COLUMNS_MAX, rows_of


def test_a_table_is_cut_to_its_bounds():
    line = ",".join("a" * (COLUMNS_MAX + 9)) + "\n"
    rows = rows_of(io.BytesIO((line * (ROWS_MAX + 50)).encode()))
    assert len(rows) == ROWS_MAX + 2
    assert {len(row) for row in rows} == {COLUMNS_MAX}


@pytest.mark.parametrize(
    "content", [b"x" * (BYTES_MAX + 1), b"PK\x03\x04", b"\x81\xff\xff", b'a,"b', b"a\0b"]
)
def test_what_is_no_table_is_refused(content):
    with pytest.raises(DomainError) as refused:
        rows_of(io.BytesIO(content))
    assert refused.value.cure


def test_a_table_that_is_too_long_is_refused(session, clock, audit):
    rows = [
        ["月份", "公文数"],
        *([f"20{number // 12 + 10}-{number % 12 + 1:02}", "1"] for number in range(12)),
    ]
    service = BaselineService(session, clock, audit)
    assert len(service.check(rows)) == 12
    with pytest.raises(TableRefused):
        service.check([rows[0], *([["", ""]] * ROWS_MAX)])


def test_an_import_twice_leaves_one_row_each(session, clock, audit):
    service = BaselineService(session, clock, audit)
    for share in ("30", "31.5 %"):
        service.take([["阅读率（%）", "月份"], [share, "2025-11"], ["", ""]], "旧OA.csv")
    from xinglin_documents.models import Baseline

    session.flush()
    row = session.query(Baseline).one()
    assert (row.month, row.read_share, row.documents, row.source) == ("2025-11", 315, None, "旧OA.csv")


@pytest.mark.parametrize("rows", [[], [["公文数"], ["1"]], [["月份"], ["2025-11"]], [["月份", "公文数"]]])
def test_a_table_without_its_headings_or_rows_is_refused(rows, session, clock, audit):
    with pytest.raises(TableRefused):
        BaselineService(session, clock, audit).check(rows)


@pytest.mark.parametrize("text", ["1_0", "１２", "٣", "nan", "inf", "1e3", "+1", "-1", "1" * 400])
@pytest.mark.parametrize("heading", ["公文数", "阅读率"])
def test_a_number_has_ascii_digits_only(text, heading, session, clock, audit):
    with pytest.raises(TableRefused):
        BaselineService(session, clock, audit).check([["月份", heading], ["2025-11", text]])


@pytest.mark.parametrize(
    ("documents", "share"), [(("0", "1000"), 90.0), (("", "1"), 50.0), (("0", "0"), None)]
)
def test_a_month_without_documents_weighs_nothing(documents, share, session, clock, audit):
    rows = [["2025-11", documents[0], "10"], ["2025-12", documents[1], "90"]]
    BaselineService(session, clock, audit).take([["月份", "公文数", "阅读率"], *rows], "旧OA.csv")
    session.flush()
    assert reference(session, "", Scope(None), is_all=True).read_share == share

"""A table that leaves the portal may run in a spreadsheet: each place that writes one is known, and has its test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, below

WRITES = re.compile(
    r"csv\.(?:writer|DictWriter)\(|\bWorkbook\(|\.to_csv\(|\.to_excel\(|content_type=\"text/csv"
)
PROVED = {
    "core/xinglin/admin/audit_views.py": (
        "tests/functional/admin_api/test_admin_audit.py",
        "test_an_export_has_a_reason_and_no_formulas",
    ),
    "core/xinglin/admin/csv_file.py": (
        "tests/unit/xinglin/admin/test_csv_file.py",
        "test_what_begins_like_a_formula_gets_an_apostrophe",
    ),
    "core/xinglin/people/batch.py": (
        "tests/unit/xinglin/people/test_batch.py",
        "test_a_formula_is_not_exported_and_its_owner_is_named",
    ),
    "core/xinglin/people/excel.py": (
        "tests/unit/xinglin/people/test_excel.py",
        "test_template_is_read_as_an_empty_list",
    ),
    "plugins/xinglin_documents/views/register.py": (
        "tests/functional/documents/test_official_pages.py",
        "test_the_register_leaves_as_a_table_without_formulas_and_on_record",
    ),
    "plugins/xinglin_documents/views/board.py": (
        "tests/functional/documents/test_board.py",
        "test_an_export_is_recorded_and_holds_no_formulas",
    ),
}
"""Where tables are written, and the test that shows that no formula of somebody else gets into it."""


def writers(paths: list[Path]) -> set[str]:
    return {str(path) for path in paths if WRITES.search(path.read_text(encoding="utf-8"))}


def test_every_export_of_a_table_has_its_test() -> None:
    shipped = below("core", "portal", "plugins", "admin_tool", suffix=".py")
    assert {Path(path).relative_to(ROOT).as_posix() for path in writers(list(shipped))} == set(PROVED)
    for path, test in PROVED.values():
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "code", ["csv.writer(stream)", "book = Workbook()", 'Response(content_type="text/csv")']
)
def test_a_new_export_is_found(code: str, tmp_path: Path) -> None:
    path = tmp_path / "views.py"
    path.write_text(code, encoding="utf-8")
    assert writers([path]) == {str(path)}

"""Rules of our own that no scanner knows, over the code that hospitals run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.house import below, shown
from xinglin.testing.rules.unsafe import faults_of_code


def shipped() -> list[Path]:
    return [
        path
        for path in below("core", "portal", "plugins", "admin_tool", suffix=".py")
        if "testing" not in path.parts
    ]


@pytest.mark.parametrize("path", shipped(), ids=shown)
def test_no_code_lets_strangers_in(path: Path) -> None:
    assert list(faults_of_code(path)) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('session.execute(text(f"SELECT * FROM t WHERE name = {name}"))', "SQL put together from text"),
        ('connection.exec_driver_sql("SELECT " + name)', "SQL put together from text"),
        ('text("SELECT %s" % name)', "SQL put together from text"),
        ('text("SELECT {}".format(name))', "SQL put together from text"),
        ("requests.get(url, verify=False)", "certificates are not checked"),
        ("return_value = Markup(body)", "raw HTML of a variable without a reason"),
        ("x = Markup(body)  # noqa: S704", "raw HTML of a variable without a reason"),
    ],
)
def test_what_is_unsafe_is_found(source: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "code.py"
    path.write_text(source, encoding="utf-8")
    assert list(faults_of_code(path)) == [f"code.py:1 {fault}"]


def test_what_is_safe_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "code.py"
    path.write_text(
        'text("SELECT 1")\ntext(f"PRAGMA x={LIMIT}")\nget(url, verify=True)\nMarkup("<br>")\n'
        "Markup(body)  # noqa: S704 - drawn by an autoescaped template\n",
        encoding="utf-8",
    )
    assert list(faults_of_code(path)) == []

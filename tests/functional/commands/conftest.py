"""A machine with nothing but an ini, and one with an initialised site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.functional.commands.shell import INI, Shell

from xinglin.testing.databases import SQLiteMaker


@pytest.fixture
def bare(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A site of which nothing but the ini is there."""
    ini = tmp_path / "site.ini"
    ini.write_text(INI, encoding="utf-8")
    return Shell(ini, capsys, monkeypatch)


@pytest.fixture
def site(bare: Shell, sqlite_maker: SQLiteMaker) -> Iterator[Shell]:
    """An initialised site with an empty database."""
    fresh = sqlite_maker.fresh()
    Path(str(fresh.url.database)).rename(bare.ini.parent / "xinglin.db")
    fresh.dispose()
    assert bare.run("init").code == 0
    return bare

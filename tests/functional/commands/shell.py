"""A shell on the machine of a site, with `xinglin` in it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.crypto.service import Keyring
from xinglin.kernel import cli
from xinglin.kernel.db import Database

INI = """# The hospital's own remark.
[app:main]
use = egg:xinglin
plugins = not ours

[xinglin]
# Names are the hospital's.
site_name = 江北市妇女儿童医院
public_url = http://127.0.0.1:18080
database = sqlite:///%(here)s/xinglin.db
files_folder = files
secrets_folder = secrets
# The modules, in menu order.
plugins = portal
    news
# Never without the portal.
required = portal

[xinglin:news]
# Everything as it comes.
"""


@dataclass
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str


@dataclass
class Shell:
    """Runs `xinglin` in this process, through its real entry point."""

    ini: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def run(self, *words: str) -> Said:
        self.monkeypatch.setattr(sys, "argv", ["xinglin", "--config", str(self.ini), *words])
        code = 0
        try:
            cli.main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        caught = self.capsys.readouterr()
        return Said(code, caught.out, caught.err)

    def records(self, action: str) -> list[AuditRecord]:
        database = Database(f"sqlite:///{self.ini.parent}/xinglin.db")
        with database.read_session() as session:
            rows = session.scalars(select(AuditRecord).where(AuditRecord.action == action)).all()
            session.expunge_all()
        database.dispose()
        return list(rows)

    def details(self, record: AuditRecord) -> dict[str, object]:
        return json.loads(details_of(record, Keyring(self.ini.parent / "secrets")))

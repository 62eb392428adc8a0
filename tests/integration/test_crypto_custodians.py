"""The whole story of the custodians, by the commands that people type: split, lost, refused, recovered, read."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import Actor, AuditTrail, details_of
from xinglin.crypto.cli import crypto
from xinglin.files.models import StoredFile
from xinglin.files.service import FileStore
from xinglin.kernel.cli import LazyContext
from xinglin.kernel.site import open_site
from xinglin.people.models import Person
from xinglin.testing.portal import write_ini

LETTER = b"a letter of the director " * 10_000


@pytest.fixture
def ini(database, tmp_path) -> Path:
    """A site with a person, an attachment and an audit record."""
    path = write_ini(tmp_path / "site", database, ("portal",), None, "", {})
    site = open_site(path)
    now = site.clock.now()
    with site.database.session() as session:
        person = Person(staff_no="1", name="x", mobile="13800000001", created_at=now, updated_at=now)
        session.add(person)
        files = FileStore.of(site.settings, site.keyring, session, site.clock)
        files.save_attachment("x.txt", io.BytesIO(LETTER), plugin="news", uploaded_by="x")
        AuditTrail(session, Actor.system("test"), site.clock, site.keyring).record("test.act", after={"n": 1})
    site.database.dispose()
    return path


def run(ini: Path, *words: str):
    context = LazyContext(ini)
    said = CliRunner().invoke(crypto, words, obj=context)
    if "site" in vars(context):
        context.database.dispose()
    return said


def start(ini: Path):
    """`xinglin serve` as the service manager starts it."""
    command = [sys.executable, "-m", "xinglin.kernel.entry", "-c", str(ini), "serve"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def shares_in(folder: Path) -> list[str]:
    return sorted(map(str, folder.iterdir()))


def read_all(ini: Path) -> tuple[str | None, bytes, str]:
    """Mobile number, attachment and audit detail, as a fresh process reads them."""
    site = open_site(ini)
    with site.database.session() as session:
        mobile = session.scalars(select(Person)).one().mobile
        files = FileStore.of(site.settings, site.keyring, session, site.clock)
        with files.open(session.scalars(select(StoredFile)).one()) as stream:
            letter = stream.read()
        record = session.scalars(select(AuditRecord).where(AuditRecord.action == "test.act")).one()
        detail = details_of(record, site.keyring)
    site.database.dispose()
    return mobile, letter, detail


def test_two_of_three_bring_a_lost_site_back(ini: Path, tmp_path: Path) -> None:
    before = read_all(ini)
    assert before[:2] == ("13800000001", LETTER)
    secrets_folder = ini.parent / "secrets"
    assert run(ini, "split", str(tmp_path / "first")).exit_code == 0
    assert run(ini, "split", str(tmp_path / "second")).exit_code == 0
    first, second = shares_in(tmp_path / "first"), shares_in(tmp_path / "second")

    (secrets_folder / "master.key").unlink()
    refused = start(ini)
    assert refused.returncode == 3
    assert "master.key is missing. Cure: restore it from your backup or with `xinglin crypto recover`" in (
        refused.stderr
    )
    assert "Traceback" not in refused.stderr

    for chosen, sentence in (
        (first[:1], "1 of 2 shares. Cure: give 2 different ones"),
        ([first[1], first[1]], "1 of 2 shares. Cure"),
        ([first[0], second[1]], "these shares come from different splittings. Cure"),
    ):
        denied = run(ini, "recover", *chosen)
        assert denied.exit_code == 1
        assert sentence in denied.output
        assert not (secrets_folder / "master.key").exists()

    assert run(ini, "recover", first[2], first[0]).exit_code == 0
    assert read_all(ini) == before
    assert run(ini, "status").exit_code == 0


def test_a_bare_machine_needs_the_shares_alone(ini: Path, tmp_path: Path) -> None:
    before = read_all(ini)
    run(ini, "split", "--shares", "5", "--threshold", "3", str(tmp_path / "shares"))
    held = shares_in(tmp_path / "shares")
    assert len(held) == 5
    for path in (ini.parent / "secrets").iterdir():
        path.unlink()
    assert "2 of 3 shares. Cure: give 3 different ones" in run(ini, "recover", *held[:2]).output
    assert run(ini, "recover", held[4], held[0], held[2]).exit_code == 0
    assert read_all(ini) == before

"""Keys of another site, or keys older than the data: refused with a sentence, before anything is written."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from xinglin.audit import sealing
from xinglin.audit.models import AuditRecord, AuditSeal
from xinglin.audit.service import Actor, AuditTrail
from xinglin.crypto.errors import KeyMissing
from xinglin.crypto.service import Keyring
from xinglin.kernel import cli, worker
from xinglin.kernel.app import main, plugins_of
from xinglin.kernel.site import open_site
from xinglin.people.models import Person
from xinglin.testing.portal import write_ini

FOREIGN = "of another site: this database was written under the keys"
KEYS = ("master.key", "keys.json")


@pytest.fixture
def ini(database, tmp_path) -> Path:
    """A site with a person and an audit record, some of it sealed."""
    keys = tmp_path / "keys-copies"
    path = write_ini(tmp_path / "site", database, ("portal",), None, "", {"backup_keys_folder": keys})
    site = open_site(path)
    now = site.clock.now()
    with site.database.session() as session:
        session.add(Person(staff_no="1", name="x", mobile="13800000001", created_at=now, updated_at=now))
        AuditTrail(session, Actor.system("test"), site.clock, site.keyring).record("test.act", after={"n": 1})
    sealing.run_once(worker.WorkerContext.of(site, plugins_of(site)))
    site.database.dispose()
    return path


@pytest.fixture
def secrets(ini) -> Path:
    return ini.parent / "secrets"


@dataclass(frozen=True)
class Said:
    """How a command ended: its exit code, 3 for a sentence of `KeyMissing`; what it printed, or the sentence."""

    code: int
    text: str


@pytest.fixture
def run(ini) -> Callable[..., Said]:
    def call(*words: object) -> Said:
        context = cli.LazyContext(ini)
        command: click.Command = cli.xinglin
        rest = [str(word) for word in words]
        while isinstance(command, click.Group):
            command = command.commands[rest.pop(0)]
        result = CliRunner().invoke(command, rest, obj=context)
        if "site" in vars(context):
            context.database.dispose()
        if isinstance(result.exception, KeyMissing):
            return Said(3, result.output + str(result.exception))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Said(result.exit_code, result.output)

    return call


def swap(secrets: Path, other: Path) -> None:
    for name in KEYS:
        content = (secrets / name).read_bytes()
        (secrets / name).write_bytes((other / name).read_bytes())
        (other / name).write_bytes(content)


def written(database) -> tuple[int | None, int | None]:
    with database.read_session() as session:
        return (
            session.scalar(select(func.count()).select_from(AuditRecord)),
            session.scalar(select(func.count()).select_from(AuditSeal)),
        )


@pytest.fixture
def foreign(secrets, tmp_path) -> Path:
    """The valid pair of another site lies in the secrets folder; where the true one is kept."""
    other = Keyring.create(tmp_path / "other").folder
    swap(secrets, other)
    return other


class TestForeignKeys:
    def test_no_command_works_and_nothing_is_written(self, run, database, secrets, foreign, tmp_path) -> None:
        before, keys = written(database), (secrets / "keys.json").read_bytes()
        for words in (
            ("doctor",),
            ("db", "upgrade"),
            ("serve",),
            ("_worker",),
            ("administrators", "list"),
            ("audit", "verify"),
            ("crypto", "status"),
            ("crypto", "rotate"),
            ("crypto", "rotate", "--give-up-lost"),
            ("crypto", "rekey"),
            ("crypto", "retire", "1"),
            ("crypto", "split", tmp_path / "shares"),
            ("crypto", "move-master", "--to", "pkcs11"),
        ):
            said = run(*words)
            assert (words, said.code, said.text.startswith(str(secrets))) == (words, 3, True), said
            assert FOREIGN in said.text
        assert "Cure: move them away and put back the secrets of this site" in said.text
        assert written(database) == before
        assert (secrets / "keys.json").read_bytes() == keys
        assert not (tmp_path / "shares").exists()

        swap(secrets, foreign)
        assert run("audit", "verify").code == 0
        assert run("crypto", "status").code == 0

    def test_the_real_portal_does_not_start(self, ini, foreign) -> None:
        command = [sys.executable, "-m", "xinglin.kernel.entry", "-c", str(ini), "serve"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, FOREIGN in done.stderr, "Traceback" in done.stderr) == (3, True, False)

    def test_under_another_server_no_page_and_no_health(self, ini, database, foreign) -> None:
        before = written(database)
        with pytest.raises(KeyMissing, match=FOREIGN):
            main({"__file__": str(ini)})
        assert written(database) == before

    def test_one_changed_record_does_not_lock_the_site(self, run, database) -> None:
        """The oldest seal is the second witness: the audit trail's check can still tell what was changed."""
        with database.session() as session:
            session.execute(update(AuditRecord).values(key_id="feedfacefeedface"))
        said = run("audit", "verify")
        assert (said.code, "was written under the key feedfacefeedface" in said.text) == (1, True), said


class TestLostKeys:
    def test_init_makes_no_new_keys_for_a_database_with_a_past(self, run, secrets, ini, tmp_path) -> None:
        for name in KEYS:
            (secrets / name).rename(tmp_path / name)
        offered = run("doctor").text
        assert "`xinglin crypto recover`; `xinglin init` makes the first one of a new site" in offered
        refused = run("init")
        assert (refused.code, "new ones could read nothing of it. Cure: put back" in refused.text) == (
            3,
            True,
        )
        assert not any((secrets / name).exists() for name in KEYS)
        for name in KEYS:
            (tmp_path / name).rename(secrets / name)
        assert run("init").code == 0
        assert run("crypto", "status").code == 0

    def test_shares_of_the_first_day_and_a_rotation_since(self, run, secrets, ini, tmp_path) -> None:
        """The story of an old keys.json: nothing gives a second key the number 2, and the newest file heals all."""
        assert run("crypto", "split", tmp_path / "shares").code == 0
        assert run("crypto", "rotate").code == run("crypto", "rekey").code == 0
        newest = (secrets / "keys.json").read_bytes()
        for name in (*KEYS, "shares.json"):
            (secrets / name).unlink()

        said = run("crypto", "recover", *sorted((tmp_path / "shares").iterdir())[:2])
        assert said.code == 0
        assert "the shares are of key 1; if keys were rotated since, copy the newest keys-….json" in said.text
        old = (secrets / "keys.json").read_bytes()
        health = run("doctor")
        assert health.code == 1
        assert re.search(r"BAD +keys: data +\d values lie under newer keys \(up to key 2\)", health.text)
        assert re.search(r"ok +keys: custodians +any 2 of the shares that gave the keys back", health.text)
        assert "lie under no known key. Cure: copy the newest keys-….json" in run("crypto", "status").text
        for word in ("rotate", "rekey"):
            refused = run("crypto", word)
            assert (refused.code, "Cure: copy the newest keys-….json" in refused.text) == (1, True), refused
        assert (secrets / "keys.json").read_bytes() == old

        (secrets / "keys.json").write_bytes(newest)
        assert run("crypto", "status").code == 0
        assert "BAD  keys:" not in run("doctor").text
        assert "key 3 (aes) is active" in run("crypto", "rotate").text
        assert run("crypto", "rekey").code == 0

    def test_newer_keys_that_are_lost_for_good(self, run, secrets, database) -> None:
        """The site goes on under a number that no key had: what is lost stays told apart from what is new."""
        old = (secrets / "keys.json").read_bytes()
        assert run("crypto", "rotate").code == run("crypto", "rekey").code == 0
        (secrets / "keys.json").write_bytes(old)
        assert run("crypto", "rotate").code == 1
        assert "key 3 (aes) is active" in run("crypto", "rotate", "--give-up-lost").text
        again = run("crypto", "rekey")
        assert (again.code, "BAD core_person.mobile:" in again.text) == (1, True), again
        with database.session() as session:
            session.execute(update(Person.__table__).values(mobile=None))
        assert run("crypto", "rekey").code == 0
        assert "core_audit_record.details  1 under key 1 (aes), 2 under no known key" in (
            run("crypto", "status").text
        )

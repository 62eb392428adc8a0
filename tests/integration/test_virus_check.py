"""From the upload to the reader, with the real clamd: nothing unchecked is given out, nothing is lost."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from sqlalchemy import select
from tests.integration.clamd_engine import EICAR, WORM, Engine, running

from xinglin.api.services import DomainError
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.bus.models import OutboxEvent
from xinglin.files.cli import files as files_command
from xinglin.files.errors import FileHeld
from xinglin.files.models import FileState, StoredFile
from xinglin.files.service import FileStore
from xinglin.kernel.cli_context import CliContext
from xinglin.kernel.db import Database
from xinglin.kernel.health import checks_of
from xinglin.testing.clock import FrozenClock
from xinglin.testing.portal import Portal


@pytest.fixture(scope="module")
def shared_engine() -> Iterator[Engine]:
    with running() as engine:
        yield engine


@pytest.fixture
def make(make_portal: Callable[..., Portal], database: Database) -> Callable[[str], Portal]:
    def made(address: str) -> Portal:
        return make_portal(database=database, plugins=("portal", "news"), clamd=address)

    return made


@pytest.fixture
def checked(make: Callable[[str], Portal], shared_engine: Engine) -> Portal:
    return make(shared_engine.address)


def save(portal: Portal, content: bytes, name: str = "通知.txt") -> str:
    with portal.session() as (session, _audit):
        return (
            store(portal, session)
            .save_attachment(name, BytesIO(content), plugin="news", uploaded_by="p1")
            .public_id
        )


def store(portal: Portal, session: object) -> FileStore:
    site = portal.site
    return FileStore.of(site.settings, site.keyring, session, site.clock)


def row(portal: Portal, public_id: str) -> StoredFile:
    with portal.site.database.read_session() as session:
        return session.scalars(select(StoredFile).where(StoredFile.public_id == public_id)).one()


def read(portal: Portal, public_id: str) -> bytes:
    with portal.session() as (session, _audit):
        found = session.scalars(select(StoredFile).where(StoredFile.public_id == public_id)).one()
        with store(portal, session).open(found) as stream:
            return stream.read()


def actions(portal: Portal) -> list[str]:
    with portal.site.database.read_session() as session:
        return list(session.scalars(select(AuditRecord.action).order_by(AuditRecord.id)))


def virus_check(portal: Portal) -> bool:
    lines = checks_of(portal.site, portal.wsgi.registry.xinglin_plugins)
    return next(line.is_well for line in lines if line.name == "virus check")


def test_a_clean_file_is_held_until_it_was_checked(checked: Portal) -> None:
    public_id = save(checked, b"hello")
    with pytest.raises(FileHeld, match="being checked"):
        read(checked, public_id)
    checked.work()
    assert row(checked, public_id).state == FileState.CLEAN
    assert read(checked, public_id) == b"hello"


def test_a_picture_is_checked_too(checked: Portal) -> None:
    out = BytesIO()
    Image.new("RGB", (9, 9)).save(out, "PNG")
    out.seek(0)
    with checked.session() as (session, _audit):
        picture = store(checked, session).save_picture("a.png", out, plugin="news", uploaded_by="p1")
        with pytest.raises(FileHeld, match="being checked"):
            store(checked, session).open(picture, "thumb")
    checked.work()
    assert row(checked, picture.public_id).state == FileState.CLEAN


@pytest.mark.parametrize("content", [EICAR, b"text " * 50_000 + WORM + b"text"])
def test_a_harmful_file_is_withheld_and_told(checked: Portal, content: bytes) -> None:
    public_id = save(checked, content)
    checked.work()
    with pytest.raises(FileHeld, match="withheld"):
        read(checked, public_id)
    assert row(checked, public_id).state == FileState.INFECTED
    assert "file.infected" in actions(checked)
    with checked.site.database.read_session() as session:
        event = session.scalars(select(OutboxEvent).where(OutboxEvent.name == "file.infected")).one()
    assert event.subject_id == public_id
    assert event.data["uploaded_by"] == "p1"
    assert event.data["finding"].endswith(".UNOFFICIAL")


class TestDown:
    """The engine fails; files wait, however long, and are checked when it is back."""

    @pytest.fixture
    def engine(self) -> Iterator[Engine]:
        with running() as engine:
            yield engine

    @pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
    def test_files_wait_and_pass_later(
        self, engine: Engine, make: Callable[[str], Portal], clock: FrozenClock, fault: signal.Signals
    ) -> None:
        portal = make(engine.address)
        public_id, harmful = save(portal, b"hello"), save(portal, EICAR)
        engine.signal(fault)
        portal.work()
        assert row(portal, public_id).state == FileState.PENDING
        with pytest.raises(FileHeld, match="being checked"):
            read(portal, public_id)
        assert virus_check(portal)
        clock.advance(minutes=6)
        portal.work()
        assert not virus_check(portal)
        clock.advance(minutes=6)
        portal.work()
        assert actions(portal).count("file.check_late") == 1
        if fault == signal.SIGKILL:
            engine.kill()
            engine.start()
        else:
            engine.signal(signal.SIGCONT)
        clock.advance(seconds=16)
        portal.work()
        assert read(portal, public_id) == b"hello"
        assert row(portal, harmful).state == FileState.INFECTED
        assert virus_check(portal)

    def test_an_engine_without_signatures_passes_nothing(
        self, make: Callable[[str], Portal], clock: FrozenClock
    ) -> None:
        with running(knows_eicar=False) as engine:
            portal = make(engine.address)
            public_id = save(portal, b"hello")
            portal.work()
            assert row(portal, public_id).state == FileState.PENDING
            engine.kill()
            engine.write_signatures()
            engine.start()
            clock.advance(seconds=16)
            portal.work()
        assert row(portal, public_id).state == FileState.CLEAN


class TestQuarantine:
    @pytest.fixture
    def infected(self, checked: Portal) -> str:
        public_id = save(checked, EICAR)
        checked.work()
        return public_id

    def command(self, portal: Portal, *words: str) -> tuple[int, str]:
        context = CliContext(portal.site)
        result = CliRunner().invoke(files_command, ["quarantine", *words], obj=context)
        return result.exit_code, result.output

    def test_the_list_shows_it(self, checked: Portal, infected: str) -> None:
        code, output = self.command(checked, "list")
        assert code == 0
        assert all(part in output for part in (infected, "Eicar.Test.UNOFFICIAL", "通知.txt"))

    def test_a_release_needs_a_reason_and_is_recorded(self, checked: Portal, infected: str) -> None:
        assert self.command(checked, "release", infected, "--reason", " ")[0] == 1
        assert row(checked, infected).state == FileState.INFECTED
        assert self.command(checked, "release", infected, "--reason", "误报，已与信息科核对")[0] == 0
        assert read(checked, infected) == EICAR
        with checked.site.database.read_session() as session:
            record = session.scalars(select(AuditRecord).where(AuditRecord.action == "file.release")).one()
        assert json.loads(details_of(record, checked.site.keyring))["after"] == {
            "reason": "误报，已与信息科核对"
        }

    def test_a_deleted_one_is_gone_and_its_row_says_so(self, checked: Portal, infected: str) -> None:
        assert self.command(checked, "delete", infected, "--reason", "确认有毒")[0] == 0
        assert row(checked, infected).state == FileState.REMOVED
        assert bytes_in(checked) == []
        assert self.command(checked, "delete", infected, "--reason", "确认有毒")[0] == 1

    def test_after_30_days_the_bytes_go(self, checked: Portal, infected: str, clock: FrozenClock) -> None:
        clock.advance(days=29)
        checked.work()
        assert len(bytes_in(checked)) == 1
        clock.advance(days=2)
        checked.work()
        assert bytes_in(checked) == []
        with pytest.raises(FileHeld, match="withheld"):
            read(checked, infected)


def bytes_in(portal: Portal) -> list[Path]:
    folder = portal.site.settings.files_folder
    return [Path(base) / name for base, _folders, names in os.walk(folder) for name in names]


def test_what_nobody_can_look_into_is_refused_and_kept(checked: Portal) -> None:
    public_id = save(checked, b"text " * 2_000_000)
    checked.work()
    assert row(checked, public_id).state == FileState.REFUSED
    assert "StreamMaxLength" in row(checked, public_id).finding
    assert len(bytes_in(checked)) == 1
    with pytest.raises(DomainError):
        read(checked, public_id)


def test_switched_off_files_are_given_out_and_say_so(make: Callable[[str], Portal]) -> None:
    portal = make("off")
    public_id = save(portal, b"hello")
    assert row(portal, public_id).state == FileState.UNSCANNED
    assert read(portal, public_id) == b"hello"

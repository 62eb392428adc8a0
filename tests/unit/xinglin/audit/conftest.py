"""A trail that is written, sealed and anchored as on a running site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from xinglin.audit import anchors, sealing
from xinglin.audit.service import Actor, AuditTrail
from xinglin.audit.verify import BadRecord, verify
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Database
from xinglin.kernel.settings import CoreSettings
from xinglin.testing.clock import FrozenClock
from xinglin.testing.databases import settle

LI = Actor("person", "p-1", "李护士", session_id="s-1", ip="10.0.0.8", request_id="r-1")


@dataclass
class Site:
    """What the sealer needs, and hands for the test."""

    database: Database
    clock: FrozenClock
    keyring: Keyring
    settings: CoreSettings

    def act(self, *objects: object) -> None:
        """Each act in a transaction of its own."""
        for thing in objects:
            with self.database.session() as session:
                trail = AuditTrail(session, LI, self.clock, self.keyring)
                trail.record("notice.save", "notice", str(thing), after={"title": f"通知{thing}"})

    def seal(self, *, at_once: bool = False) -> int:
        """Transactions of other tests on the server are waited for, which would delay the seal."""
        if not at_once:
            settle(self.database)
        self.clock.advance(seconds=1)
        return sealing.run_once(self)

    def change(self, sql: str, **parameters: Any) -> None:
        """What an intruder does who owns the database and not the keys."""
        with self.database.writer.begin() as connection:
            connection.execute(text(sql), parameters)

    def ask(self, sql: str) -> list[Any]:
        with self.database.read_session() as session:
            return list(session.execute(text(sql)))

    def bad(self) -> list[BadRecord]:
        kept = anchors.read(self.settings.anchor_file)
        with self.database.read_session() as session:
            found = verify(session, self.keyring, kept)
            return sorted(step for step in found if isinstance(step, BadRecord))


@pytest.fixture
def make_site(
    clock: FrozenClock, keyring: Keyring, tmp_path: Path, database: Database
) -> Callable[..., Site]:
    def make(**settings: Any) -> Site:
        chosen = CoreSettings(
            site_name="杏林",
            public_url="http://127.0.0.1",
            database="sqlite:///unused",
            files_folder=tmp_path / "files",
            secrets_folder=tmp_path / "secrets",
            **settings,
        )
        return Site(database, clock, keyring, chosen)

    return make


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """Six records under three seals."""
    made = make_site()
    for number in (1, 3, 5):
        made.act(number, number + 1)
        made.seal()
    return made

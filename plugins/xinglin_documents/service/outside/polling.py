"""The OA asked by the clock: for those that cannot push, and for acts whose outcome is not known."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from xinglin.api.people import Person, PersonState
from xinglin.api.security import LoginSession
from xinglin.api.services import Clock, DomainError
from xinglin_documents.models import OutsideAct, OutsideSource, OutsideUser
from xinglin_documents.schemas import DocumentsSettings
from xinglin_documents.service.connectors.errors import SourceDown
from xinglin_documents.service.connectors.sources import password_of, source_of
from xinglin_documents.service.connectors.transactions import OfWorker, Transactions
from xinglin_documents.service.connectors.users import AGAIN
from xinglin_documents.service.outside.acting import Acting
from xinglin_documents.service.outside.creating import CREATE, Creating
from xinglin_documents.service.outside.syncing import Syncing
from xinglin_documents.service.port import DocumentSource

ACTOR = "documents.oa"
MOST_PERSONS, MOST_ACTS = 200, 50
MOST_SECONDS = 20.0
HERE, LATELY = timedelta(days=1), 3
"""Who used the portal in the last day is asked for three times as often as the others, when not all can be."""
logger = logging.getLogger(__name__)


class Polling:
    """One round, at most twenty seconds; it ends at the first sign that the OA does not answer."""

    def __init__(
        self,
        source: DocumentSource,
        transactions: Transactions,
        clock: Clock,
        zone: ZoneInfo,
        every: timedelta,
        hours: str = DocumentsSettings.working_hours,
    ) -> None:
        self._source = source
        self._transactions = transactions
        self._clock = clock
        self._zone = zone
        self._every = every
        self._hours = hours

    @classmethod
    def of(cls, registry: Any, clock: Clock) -> Polling | None:
        """From the worker's registry; None when there is no OA."""
        settings: DocumentsSettings = registry.plugins.settings_of("documents")
        transactions = OfWorker(registry, clock, ACTOR)
        zone = registry.settings.zone
        password = password_of(settings, registry.settings)
        source = source_of(settings, transactions, clock, zone, password)
        if source is None:
            return None
        return cls(source, transactions, clock, zone, settings.oa_poll, settings.working_hours)

    def run(self) -> int:
        """Look up what is pending, then ask for the persons whose lists are oldest; the number of persons asked for."""
        ends = time.monotonic() + MOST_SECONDS
        try:
            self.verify()
            return self._poll(ends)
        except SourceDown as down:
            logger.warning("OA: %s The lists stay as they are", down.message)
            return 0

    def verify(self) -> int:
        """Look up the acts whose outcome is not known; how many are known now. Raises `SourceDown`."""
        acting = Acting(self._source, self._transactions, self._clock, self._zone)
        creating = Creating(self._source, self._transactions, self._clock, self._zone)
        known = 0
        for number in acting.pending(MOST_ACTS):
            try:
                known += (creating if self._is_start(number) else acting).verify(number)
            except SourceDown:
                raise
            except DomainError as error:
                logger.warning("OA: act %s cannot be looked up: %s", number, error.message)
        return known

    def due(self) -> list[int]:
        """Active persons whose lists are older than `every`: of three who were here lately one who was not.

        Each of the two rows begins with who was asked longest ago, so that a round goes on where the last one stopped.
        """
        if not self._every:
            return []
        lately, others = self._due(is_lately=True), self._due(is_lately=False)
        turns = zip_longest(*(lately[at::LATELY] for at in range(LATELY)), others)
        return [person for turn in turns for person in turn if person is not None][:MOST_PERSONS]

    def _due(self, *, is_lately: bool) -> list[int]:
        now, name = self._clock.now(), self._source.name
        asked_at = func.coalesce(OutsideUser.asked_at, OutsideUser.known_at)
        is_old = or_(asked_at.is_(None), asked_at <= now - self._every)
        is_unknown = or_(OutsideUser.found_at <= now - AGAIN, OutsideUser.staff_no == "")
        was_here = (
            exists()
            .where(LoginSession.person_id == Person.id, LoginSession.last_seen_at > now - HERE)
            .correlate(Person)
        )
        query = (
            select(Person.id)
            .outerjoin(OutsideUser, and_(OutsideUser.person_id == Person.id, OutsideUser.source == name))
            .where(
                Person.state == PersonState.ACTIVE,
                is_old,
                or_(OutsideUser.person_id.is_(None), OutsideUser.oa_user_id.is_not(None), is_unknown),
                was_here if is_lately else ~was_here,
            )
            .order_by(asked_at.is_not(None), asked_at, Person.id)
            .limit(MOST_PERSONS)
        )
        with self._transactions.reading() as session:
            return list(session.scalars(query))

    def _poll(self, ends: float) -> int:
        """One who cannot be asked for goes to the end of the row, so that nobody waits behind her for ever."""
        syncing = Syncing(self._source, self._transactions, self._clock, self._zone, self._hours)
        asked = 0
        for person_id in self.due():
            if time.monotonic() > ends:
                break
            try:
                syncing.sync(person_id, is_quick=True)
            except SourceDown:
                self._put_behind(person_id)
                raise
            except DomainError:
                continue  # the OA does not know her; that is kept for a day
            asked += 1
        return asked

    def _put_behind(self, person_id: int) -> None:
        now, name = self._clock.now(), self._source.name
        with self._transactions.writing() as writing:
            user = writing.session.get(OutsideUser, (name, person_id))
            if user is None:
                user = OutsideUser(source=name, person_id=person_id, staff_no="", found_at=now, counts={})
                writing.session.add(user)
            user.asked_at = now

    def _is_start(self, number: int) -> bool:
        with self._transactions.reading() as session:
            return session.get_one(OutsideAct, number).act == CREATE


def said_age(session: Session) -> str:
    """How old the oldest lists of active persons are, measured from the last answer; empty when nothing is known."""
    query = (
        select(
            OutsideUser.source, func.min(OutsideUser.known_at), func.count(), func.count(OutsideUser.known_at)
        )
        .join(Person, Person.id == OutsideUser.person_id)
        .where(Person.state == PersonState.ACTIVE, OutsideUser.oa_user_id.is_not(None))
        .group_by(OutsideUser.source)
    )
    parts = []
    for name, oldest, known, read in session.execute(query):
        row = session.get(OutsideSource, name)
        if row is not None and row.known_at is not None and oldest is not None:
            minutes = int((row.known_at - oldest).total_seconds()) // 60
            parts.append(
                f"{name}: the oldest of {known} lists is {minutes} min old, {known - read} not read yet"
            )
    return "; ".join(parts)

"""Telling deputies that their period began, and principals that it is over; each once, whatever crashes."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from xinglin.api.people import Person, PersonState
from xinglin.api.push import PushService
from xinglin.types import Clock
from xinglin_documents.models import Box, Deputy, Entry, EntryState, Item
from xinglin_documents.push import DEPUTY
from xinglin_documents.service.time.deputies import PATH, passes_to

BEGUN = "您开始代理{principal}的公文"
BEGUN_TEXT = "现有待办 {count} 件，代理至 {until:%Y-%m-%d %H:%M}"
ENDED = "{deputy}对您公文的代理已结束"
ENDED_TEXT = "代理期间代您办理 {count} 件"
INBOX = "/documents"


class Teller:
    """Works by the clock; moments in messages are of `zone`."""

    def __init__(self, session: Session, clock: Clock, push: PushService, zone: ZoneInfo) -> None:
        self._session = session
        self._clock = clock
        self._push = push
        self._zone = zone

    def tell(self) -> None:
        """Tell all that is due."""
        now = self._clock.now()
        for row in self._due(Deputy.told_at.is_(None), Deputy.starts_at <= now, Deputy.ends_at > now):
            self._tell_begun(row)
            row.told_at = now
        for row in self._due(Deputy.end_told_at.is_(None), Deputy.ends_at <= now):
            if row.told_at is not None:
                self._tell_ended(row)
            row.end_told_at = now

    def _due(self, *conditions: ColumnElement[bool]) -> Sequence[Deputy]:
        query = (
            select(Deputy)
            .where(*conditions, Deputy.revoked_at.is_(None))
            .order_by(Deputy.id)
            .with_for_update(of=Deputy, skip_locked=True)
        )
        return self._session.scalars(query).all()

    def _tell_begun(self, row: Deputy) -> None:
        waiting = (
            select(func.count())
            .select_from(Entry)
            .join(Item, Item.id == Entry.item_id)
            .where(
                Entry.person_id == row.principal_id,
                Entry.box == Box.TO_DO,
                Entry.state == EntryState.OPEN,
                passes_to(row.deputy_id),
            )
        )
        if row.processes:
            waiting = waiting.where(Item.process_key.in_(row.processes))
        title = BEGUN.format(principal=self._person(row.principal_id).name)
        count, until = self._session.scalar(waiting), row.ends_at.astimezone(self._zone)
        self._send(row, "begun", row.deputy_id, title, BEGUN_TEXT.format(count=count, until=until), INBOX)

    def _tell_ended(self, row: Deputy) -> None:
        handled = select(func.count()).where(
            Entry.person_id == row.principal_id,
            Entry.acted_by_id == row.deputy_id,
            Entry.done_at >= row.starts_at,
            Entry.done_at < row.ends_at,
        )
        title = ENDED.format(deputy=self._person(row.deputy_id).name)
        text = ENDED_TEXT.format(count=self._session.scalar(handled))
        self._send(row, "ended", row.principal_id, title, text, PATH)

    def _send(self, row: Deputy, what: str, person_id: int, title: str, text: str, path: str) -> None:
        if self._person(person_id).state == PersonState.ACTIVE:
            key = f"documents.deputy.{what}:{row.id}"
            self._push.enqueue(
                DEPUTY, row.public_id, [person_id], title=title, description=text, path=path, dedupe_key=key
            )

    def _person(self, person_id: int) -> Person:
        return self._session.get_one(Person, person_id)

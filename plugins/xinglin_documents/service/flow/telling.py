"""Messages about documents. They are one text for all who get them, in the hospital's language; of a closed document
they say only that there is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from xinglin.api.db import ask
from xinglin.api.push import PushService
from xinglin_documents.models import Box, Deputy, Entry, EntryState, Item
from xinglin_documents.push import RESULT, TO_DO, TO_READ, URGE
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import START
from xinglin_documents.service.engine.effects import Urged
from xinglin_documents.service.engine.state import Status
from xinglin_documents.service.flow.change import Change, step_title, tasks_of
from xinglin_documents.service.flow.projection import Projected
from xinglin_documents.service.flow.seams import Deputies
from xinglin_documents.service.inbox.seeing import is_closed

CLOSED_DESCRIPTION = "请打开后查看"
CLOSED_TITLES = {
    TO_DO: "您有一份涉密公文待办",
    TO_READ: "您有一份涉密公文待阅",
    URGE: "您有一份涉密公文被催办",
    RESULT: "您发起的涉密公文有新进展",
}
ENDINGS = {
    Status.COMPLETED: "已办结",
    Status.REJECTED: "未通过",
    Status.WITHDRAWN: "已撤回",
    Status.TERMINATED: "已终止",
}
CARD_VERBS = {
    Act.RETURN: "退回",
    Act.REJECT: "否决",
    Act.WITHDRAW: "撤回",
    Act.TAKE_BACK: "取回",
    Act.TRANSFER: "转办",
    Act.TERMINATE: "终止",
}
_STANDING = select(Deputy.principal_id).where(
    Deputy.starts_at <= bindparam("at"), Deputy.ends_at > bindparam("at"), Deputy.revoked_at.is_(None)
)
CAME_BACK = "已退回，请修改后重新提交"


@dataclass(frozen=True)
class Wording:
    """What a message says unless the document is closed."""

    kind: str
    title: str
    description: str


class Telling:
    """Writes messages beside the rows they are about."""

    def __init__(self, session: Session, push: PushService, deputies: Deputies) -> None:
        self._session = session
        self._push = push
        self._deputies = deputies
        self._known: tuple[datetime, set[int]] | None = None

    def tell(self, change: Change, projected: Projected) -> None:
        item = change.item
        self._settle(change, projected)
        for node, persons in projected.asked.items():
            if node != START:
                self._ask(change, node, persons)
        if projected.readers:
            words = Wording(TO_READ, item.title, f"{item.process_title} · {change.actor_name} 送阅")
            self._send(change, words, projected.readers, "read")
        for urged in change.all(Urged):
            self._urge(change, urged)
        self._tell_starter(change)

    def _settle(self, change: Change, projected: Projected) -> None:
        """Cards about tasks that wait no more say so; who still has a task in the document keeps hers."""
        waiting = {one.task.person for one in tasks_of(change.after).values()}
        released = tuple(one for one in dict.fromkeys(projected.released) if one not in waiting)
        if released:
            still = set(self.with_deputies(change, tuple(waiting)))
            persons = [one for one in self.with_deputies(change, released) if one not in still]
            self._push.settle(change.item.public_id, persons, card_text(change))

    def _ask(self, change: Change, node: str, persons: tuple[int, ...]) -> None:
        item = change.item
        step = step_title(change.definition, node)
        words = Wording(TO_DO, item.title, f"{step} · {item.starter_name}")
        self._send(change, words, self.with_deputies(change, persons), node)

    def _urge(self, change: Change, urged: Urged) -> None:
        numbers = [str(number) for number in urged.tasks]
        query = select(Entry.person_id).where(
            Entry.item_id == change.item.id,
            Entry.box == Box.TO_DO,
            Entry.state == EntryState.OPEN,
            Entry.task.in_(numbers),
        )
        persons = tuple(dict.fromkeys(self._session.scalars(query)))
        why = f"{change.actor_name} 催办" if change.actor_name else "办理时限将至"
        words = Wording(URGE, change.item.title, f"{why} · {change.item.step}")
        self._send(change, words, self.with_deputies(change, persons), "urge")

    def _tell_starter(self, change: Change) -> None:
        starter = change.item.starter_id
        is_part = change.instance.parent_id is not None  # whoever waits for it is told by the whole
        if starter is None or change.event.actor_id == starter or is_part:
            return
        if change.has_ended():
            outcome = ENDINGS[change.after.status]
        elif change.has_come_back():
            outcome = CAME_BACK
        else:
            return
        words = Wording(RESULT, change.item.title, f"{change.item.process_title} · {outcome}")
        self._send(change, words, (starter,), "result")

    def with_deputies(self, change: Change, persons: tuple[int, ...]) -> tuple[int, ...]:
        """These, and who acts for them now; a closed document is for the persons themselves."""
        if is_closed(change.item):
            return persons
        absent = self._absent(change.at) & set(persons)
        acting = (
            one
            for person in persons
            if person in absent
            for one in self._deputies.deputies_of(person, change.at, change.definition.key)
        )
        return tuple(dict.fromkeys((*persons, *acting)))

    def _absent(self, at: datetime) -> set[int]:
        """Whoever has a deputy at that moment; asked once for all messages of an act."""
        if self._known is None or self._known[0] != at:
            self._known = at, set(ask(self._session, _STANDING, at=at).scalars())
        return self._known[1]

    def _send(self, change: Change, words: Wording, persons: Iterable[int], what: str) -> None:
        recipients = list(persons)
        if not recipients:
            return
        item = change.item
        is_hidden = is_closed(item)
        self._push.enqueue(
            words.kind,
            item.public_id,
            recipients,
            title=CLOSED_TITLES[words.kind] if is_hidden else words.title,
            description=CLOSED_DESCRIPTION if is_hidden else words.description,
            path=path_of(item),
            dedupe_key=f"{words.kind}:{change.event.public_id}:{what}"[:128],
        )


def card_text(change: Change) -> str:
    """What a card says when its task is done, returned, taken back or over."""
    verb = CARD_VERBS.get(Act(change.event.act), "处理")
    return f"已由{change.actor_name}{verb}" if change.actor_name else "已由系统处理"


def path_of(item: Item) -> str:
    """Where a card about the document leads."""
    return f"/documents/items/{item.public_id}"

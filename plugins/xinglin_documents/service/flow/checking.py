"""What an act must bring along before the engine is asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from xinglin.api.i18n import TranslationString, translator
from xinglin.api.people import Person, visible
from xinglin_documents.models import Entry, Instance, Item, OfficialDocument
from xinglin_documents.service import operations
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import START, Definition, Right, SignNode, WhenRejected
from xinglin_documents.service.engine.state import State, TaskKind
from xinglin_documents.service.flow.errors import ActRefused
from xinglin_documents.service.flow.seats import Seat
from xinglin_documents.service.flow.values import Asked
from xinglin_documents.service.inbox.seeing import TASK_BOXES, is_closed
from xinglin_documents.service.official.reach import is_limited

_ = translator("documents")

JUDGING = frozenset({Act.APPROVE, Act.REJECT, Act.RETURN, Act.ADD_AFTER})
AGREEING = frozenset({Act.APPROVE, Act.ADD_AFTER})
SHARING = frozenset({Act.TRANSFER, Act.DELEGATE, Act.ADD_BEFORE, Act.ADD_AFTER, Act.COPY, Act.CIRCULATE})
LONGEST_OPINION = 2000
EMPTY: tuple[Any, ...] = (None, "", [])
OPERATIONS: Mapping[str, TranslationString] = {
    "register": _("Register the document first."),
    "issue_number": _("Issue the document's number first."),
    "red_head": _("Make the document with its red head first."),
    "seal": _("Note that the document was sealed first."),
    "distribute": _("Distribute the document first."),
    "archive": _("Archive the document first."),
}


class Checks:
    """One act on one instance."""

    def __init__(self, session: Session, definition: Definition, item: Item, instance: Instance) -> None:
        self._session = session
        self._definition = definition
        self._item = item
        self._instance = instance

    def check(self, asked: Asked, seat: Seat) -> None:
        """Raises `ActRefused` with what is missing."""
        node = self._node(seat)
        if len(asked.opinion) > LONGEST_OPINION:
            raise ActRefused(
                _("An opinion has at most ${count} characters.", mapping={"count": LONGEST_OPINION})
            )
        if asked.act is Act.COMMENT and not asked.opinion.strip():
            raise ActRefused(_("The opinion is empty."), _("Write it first."))
        if node is not None:
            self._check_node(node, asked, seat)
        if asked.act in SHARING and asked.persons and is_limited(self._item):
            self._check_audience(asked.persons)
        if self._is_sealed():
            self._check_sealed(asked, seat)

    def allowed(self, asked: Asked, seat: Seat) -> dict[str, Any]:
        """The new values of fields that may be filled at this step; a total comes along with its rows."""
        rights = self._rights(seat)
        editable = {key for key, right in rights.items() if right is Right.EDIT}
        totals = {
            field.key
            for field in self._definition.form
            if field.total_of and field.total_of.split(".")[0] in editable
        }
        return {key: value for key, value in asked.values.items() if key in editable | totals}

    def _rights(self, seat: Seat) -> Mapping[str, Right]:
        if seat.entry is not None and seat.entry.node == START:
            return start_rights(self._definition)
        node = self._node(seat)
        return node.fields if node is not None and self._kind(seat) is TaskKind.SIGN else {}

    def _node(self, seat: Seat) -> SignNode | None:
        if seat.entry is None:
            return None
        found = self._definition.by_key.get(seat.entry.node)
        return found if isinstance(found, SignNode) else None

    @cached_property
    def _state(self) -> State:
        return State.from_json(self._instance.state)

    def _kind(self, seat: Seat) -> TaskKind | None:
        found = self._state.task(seat.task)
        return found[1].kind if found else None

    def _check_node(self, node: SignNode, asked: Asked, seat: Seat) -> None:
        if node.needs_opinion and asked.act in JUDGING and not asked.opinion.strip():
            raise ActRefused(_("This step needs an opinion."), _("Write one, or choose a common phrase."))
        if asked.act not in AGREEING:
            return
        if node.needs_signature and not asked.signature:
            raise ActRefused(_("This step needs your signature."), _("Sign in the field, then approve."))
        if node.operations and self._kind(seat) is TaskKind.SIGN:
            self._check_operations(node)

    def _check_operations(self, node: SignNode) -> None:
        undone = operations.undone(self._session, self._instance, node)
        if undone:
            raise ActRefused(
                OPERATIONS[undone[0].value], _("The button for it stands above the opinion."), status=409
            )

    def _is_sealed(self) -> bool:
        query = select(OfficialDocument.locked_at).where(OfficialDocument.id == self._item.id)
        return self._session.scalar(query) is not None

    def _check_sealed(self, asked: Asked, seat: Seat) -> None:
        """The form is what the final document was made from: it does not change, nor goes where it could be changed."""
        form = self._instance.values or {}
        changed = [
            key
            for key, value in self.allowed(asked, seat).items()
            if value != form.get(key) and not (value in EMPTY and form.get(key) in EMPTY)
        ]
        if changed or asked.files or self._leads_to_form(asked, seat):
            raise ActRefused(
                _("The final document is sealed, so its form and files stay as they are."),
                _("Issue a new document that repeals or corrects this one."),
                status=409,
            )

    def _leads_to_form(self, asked: Asked, seat: Seat) -> bool:
        """Whether somebody could edit the form where this act leads."""
        if asked.act is Act.WITHDRAW:
            return True
        if asked.act is Act.RETURN:
            return self._is_editable(asked.to)
        if asked.act is Act.TAKE_BACK:
            return self._is_editable(asked.to or (seat.entry.node if seat.entry else ""))
        node = self._node(seat)
        return asked.act is Act.REJECT and node is not None and node.when_rejected is not WhenRejected.END

    def _is_editable(self, key: str) -> bool:
        """The start is, and a step not named: nobody knows yet which it will be."""
        node = self._definition.by_key.get(key)
        return not isinstance(node, SignNode) or Right.EDIT in node.fields.values()

    def _check_audience(self, persons: tuple[int, ...]) -> None:
        """Such a document goes to nobody outside who is meant to know it."""
        known = select(Entry.person_id).where(Entry.item_id == self._item.id, Entry.box.in_(TASK_BOXES))
        query = select(Person.id).where(Person.id.in_(persons), Person.id.in_(known))
        inside = set(self._session.scalars(query))
        if self._item.audience is not None:
            inside |= {one for one in persons if self._is_meant(one)}
        outside = [one for one in persons if one not in inside]
        if outside:
            names = self._session.scalars(select(Person.name).where(or_(Person.id.in_(outside))))
            mapping = {"names": "、".join(sorted(names))}
            raise ActRefused(
                _(
                    "This document is closed, and ${names} is not among those who may know it.",
                    mapping=mapping,
                )
                if is_closed(self._item)
                else _("${names} is not in the audience of this document.", mapping=mapping),
                _("Choose somebody of its audience."),
                status=403,
            )

    def _is_meant(self, person_id: int) -> bool:
        query = select(Item.id).where(Item.id == self._item.id, visible(Item.audience_id, person_id))
        return self._session.scalar(query) is not None


def start_rights(definition: Definition) -> dict[str, Right]:
    """At the start all may be filled unless the process says otherwise."""
    return {field.key: definition.start_fields.get(field.key, Right.EDIT) for field in definition.form}

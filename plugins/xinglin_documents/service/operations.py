"""What a step of an official document must have done before it is approved: `operations` of a node (see its definition)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin_documents.models import DocumentNumber, Instance, NumberState, OfficialDocument
from xinglin_documents.service.engine.definition import Definition, SignNode
from xinglin_documents.service.official.heads import is_current

_ = translator("documents")


class Operation(enum.StrEnum):
    """登记, 编号, 套红, 用印, 分发, 归档."""

    REGISTER = "register"
    ISSUE_NUMBER = "issue_number"
    RED_HEAD = "red_head"
    SEAL = "seal"
    DISTRIBUTE = "distribute"
    ARCHIVE = "archive"


OUTDATED = _("The document went back or was changed after its red head was made. Make it again.")
ORDER = tuple(Operation)
TITLES: Mapping[Operation, str] = {
    Operation.REGISTER: _("Register"),
    Operation.ISSUE_NUMBER: _("Issue the number"),
    Operation.RED_HEAD: _("Make the red head"),
    Operation.SEAL: _("Seal the final document"),
    Operation.DISTRIBUTE: _("Distribute"),
    Operation.ARCHIVE: _("File in the archive"),
}
NEEDS: Mapping[Operation, Operation] = {
    Operation.RED_HEAD: Operation.ISSUE_NUMBER,
    Operation.SEAL: Operation.RED_HEAD,
}
"""What an operation needs whatever the process says; the rest is the order of those that the process has."""


@dataclass(frozen=True)
class Standing:
    """What was done for a document so far. `is_being_made`: the worker has the red head under way."""

    done: frozenset[Operation]
    is_being_made: bool = False
    problem: str = ""


def standing(session: Session, item_id: int) -> Standing:
    """How far the operations of a document are."""
    document = session.get(OfficialDocument, item_id)
    is_issued = session.scalar(
        select(exists().where(DocumentNumber.item_id == item_id, DocumentNumber.state == NumberState.ISSUED))
    )
    facts = {Operation.ISSUE_NUMBER: bool(is_issued)}
    if document is None:
        return Standing(frozenset(one for one, is_done in facts.items() if is_done))
    facts |= {
        Operation.REGISTER: True,
        Operation.RED_HEAD: is_current(session, document),
        Operation.SEAL: document.locked_at is not None,
        Operation.DISTRIBUTE: document.distributed_at is not None,
        Operation.ARCHIVE: document.archive_asked_at is not None or document.archived_at is not None,
    }
    done = frozenset(one for one, is_done in facts.items() if is_done)
    return Standing(
        done, document.head_due_at is not None, document.head_problem or _outdated(document, done)
    )


def _outdated(document: OfficialDocument, done: frozenset[Operation]) -> str:
    """Why a red head that is there does not count."""
    is_there = document.final_file_id is not None and document.head_due_at is None
    return OUTDATED if is_there and Operation.RED_HEAD not in done else ""


def undone(session: Session, instance: Instance, node: SignNode) -> list[Operation]:
    """Those of the node that were not done yet, in its order."""
    if not node.operations:
        return []
    done = standing(session, instance.id).done
    return [Operation(one) for one in node.operations if Operation(one) not in done]


def office_steps(definition: Definition) -> frozenset[str]:
    """Keys of the steps at which the office works on the document: who approves there has not signed it."""
    return frozenset(node.key for node in definition if isinstance(node, SignNode) and node.operations)


def missing_before(
    definition: Definition, operation: Operation, done: frozenset[Operation]
) -> Operation | None:
    """What must be done first: the earliest operation of the process that comes before this one and is not done."""
    of_process = {
        Operation(one) for node in definition if isinstance(node, SignNode) for one in node.operations
    }
    before = ORDER[: ORDER.index(operation)]
    needed = [one for one in before if one in of_process or one == NEEDS.get(operation)]
    return next((one for one in needed if one not in done), None)

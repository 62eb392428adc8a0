"""Which fields of a form may be filled, seen or not even sent, at the start and at each node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xinglin_documents.models import Entry
from xinglin_documents.service.engine.definition import START, Definition, FormField, Right, SignNode
from xinglin_documents.service.engine.state import State, TaskKind
from xinglin_documents.service.flow.values import Shown

FILLING = frozenset({TaskKind.START, TaskKind.SIGN})
"""Tasks in which a form may be filled in; the engine takes no values from the others."""


def rights_of(definition: Definition, node_key: str) -> Mapping[str, Right]:
    """The right for every field: at START all may be filled, elsewhere all may be read, unless the process says so.

    A node that the definition does not know gives the rights of reading.
    """
    if node_key == START:
        own, usual = definition.start_fields, Right.EDIT
    else:
        node = definition.by_key.get(node_key)
        own, usual = (node.fields if isinstance(node, SignNode) else {}), Right.READ
    return {field.key: own.get(field.key, usual) for field in definition.form}


def rights_of_task(definition: Definition, state: State, entry: Entry) -> Mapping[str, Right]:
    """As `rights_of` the task's node; only its own approver fills in there, those whom she asked read."""
    rights = rights_of(definition, entry.node)
    found = state.task(int(entry.task)) if entry.task.isdecimal() else None
    if found is not None and found[1].kind in FILLING:
        return rights
    return {key: Right.READ if right is Right.EDIT else right for key, right in rights.items()}


def rights_of_shown(shown: Shown, person_id: int) -> Mapping[str, Right]:
    """What a person may do with each field of a document; who has no task in it does not see what any step hides."""
    definition = shown.definition
    if shown.entry is not None:
        return rights_of_task(definition, shown.state, shown.entry)
    if shown.item.starter_id == person_id:
        hiding = [definition.start_fields]
    else:
        hiding = [node.fields for node in definition if isinstance(node, SignNode)]
    hidden = {key for fields in hiding for key, right in fields.items() if right is Right.HIDE}
    return {field.key: Right.HIDE if field.key in hidden else Right.READ for field in definition.form}


def shown(definition: Definition, rights: Mapping[str, Right]) -> Iterator[FormField]:
    """The fields that reach the browser, in their order."""
    for field in definition.form:
        if rights.get(field.key, Right.HIDE) is not Right.HIDE:
            yield field


def is_editable(field: FormField, rights: Mapping[str, Right]) -> bool:
    """Whether the person may fill it; a total is made by the form and by nobody else."""
    return rights.get(field.key) is Right.EDIT and not field.total_of

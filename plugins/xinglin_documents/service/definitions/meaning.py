"""What the words in the text of a process refer to: fields, earlier steps, and what the hospital has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from xinglin.api.i18n import TranslationString, translator
from xinglin_documents.service.definitions.faults import Fault
from xinglin_documents.service.definitions.reading import Reader, Reference, Wanted, meant
from xinglin_documents.service.engine.conditions import Comparison, Condition, Joined
from xinglin_documents.service.engine.definition import (
    ApproverKind,
    BranchNode,
    Definition,
    FieldKind,
    FormField,
    Node,
    Right,
    SignNode,
)
from xinglin_documents.service.operations import Operation

_ = translator("documents")

GAP = re.compile(r"\{([^{}]*)\}")
GAPS = ("starter", "department", "process")
PERSONAL = (FieldKind.PERSON, FieldKind.PERSONS)
NO_STARTERS = (ApproverKind.FIELD, ApproverKind.EARLIER, ApproverKind.STARTER, ApproverKind.SUPERIOR)
DIRECTIONS = ("outgoing", "incoming")


def check_meaning(reader: Reader, definition: Definition) -> None:
    """Add the faults of all that can be said without the database."""
    before, later = befores(definition), laters(definition)
    fields = {one.key: one for one in definition.form}
    for reference in reader.references:
        fault = _fault_of(reference, definition, fields, before, later)
        if fault is not None:
            reader.faults.append(fault)
    _check_subject(reader, definition, fields)
    _check_required(reader, definition)
    _check_official(reader, definition, fields)
    _check_starters(reader, definition)


def befores(definition: Definition) -> Mapping[str, frozenset[str]]:
    """For each step the keys of all that may have ended when it begins; paths beside it are not among them."""
    found: dict[str, frozenset[str]] = {}

    def walk(nodes: tuple[Node, ...], seen: frozenset[str]) -> frozenset[str]:
        for node in nodes:
            found.setdefault(node.key, seen)
            if isinstance(node, BranchNode):
                ends = [walk(path.nodes, seen) for path in node.paths]
                seen = seen.union(*ends)
            seen |= {node.key}
        return seen

    walk(definition.nodes, frozenset())
    return found


def laters(definition: Definition) -> Mapping[str, frozenset[str]]:
    """For each step the keys of those after it in its own path: where a jump may go without losing what waits beside."""
    found: dict[str, frozenset[str]] = {}

    def walk(nodes: tuple[Node, ...]) -> None:
        for index, node in enumerate(nodes):
            found.setdefault(node.key, frozenset(later.key for later in nodes[index + 1 :]))
            for path in node.paths if isinstance(node, BranchNode) else ():
                walk(path.nodes)

    walk(definition.nodes)
    return found


def _fault_of(
    reference: Reference,
    definition: Definition,
    fields: Mapping[str, FormField],
    before: Mapping[str, frozenset[str]],
    later: Mapping[str, frozenset[str]],
) -> Fault | None:
    if reference.wanted in FIELDS:
        return _fault_of_field(reference, fields)
    if reference.wanted is Wanted.EARLIER:
        return _fault_of_step(reference, definition, before.get(reference.step, frozenset()))
    if reference.wanted is Wanted.JUMP:
        return _fault_of_jump(reference, later.get(reference.step, frozenset()))
    if reference.wanted is Wanted.PROCESS and reference.value == definition.key:
        return Fault(
            reference.line,
            _("The process would start itself without end."),
            _("Name another process."),
        )
    return None


FIELDS: Mapping[Wanted, tuple[FieldKind, ...]] = {
    Wanted.FIELD: tuple(FieldKind),
    Wanted.PERSON_FIELD: PERSONAL,
    Wanted.DEPARTMENT_FIELD: (FieldKind.DEPARTMENT,),
}


def _fault_of_field(reference: Reference, fields: Mapping[str, FormField]) -> Fault | None:
    found = fields.get(reference.value)
    kinds = FIELDS[reference.wanted]
    if found is None:
        cause = _("The form has no field “${key}”.", mapping={"key": reference.value[:64]})
        return Fault(reference.line, cause, meant(reference.value, fields))
    if found.kind in kinds:
        return None
    cause = _("The field “${key}” is of another kind.", mapping={"key": reference.value})
    return Fault(
        reference.line, cause, _("Needed here is one of: ${words}.", mapping={"words": ", ".join(kinds)})
    )


def _fault_of_step(reference: Reference, definition: Definition, before: frozenset[str]) -> Fault | None:
    allowed = sorted(key for key in before if isinstance(definition.by_key.get(key), SignNode))
    if reference.value in allowed:
        return None
    cause = _("“${key}” is no step of people before this one.", mapping={"key": reference.value[:64]})
    return Fault(reference.line, cause, meant(reference.value, allowed))


def _fault_of_jump(reference: Reference, later: frozenset[str]) -> Fault | None:
    if reference.value in later:
        return None
    cause = _("“${key}” does not come later in the same path.", mapping={"key": reference.value[:64]})
    return Fault(reference.line, cause, meant(reference.value, sorted(later)))


def _check_subject(reader: Reader, definition: Definition, fields: Mapping[str, FormField]) -> None:
    pattern = definition.title_pattern
    if "{" in GAP.sub("", pattern) or "}" in GAP.sub("", pattern):
        reader.fault(
            ("subject",),
            _("A bracket in the subject stands alone."),
            _("Write gaps as {starter} or {field key}."),
        )
    for name in GAP.findall(pattern):
        if name not in GAPS and name not in fields:
            cause = _("The form has no field “${key}”.", mapping={"key": name[:64]})
            reader.fault(("subject",), cause, meant(name, (*GAPS, *fields)))
        elif name in fields and not fields[name].is_public:
            reader.fault(
                ("subject",),
                _("The field “${key}” may not stand in lists and messages.", mapping={"key": name}),
                _("Give the field “public: yes”, or take it out of the subject."),
            )


def _check_required(reader: Reader, definition: Definition) -> None:
    """A required field that nobody may ever fill in would hold up every document."""
    signs = [node for node in definition if isinstance(node, SignNode)]
    for one in definition.form:
        at_start = definition.start_fields.get(one.key, Right.EDIT)
        is_open = at_start is Right.EDIT or any(node.fields.get(one.key) is Right.EDIT for node in signs)
        if one.is_required and not is_open and not one.total_of:
            cause = _("Nobody may fill in the required field “${key}”.", mapping={"key": one.key})
            cure = _("Let the start or a step edit it, or make it optional.")
            reader.faults.append(Fault(one.line, cause, cure))


def _check_official(reader: Reader, definition: Definition, fields: Mapping[str, FormField]) -> None:
    official = definition.official
    for node in definition:
        operations = node.operations if isinstance(node, SignNode) else ()
        if operations and official is None:
            reader.faults.append(
                Fault(
                    node.line,
                    _("Operations belong to processes of official documents."),
                    _("Add “official” with its direction, or remove the operations."),
                )
            )
        elif official is not None and Operation.ISSUE_NUMBER in operations and not official.series:
            reader.faults.append(
                Fault(
                    node.line,
                    _("A number is issued, but there is no series."),
                    _("Add “series” under “official”."),
                )
            )
    if official is not None and official.direction not in DIRECTIONS:
        cure = _("Write one of: ${words}.", mapping={"words": ", ".join(DIRECTIONS)})
        reader.fault(("official", "direction"), _("There is no such direction."), cure)
    if official is not None and official.type and official.type not in fields:
        cause = _("The form has no field “${key}”.", mapping={"key": official.type})
        reader.fault(("official", "type"), cause, meant(official.type, fields))


def _check_starters(reader: Reader, definition: Definition) -> None:
    if any(
        rule.kind in NO_STARTERS or rule.of.startswith(("starter", "field:")) for rule in definition.starters
    ):
        reader.fault(
            ("starters",),
            _("Who may start is known before there is a form and a starter."),
            _("Name persons, roles, posts, tags, or the head of a department by its code."),
        )


def typed(condition: Condition | None, fields: Mapping[str, FormField]) -> Condition | None:
    """The condition with `yes` and `no` as truth values where the field holds such; its texts stay texts otherwise."""
    if isinstance(condition, Comparison):
        found = fields.get(condition.field)
        is_truth = found is not None and found.kind is FieldKind.YES_NO and isinstance(condition.value, str)
        value = condition.value.lower() in ("yes", "true") if is_truth else condition.value
        return Comparison(condition.field, condition.operator, value)
    if isinstance(condition, Joined):
        parts = (typed(part, fields) for part in condition.parts)
        return Joined(condition.joining, tuple(part for part in parts if part is not None))
    return condition


def outside(references: list[Reference]) -> Iterator[tuple[Reference, TranslationString]]:
    """References to what the hospital has, each with the sentence for the case that it has not."""
    for reference in references:
        sentence = MISSING.get(reference.wanted)
        if sentence is not None and reference.value:
            yield reference, sentence


MISSING: Mapping[Wanted, TranslationString] = {
    Wanted.ROLE: _("There is no role “${key}”."),
    Wanted.POST: _("Nobody holds the post “${key}” now."),
    Wanted.TAG: _("There is no tag “${key}”."),
    Wanted.DEPARTMENT: _("There is no department with the code “${key}”."),
    Wanted.PERSON: _("Nobody who works here has the staff number “${key}”."),
    Wanted.PROCESS: _("There is no process “${key}” that can be started."),
    Wanted.SERIES: _("There is no number series “${key}”."),
}

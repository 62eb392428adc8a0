"""Approvers and conditions as people write them: `by: {post: 院长}`, `when: {field: days, more: 3}`."""

from __future__ import annotations

from typing import Any

from xinglin.api.i18n import translator
from xinglin_documents.service.definitions.reading import Reader, Wanted
from xinglin_documents.service.definitions.source import Path
from xinglin_documents.service.engine.conditions import Comparison, Condition, Joined, Joining, Operator
from xinglin_documents.service.engine.definition import ApproverKind, Approvers

_ = translator("documents")

WORDS = {
    "starter": Approvers(ApproverKind.STARTER),
    "managers": Approvers(ApproverKind.MANAGERS),
    "head": Approvers(ApproverKind.HEAD, of="starter"),
    "superior": Approvers(ApproverKind.SUPERIOR, "1"),
}
VALUED = {
    ApproverKind.PERSON: Wanted.PERSON,
    ApproverKind.ROLE: Wanted.ROLE,
    ApproverKind.POST: Wanted.POST,
    ApproverKind.TAG: Wanted.TAG,
    ApproverKind.FIELD: Wanted.PERSON_FIELD,
    ApproverKind.EARLIER: Wanted.EARLIER,
}
KINDS = (*(kind.value for kind in VALUED), ApproverKind.HEAD.value, ApproverKind.SUPERIOR.value)
WITH_OF = (ApproverKind.ROLE, ApproverKind.POST, ApproverKind.TAG)
MOST_LEVELS = 5
OF_STARTER, OF_FIELD = "starter", "field:"
FACTS = {
    "starter.department": Wanted.DEPARTMENT,
    "starter.roles": Wanted.ROLE,
    "starter.post": Wanted.POST,
}
WITHOUT_VALUE = (Operator.EMPTY, Operator.FILLED)
WITH_LIST = (Operator.IN, Operator.NOT_IN)


def approvers(reader: Reader, path: Path, value: Any) -> tuple[Approvers, ...]:
    """One rule or a list of rules; whoever any of them finds is meant."""
    found = (_rule(reader, at, one) for at, one in reader.items(path, value, or_one=True))
    return tuple(rule for rule in found if rule is not None)


def _rule(reader: Reader, path: Path, value: Any) -> Approvers | None:
    if isinstance(value, str) and value in WORDS:
        return WORDS[value]
    if not isinstance(value, dict):
        known = ", ".join((*WORDS, *(f"{{{kind}: …}}" for kind in KINDS)))
        reader.fault(
            path, _("This names no approver."), _("Write one of: ${words}.", mapping={"words": known})
        )
        return None
    for key in value:
        if key not in KINDS and key != "of":
            reader.unknown_word((*path, key), key, (*KINDS, "of"))
    kinds = [key for key in value if key in KINDS]
    if len(kinds) != 1:
        reader.fault(
            path,
            _("An approver is named in exactly one way."),
            _("Keep one of the keys, and make another list item of each further one."),
        )
        return None
    return _valued(reader, path, ApproverKind(kinds[0]), value)


def _valued(reader: Reader, path: Path, kind: ApproverKind, pairs: dict[str, Any]) -> Approvers | None:
    text, of, at = pairs[kind.value], pairs.get("of", ""), (*path, kind.value)
    if not isinstance(text, str) or not text.strip() or not isinstance(of, str):
        cause = _("“${key}” says nothing.", mapping={"key": kind.value})
        reader.fault(at, cause, _("Write after the “:” who is meant."))
        return None
    if kind is ApproverKind.HEAD:
        return Approvers(kind, of=_of(reader, at, text))
    if kind is ApproverKind.SUPERIOR:
        return _superior(reader, at, text)
    if of and kind not in WITH_OF:
        reader.fault((*path, "of"), _("“of” belongs to a role, a post or a tag only."), _("Remove it."))
    reader.refer(VALUED[kind], text, at)
    return Approvers(kind, text, _of(reader, (*path, "of"), of) if of else "")


def _superior(reader: Reader, path: Path, text: str) -> Approvers | None:
    if text.isascii() and text.isdigit() and 1 <= int(text[:3]) <= MOST_LEVELS:
        return Approvers(ApproverKind.SUPERIOR, str(int(text)))
    limits = {"least": 1, "most": MOST_LEVELS}
    reader.fault(
        path,
        _("The value of “${key}” does not fit.", mapping={"key": "superior"}),
        _("A whole number from ${least} to ${most}.", mapping=limits),
    )
    return None


def _of(reader: Reader, path: Path, text: str) -> str:
    if text.startswith(OF_FIELD):
        reader.refer(Wanted.DEPARTMENT_FIELD, text.removeprefix(OF_FIELD), path)
    elif text != OF_STARTER:
        reader.refer(Wanted.DEPARTMENT, text, path)
    return text


def condition(reader: Reader, path: Path, value: Any) -> Condition | None:
    """A comparison, or `all`, `any`, `not` of others; the depth of the text bounds the recursion."""
    if not isinstance(value, dict):
        reader.fault(
            path,
            _("This is no condition."),
            _("Write it as {field: days, more: 3}, or as {all: […]} of several."),
        )
        return None
    joining = [key for key in value if key in tuple(Joining)]
    if not joining:
        return _comparison(reader, path, value)
    if len(value) > 1:
        reader.fault(
            path,
            _("“${key}” stands alone in its condition.", mapping={"key": joining[0]}),
            _("Put the other conditions inside it."),
        )
        return None
    return _joined(reader, (*path, joining[0]), Joining(joining[0]), value[joining[0]])


def _joined(reader: Reader, path: Path, joining: Joining, value: Any) -> Condition | None:
    parts = [
        condition(reader, at, one) for at, one in reader.items(path, value, or_one=joining is Joining.NOT)
    ]
    if not parts or (joining is Joining.NOT and len(parts) > 1):
        reader.fault(
            path,
            _("“${key}” has the wrong number of conditions.", mapping={"key": joining.value}),
            _("“not” has one, “all” and “any” have one or more."),
        )
        return None
    whole = tuple(part for part in parts if part is not None)
    return Joined(joining, whole) if len(whole) == len(parts) else None


def _comparison(reader: Reader, path: Path, value: dict[str, Any]) -> Condition | None:
    operators = [key for key in value if key in tuple(Operator)]
    for key in value:
        if key != "field" and key not in operators:
            reader.unknown_word((*path, key), key, ("field", *(one.value for one in Operator), *Joining))
    name = value.get("field")
    if not isinstance(name, str) or not name or len(operators) != 1:
        reader.fault(
            path,
            _("A condition compares one field in one way."),
            _("Write it as {field: days, more: 3}, or as {all: […]} of several."),
        )
        return None
    if name not in FACTS:
        reader.refer(Wanted.FIELD, name, (*path, "field"))
    operator = Operator(operators[0])
    at = (*path, operator.value)
    compared = _compared(reader, at, operator, value[operator.value])
    if name in FACTS and operator not in WITHOUT_VALUE and compared is not None:
        for word in compared if isinstance(compared, list) else [compared]:
            reader.refer(FACTS[name], word, at)
    return None if compared is None else Comparison(name, operator, compared)


def _compared(reader: Reader, path: Path, operator: Operator, value: Any) -> Any:
    if operator in WITHOUT_VALUE:
        if value in ("yes", "true"):
            return True
        reader.fault(path, _("Only “yes” can follow here."), _("For the opposite take “empty” or “filled”."))
        return None
    if operator in WITH_LIST:
        texts = [one for _at, one in reader.items(path, value) if isinstance(one, str) and one]
        if texts and isinstance(value, list) and len(texts) == len(value):
            return texts
    elif isinstance(value, str) and value:
        return value
    reader.fault(
        path,
        _("The value to compare with is missing or of the wrong form."),
        _("“in” and “not_in” take a list such as [a, b]; the others take one value."),
    )
    return None

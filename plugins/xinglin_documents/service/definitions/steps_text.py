"""The steps in the text of a process: `steps:` with people, readers, branches and other processes."""

from __future__ import annotations

from typing import Any

from xinglin.api.i18n import translator
from xinglin_documents.service.definitions import shapes
from xinglin_documents.service.definitions.approving import approvers, condition
from xinglin_documents.service.definitions.faults import Fault
from xinglin_documents.service.definitions.reading import CHOOSE, Reader, Wanted
from xinglin_documents.service.definitions.shapes import NodeKind
from xinglin_documents.service.definitions.source import Path
from xinglin_documents.service.engine.definition import (
    START,
    BranchMode,
    BranchNode,
    ChildNode,
    CirculateNode,
    Deadline,
    Node,
    Right,
    SignNode,
    WhenLate,
)
from xinglin_documents.service.engine.definition import Path as BranchPath
from xinglin_documents.service.operations import Operation

_ = translator("documents")

LEAST_PATHS, MOST_STEPS = 2, 200


def steps(reader: Reader, path: Path, value: Any) -> tuple[Node, ...]:
    """A list of steps, with those of their paths."""
    return tuple(_step(reader, at, one) for at, one in reader.items(path, value))


def _step(reader: Reader, path: Path, value: Any) -> Node:
    kind = _kind(reader, path, value)
    outer, reader.step = reader.step, _key_of(value)
    clean = reader.mapping(shapes.STEPS[kind], path, value)
    if clean["step"] == START:
        cause = _("“${key}” is the key of the form at the starter.", mapping={"key": START})
        reader.fault((*path, "step"), cause, CHOOSE)
    common = {
        "key": clean["step"],
        "title": clean["title"],
        "title_en": clean["title_en"],
        "line": reader.line(path),
    }
    made = MAKERS[kind](reader, path, clean, common)
    reader.step = outer
    return made


def _key_of(value: Any) -> str:
    key = value.get("step", "") if isinstance(value, dict) else ""
    return key if isinstance(key, str) else ""


def _kind(reader: Reader, path: Path, value: Any) -> NodeKind:
    word = value.get("kind", NodeKind.SIGN) if isinstance(value, dict) else NodeKind.SIGN
    if word in tuple(NodeKind):
        return NodeKind(word)
    reader.fault(
        (*path, "kind"),
        _("There is no such kind of step."),
        _("Write one of: ${words}.", mapping={"words": ", ".join(NodeKind)}),
    )
    return NodeKind.SIGN


def _sign(reader: Reader, path: Path, clean: dict[str, Any], common: dict[str, Any]) -> SignNode:
    found = approvers(reader, (*path, "by"), clean["by"])
    if clean["by"] in (None, ""):
        reader.fault(
            path, _("The step says not who acts."), _("Name the approvers with “by”, such as {post: 院长}.")
        )
    return SignNode(
        **common,
        approvers=found,
        mode=clean["mode"],
        ratio=clean["ratio"],
        when_empty=clean["when_empty"],
        when_starter=clean["when_starter"],
        when_repeated=clean["when_repeated"],
        when_rejected=clean["when_rejected"],
        is_batchable=clean["batch"],
        needs_opinion=clean["needs_opinion"],
        needs_signature=clean["needs_signature"],
        can_return=clean["can_return"],
        can_reject=clean["can_reject"],
        deadline=_deadline(reader, (*path, "deadline"), clean["deadline"]),
        fields=rights(reader, (*path, "fields"), clean["fields"]),
        operations=_operations(reader, (*path, "operations"), clean["operations"]),
    )


def _circulate(reader: Reader, path: Path, clean: dict[str, Any], common: dict[str, Any]) -> CirculateNode:
    readers = approvers(reader, (*path, "to"), clean["to"])
    if clean["to"] in (None, ""):
        reader.fault(
            path, _("The step says not to whom."), _("Name the readers with “to”, such as {field: readers}.")
        )
    return CirculateNode(**common, readers=readers)


def _branch(reader: Reader, path: Path, clean: dict[str, Any], common: dict[str, Any]) -> BranchNode:
    mode, at = clean["mode"], (*path, "paths")
    paths = tuple(_path(reader, one_at, one) for one_at, one in reader.items(at, clean["paths"]))
    if len(paths) < LEAST_PATHS:
        reader.fault(
            path,
            _("A branch has at least two paths."),
            _("List them under “paths”, or write the steps without a branch."),
        )
    if len({one.key for one in paths}) < len(paths):
        reader.fault(at, _("Two paths have the same key."), CHOOSE)
    for index, one in enumerate(paths):
        _check_path(reader, (*at, index), mode, one, is_last=index == len(paths) - 1)
    return BranchNode(**common, mode=mode, paths=paths)


def _path(reader: Reader, path: Path, value: Any) -> BranchPath:
    clean = reader.mapping(shapes.PATH, path, value)
    when = None if clean["when"] in (None, "") else condition(reader, (*path, "when"), clean["when"])
    return BranchPath(
        key=clean["path"],
        title=clean["title"],
        when=when,
        nodes=steps(reader, (*path, "steps"), clean["steps"]),
        title_en=clean["title_en"],
    )


def _check_path(reader: Reader, path: Path, mode: BranchMode, one: BranchPath, *, is_last: bool) -> None:
    has_when = _has(reader, (*path, "when"))
    if mode is BranchMode.EXCLUSIVE and is_last and has_when:
        reader.fault(
            (*path, "when"),
            _("The last path of a choice must always hold, or the document could stand still."),
            _("Remove its “when”, or add a last path without one; it may be without steps."),
        )
    if mode is BranchMode.EXCLUSIVE and not is_last and not has_when:
        reader.fault(
            path,
            _("This path always holds, so that the paths after it are never taken."),
            _("Give it a “when”, or move it to the end."),
        )
    if mode is BranchMode.PARALLEL and has_when:
        reader.fault(
            (*path, "when"),
            _("Parallel paths are all taken; a condition has no use here."),
            _("Remove it, or make the mode “inclusive”."),
        )
    if mode is not BranchMode.EXCLUSIVE and not one.nodes:
        reader.fault(path, _("This path has no steps."), _("Add steps, or remove the path."))


def _has(reader: Reader, path: Path) -> bool:
    return path in reader.source.lines


def _child(reader: Reader, path: Path, clean: dict[str, Any], common: dict[str, Any]) -> ChildNode:
    reader.refer(Wanted.PROCESS, clean["process"], (*path, "process"))
    values = {}
    for at, key, name in reader.pairs((*path, "values"), clean["values"]):
        reader.refer(Wanted.FIELD, name, at)
        values[key] = name
    return ChildNode(**common, process=clean["process"], values=values)


def rights(reader: Reader, path: Path, value: Any) -> dict[str, Right]:
    """`fields: {reason: edit}`; a field that is not named keeps the usual right."""
    found = {}
    for at, key, word in reader.pairs(path, value):
        reader.refer(Wanted.FIELD, key, at)
        if word in tuple(Right):
            found[key] = Right(word)
        else:
            cause = _("The value of “${key}” does not fit.", mapping={"key": key})
            reader.fault(at, cause, _("Write one of: ${words}.", mapping={"words": ", ".join(Right)}))
    return found


def _operations(reader: Reader, path: Path, value: Any) -> tuple[str, ...]:
    found = []
    for at, one in reader.items(path, value, or_one=True):
        if one in tuple(Operation):
            found.append(str(one))
        else:
            reader.fault(
                at,
                _("There is no such operation."),
                _("Write one of: ${words}.", mapping={"words": ", ".join(Operation)}),
            )
    return tuple(found)


def _deadline(reader: Reader, path: Path, value: Any) -> Deadline | None:
    if value in (None, ""):
        return None
    clean = reader.mapping(shapes.DEADLINE, path, value)
    made = Deadline(
        minutes=clean["within"] or 0,
        remind_before=clean["remind_before"],
        escalate_after=clean["escalate_after"],
        escalate_to=approvers(reader, (*path, "escalate_to"), clean["escalate_to"]),
        act_after=clean["act_after"],
        act=clean["act"],
        jump_to=clean["jump_to"],
    )
    _check_deadline(reader, path, made)
    return made


def _check_deadline(reader: Reader, path: Path, made: Deadline) -> None:
    if made.minutes and made.remind_before >= made.minutes:
        reader.fault(
            (*path, "remind_before"),
            _("The reminder would come before the task itself."),
            _("Make it shorter than “within”."),
        )
    if bool(made.escalate_after) != bool(made.escalate_to):
        reader.fault(
            path,
            _("An escalation needs a time and somebody."),
            _("Write both “escalate_after” and “escalate_to”."),
        )
    if (made.act is WhenLate.NOTHING) != (not made.act_after):
        reader.fault(
            path, _("What happens at last needs a time and an act."), _("Write both “act_after” and “act”.")
        )
    if (made.act is WhenLate.JUMP) != bool(made.jump_to):
        reader.fault(
            path, _("A jump needs a goal, and only a jump has one."), _("Write “act: jump” and “jump_to”.")
        )
    if made.jump_to:
        reader.refer(Wanted.JUMP, made.jump_to, (*path, "jump_to"))


MAKERS = {
    NodeKind.SIGN: _sign,
    NodeKind.CIRCULATE: _circulate,
    NodeKind.BRANCH: _branch,
    NodeKind.CHILD: _child,
}


def check_keys(reader: Reader, nodes: tuple[Node, ...]) -> None:
    """Keys of steps are unique in the whole process, whatever path they stand in. `nodes`: all of them."""
    seen: dict[str, int] = {}
    for node in nodes:
        if node.key and node.key in seen:
            cause = _(
                "There are two steps “${key}”; the other is in line ${line}.",
                mapping={"key": node.key, "line": seen[node.key]},
            )
            reader.faults.append(Fault(node.line, cause, CHOOSE))
        seen.setdefault(node.key, node.line)
    if not any(isinstance(node, SignNode) for node in nodes):
        reader.fault(("steps",), _("No step is handled by a person."), _("Add a step with “by”."))
    if len(nodes) > MOST_STEPS:
        cause = _("The process has more than ${most} steps.", mapping={"most": MOST_STEPS})
        reader.fault(("steps",), cause, _("Make processes of their own of its parts."))

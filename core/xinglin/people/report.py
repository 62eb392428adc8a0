"""An import in words for the terminal: Chinese or English, the differences field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from xinglin.api.i18n import translator
from xinglin.people.importing import Plan
from xinglin.people.problems import FileRefused
from xinglin.people.records import PERSON, Change

_ = translator("core")
SHOWN = 50
VALUE_LENGTH = 60

Translate = Callable[[str], str]
FIELDS = {
    "name": _("name"),
    "wecom_userid": _("WeCom account"),
    "mobile": _("mobile"),
    "email": _("e-mail"),
    "department": _("main department"),
    "other_departments": _("other departments"),
    "leads": _("heads"),
    "title": _("title"),
    "position": _("position"),
    "roles": _("roles"),
    "tags": _("tags"),
    "state": _("state"),
    "source": _("source"),
    "is_confirmed": _("verified"),
    "unreachable": _("not reachable"),
    "parent": _("department above"),
    "campus": _("campus"),
    "name_en": _("English name"),
    "sort_order": _("order"),
    "wecom_id": _("number in WeCom"),
    "is_active": _("open"),
}


def plan_lines(plan: Plan, translate: Translate) -> Iterator[str]:
    """The differences, at most 50 of each kind in full."""
    yield from (translate(note) for note in plan.notes)
    if not plan.changes:
        yield translate(_("Nothing changes."))
    for heading, changes in _sections(plan):
        if changes:
            yield translate(_(heading, mapping={"count": len(changes)}))
            yield from _change_lines(changes, translate)


def problem_lines(refused: FileRefused, translate: Translate) -> Iterator[str]:
    """Every mistake with its cell, cause and cure."""
    for problem in refused.problems:
        place = f"{problem.address}: " if problem.address else ""
        yield f"{place}{translate(problem.message)} {translate(problem.cure)}"
    if refused.total > len(refused.problems):
        yield translate(
            _("… and ${count} more mistakes.", mapping={"count": refused.total - len(refused.problems)})
        )


def _sections(plan: Plan) -> list[tuple[str, list[Change]]]:
    moved = {change.key for change in plan.moved}
    updated = [change for change in plan.updated if change.kind == PERSON and change.key not in moved]
    return [
        (_("New departments: ${count}"), [change for change in plan.added if change.kind != PERSON]),
        (_("Changed departments: ${count}"), [change for change in plan.updated if change.kind != PERSON]),
        (_("New people: ${count}"), [change for change in plan.added if change.kind == PERSON]),
        (_("Moved people: ${count}"), plan.moved),
        (_("Changed people: ${count}"), updated),
        (_("Leaving people: ${count}"), [change for change in plan.changes if change.verb == "leave"]),
    ]


def _change_lines(changes: Sequence[Change], translate: Translate) -> Iterator[str]:
    for change in changes[:SHOWN]:
        details = "" if change.verb in {"create", "leave"} else f"  {_details(change, translate)}"
        yield f"  {change.key} {change.label}{details}"
    if len(changes) > SHOWN:
        yield translate(_("  … and ${count} more", mapping={"count": len(changes) - SHOWN}))


def _details(change: Change, translate: Translate) -> str:
    parts = (f"{translate(FIELDS[f.name])}: {_shown(f.before)} → {_shown(f.after)}" for f in change.fields)
    return "; ".join(parts)


def _shown(value: Any) -> str:
    text = ";".join(map(str, value)) if isinstance(value, list) else str("" if value is None else value)
    return (text if len(text) <= VALUE_LENGTH else f"{text[:VALUE_LENGTH]}…") or "∅"

"""The fictional hospital as facts for the engine, so that shipped processes are driven with the people of the demo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from xinglin_documents.service.definitions.reading import Wanted
from xinglin_documents.service.engine.commands import Act, Command
from xinglin_documents.service.engine.deciding import decide
from xinglin_documents.service.engine.definition import ApproverKind, Approvers, Definition
from xinglin_documents.service.engine.effects import Effect
from xinglin_documents.service.engine.state import State, Status, TaskState
from xinglin_simulators.hospital import Person, load_hospital
from xinglin_simulators.hospital.cast import CAST

MANAGER = 1_000_000
ROLES = {
    "医生": "doctor",
    "护士": "nurse",
    "医技": "technician",
    "药师": "pharmacist",
    "行政后勤": "administration",
    "护士长": "head_nurse",
    "科主任": "department_head",
}
PEOPLE: tuple[Person, ...] = load_hospital().people
NUMBERS = {person.userid: number for number, person in enumerate(PEOPLE, 1)}
MOST_ACTS = 60


def number_of(part: str) -> int:
    """The id of a member of the cast."""
    return NUMBERS[CAST[part].userid]


def named(number: int) -> str:
    """Name and post of whoever has this id."""
    if number == MANAGER:
        return "managers"
    person = PEOPLE[number - 1]
    return f"{person.name} {person.position}".strip()


def code(department_id: int) -> str:
    return f"D{department_id:03d}"


class HospitalDirectory:
    """What the fictional hospital has, for checks of texts."""

    def __init__(self, *processes: Definition) -> None:
        self._processes = {one.key: one for one in processes}
        self._has: Mapping[Wanted, frozenset[str]] = {
            Wanted.ROLE: frozenset(ROLES.values()),
            Wanted.POST: frozenset(person.position for person in PEOPLE if person.position),
            Wanted.TAG: frozenset(tag for person in PEOPLE for tag in person.tags),
            Wanted.PERSON: frozenset(person.staff_no for person in PEOPLE),
            Wanted.DEPARTMENT: frozenset(one.code for one in load_hospital().departments),
            Wanted.SERIES: frozenset({"yuanfa"}),
            Wanted.PROCESS: frozenset(self._processes),
        }

    def known(self, wanted: Wanted, values: frozenset[str]) -> frozenset[str]:
        return values & self._has[wanted]

    def process(self, key: str) -> Definition | None:
        return self._processes.get(key)


@dataclass
class HospitalFacts:
    """Facts for one starter and one filled-in form."""

    starter: int
    form: Mapping[str, Any]
    now: datetime = datetime(2026, 11, 23, 1, tzinfo=UTC)

    @property
    def values(self) -> Mapping[str, Any]:
        person = PEOPLE[self.starter - 1]
        return {
            **self.form,
            "starter.department": ["D001", code(person.department_id)],
            "starter.roles": [ROLES[role] for role in person.roles],
            "starter.post": person.position,
        }

    def persons(self, rule: Approvers) -> tuple[int, ...]:
        return tuple(self._found(rule))

    def _found(self, rule: Approvers) -> Iterable[int]:
        match rule.kind:
            case ApproverKind.MANAGERS:
                return (MANAGER,)
            case ApproverKind.STARTER:
                return (self.starter,)
            case ApproverKind.FIELD:
                value = self.form.get(rule.value) or ()
                return value if isinstance(value, (list, tuple)) else (value,)
            case ApproverKind.HEAD:
                return self._all(
                    lambda one: one.leads_department and code(one.department_id) == self._of(rule)
                )
            case ApproverKind.SUPERIOR:
                home = PEOPLE[self.starter - 1].department_id
                return [
                    number
                    for number in self._all(lambda one: one.leads_department and one.department_id == home)
                    if number != self.starter
                ]
            case ApproverKind.POST:
                return self._all(lambda one: one.position == rule.value and self._is_within(one, rule))
        raise AssertionError(f"no shipped process asks for {rule.kind}")

    def _of(self, rule: Approvers) -> str:
        if rule.of == "starter":
            return code(PEOPLE[self.starter - 1].department_id)
        if rule.of.startswith("field:"):
            return str(self.form.get(rule.of.removeprefix("field:"), ""))
        return rule.of

    def _is_within(self, person: Person, rule: Approvers) -> bool:
        return not rule.of or self._of(rule) in [code(one) for one in person.department_ids]

    def _all(self, is_meant: Any) -> list[int]:
        return [number for number, person in enumerate(PEOPLE, 1) if is_meant(person)]

    def may_know(self, persons: tuple[int, ...]) -> frozenset[int]:
        return frozenset(persons)

    def are_active(self, persons: tuple[int, ...]) -> frozenset[int]:
        return frozenset(persons)

    def new_child(self, node: str) -> str:
        return f"child of {node}"


@dataclass
class Run:
    """What happened to one document: who was asked at which step, and which steps it came by."""

    state: State
    asked: dict[str, list[str]] = field(default_factory=dict)
    steps: set[str] = field(default_factory=set)
    sent: list[int] = field(default_factory=list)


def drive(definition: Definition, starter: int, form: Mapping[str, Any]) -> Run:
    """Start it, then let everybody who is asked approve, until it is over."""
    facts = HospitalFacts(starter, form)
    run = Run(State(starter))
    _take(run, decide(definition, run.state, Command(Act.START, starter), facts))
    for _act in range(MOST_ACTS):
        if run.state.status is not Status.RUNNING:
            return run
        task = next(
            task
            for waiting in run.state.runs.values()
            for task in waiting.open_tasks()
            if task.state is TaskState.OPEN
        )
        command = Command(Act.APPROVE, task.person, task.number, opinion="同意")
        _take(run, decide(definition, run.state, command, facts))
    raise AssertionError(f"still waits at {sorted(run.state.runs)} after {MOST_ACTS} approvals")


def _take(run: Run, decision: Any) -> None:
    run.state = decision.state
    for effect in decision.effects:
        _note(run, effect)


def _note(run: Run, effect: Effect) -> None:
    node = getattr(effect, "node", "")
    block = getattr(effect, "block", "")
    run.steps |= {one for one in (node, block) if one}
    if effect.do == "opened" and node != "start":
        run.asked.setdefault(node, []).append(named(effect.person))  # type: ignore[attr-defined]
    if effect.do == "sent":
        run.sent.extend(effect.persons)  # type: ignore[attr-defined]

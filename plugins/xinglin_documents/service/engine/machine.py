"""The moves of a flow: entering nodes, waiting for people, joining paths, ending. Acts are built from these."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property

from xinglin.api.i18n import translator
from xinglin_documents.service.engine import effects as e
from xinglin_documents.service.engine.approvers import MANAGERS, Found, find, judges_herself
from xinglin_documents.service.engine.conditions import holds
from xinglin_documents.service.engine.definition import (
    START,
    BranchMode,
    BranchNode,
    ChildNode,
    CirculateNode,
    Definition,
    Node,
    Path,
    SignMode,
    SignNode,
)
from xinglin_documents.service.engine.errors import Refused
from xinglin_documents.service.engine.facts import Facts
from xinglin_documents.service.engine.state import Run, State, Status, Task, TaskKind, TaskState, Vote
from xinglin_documents.service.engine.structure import Structure

_ = translator("documents")


class Machine:
    """Works on one state; every change goes through `do`, so that the effects are all that happened."""

    def __init__(self, definition: Definition, state: State, facts: Facts) -> None:
        self.definition = definition
        self.state = state
        self.facts = facts
        self.effects: list[e.Effect] = []

    @cached_property
    def structure(self) -> Structure:
        return Structure(self.definition)

    def do(self, effect: e.Effect) -> None:
        effect.apply(self.state)
        self.effects.append(effect)

    def new_task(
        self,
        node: str,
        person: int,
        slot: int,
        kind: TaskKind,
        *,
        added_by: int = 0,
    ) -> None:
        number = self.state.tasks + 1
        self.do(e.Opened(node, number, person, slot, kind, TaskState.OPEN, added_by))

    def enter_first(self, nodes: tuple[Node, ...], block: str = "", path: str = "") -> None:
        """Begin a sequence; an empty one is at its end at once."""
        if nodes:
            self.enter(nodes[0])
        elif block:
            self._end_path(block, path)
        else:
            self.end(Status.COMPLETED)

    def go_on(self, key: str) -> None:
        """To what follows this node."""
        place = self.structure.place(key)
        if place.next is not None:
            self.enter(place.next)
        elif place.block:
            self._end_path(place.block, place.path)
        else:
            self.end(Status.COMPLETED)

    def enter(self, node: Node) -> None:
        if isinstance(node, SignNode):
            self._enter_sign(node)
        elif isinstance(node, CirculateNode):
            self._circulate(node)
        elif isinstance(node, BranchNode):
            self._split(node)
        elif isinstance(node, ChildNode):
            self.start_child(node.key)

    def start_child(self, key: str) -> None:
        self.do(e.Entered(key, self._next_round(key), child=self.facts.new_child(key)))

    def wait(self, key: str, persons: Collection[int], carried: Collection[int] = ()) -> None:
        """Let a node wait for these; what `carried` have approved before still counts."""
        mode = SignMode.SINGLE if key == START else self.definition.sign(key).mode
        kind = TaskKind.START if key == START else TaskKind.SIGN
        rest = [person for person in persons if person not in carried]
        queue = tuple(rest[1:]) if mode is SignMode.IN_TURN else ()
        self.do(e.Entered(key, self._next_round(key), queue))
        for person in (one for one in persons if one in carried):
            self.seat(key, person, Vote.YES)
        for person in rest[:1] if mode is SignMode.IN_TURN else rest:
            self.new_task(key, person, self.seat(key, person), kind)

    def finish(self, run: Run, by: int) -> None:
        """A node is done: what was put aside for it goes on, else what follows."""
        for task in run.open_tasks():
            self.do(e.Cancelled(run.node, task.number))
        approved = tuple(slot.person for slot in run.slots.values() if slot.vote is Vote.YES)
        persons = tuple(slot.person for slot in run.slots.values())
        is_parked = any(parked.node == run.node for parked in self.state.parked)
        self.do(e.Ended(run.node, persons, approved, 0 if is_parked else by))
        if is_parked:
            self.take_up(run.node)
        else:
            self._lead_on(run.node)

    def _lead_on(self, key: str) -> None:
        known = len(self.effects)
        if key == START:
            self.enter_first(self.definition.nodes)
        else:
            self.go_on(key)
        opened = tuple(one.node for one in self.effects[known:] if isinstance(one, e.Entered))
        passed = tuple(one.node for one in self.effects[known:] if isinstance(one, e.Passed))
        if key in self.state.finished:
            self.do(e.Led(key, opened, passed))

    def take_up(self, key: str) -> None:
        """What a direct return to this node had interrupted goes on, the interrupted tasks under new numbers."""
        for parked in [one for one in reversed(self.state.parked) if one.node == key]:
            runs = parked.runs
            self.do(e.TakenUp(key))
            for run in runs:
                if run.child:
                    self.start_child(run.node)
                else:
                    self.do(e.Resumed(e.run_json(self._renumbered(run))))

    def _renumbered(self, run: Run) -> Run:
        """Tasks that waited or were open get new numbers; who has left in between is replaced by a manager."""
        present = self.facts.are_active(tuple(task.person for task in run.tasks.values()))
        numbers: dict[int, int] = {}
        tasks: dict[int, Task] = {}
        for task in run.tasks.values():
            if task.state is TaskState.DONE:
                continue
            number = self.state.tasks + len(numbers) + 1
            numbers[task.number] = number
            person = task.person if task.person in present else self.managers()[0]
            added_by = numbers.get(task.added_by, 0)
            tasks[number] = Task(number, person, task.slot, task.kind, task.state, added_by)
        return Run(run.node, self._next_round(run.node), dict(run.slots), tasks, list(run.queue))

    def managers(self) -> tuple[int, ...]:
        """Whom to ask when nobody else is there. Raises Refused when there is none."""
        found = find(self.facts, self.state, (MANAGERS,))
        if not found and self.facts.are_active(self.facts.persons(MANAGERS)):
            raise Refused(
                _(
                    "This document is closed, and nobody among those who may know it could take the next step."
                ),
                _("Widen its audience, or ask IT to let somebody of it manage processes."),
            )
        if not found:
            raise Refused(
                _("Nobody could take the next step, and there is nobody who manages processes."),
                _("Ask IT to give somebody the permission to manage processes."),
            )
        return found

    def end(self, status: Status) -> None:
        """All is over."""
        for run in list(self.state.runs.values()):
            self.leave(run)
        if self.state.parked:
            self.do(e.Dropped(tuple(sorted({one.node for one in self.state.parked}))))
        self.do(e.Became(status))

    def leave(self, run: Run) -> None:
        """A node stops waiting without an end."""
        for task in run.open_tasks():
            self.do(e.Cancelled(run.node, task.number))
        self.do(e.Left(run.node, run.child))

    def _enter_sign(self, node: SignNode) -> None:
        found = Found.of(node, self.facts, self.state)
        if found.persons:
            self.wait(node.key, found.persons)
        elif found.why:
            self.do(e.Passed(node.key, found.why))
            self.go_on(node.key)
        else:
            managers = self.managers()
            others = [one for one in managers if not judges_herself(node, self.state, one)]
            self.wait(node.key, (others or managers)[:1])

    def _circulate(self, node: CirculateNode) -> None:
        persons = find(self.facts, self.state, node.readers)
        if persons:
            self.do(e.Sent(persons, "circulate", node.key))
        self.do(e.Passed(node.key, "circulated", persons))
        self.go_on(node.key)

    def _split(self, node: BranchNode) -> None:
        paths = _chosen(node, self.facts)
        self.do(e.Split(node.key, tuple(path.key for path in paths)))
        for path in paths:
            self.enter_first(path.nodes, node.key, path.key)
        if not paths:
            self._join(node.key)

    def _end_path(self, block: str, path: str) -> None:
        self.do(e.PathEnded(block, path))
        if not self.state.blocks[block].open:
            self._join(block)

    def _join(self, block: str) -> None:
        self.do(e.Joined(block))
        self.go_on(block)

    def _next_round(self, key: str) -> int:
        return self.state.rounds.get(key, 0) + 1

    def seat(self, key: str, person: int, vote: Vote = Vote.NONE) -> int:
        number = max(self.state.runs[key].slots, default=0) + 1
        self.do(e.Seated(key, number, person, vote))
        return number


def _chosen(node: BranchNode, facts: Facts) -> tuple[Path, ...]:
    if node.mode is BranchMode.PARALLEL:
        return node.paths
    fitting: Iterable[Path] = (path for path in node.paths if holds(path.when, facts.values))
    if node.mode is BranchMode.INCLUSIVE:
        return tuple(fitting)
    return (next(iter(fitting), node.paths[-1]),)

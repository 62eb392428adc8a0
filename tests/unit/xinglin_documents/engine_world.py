"""A hospital for the engine alone: persons are numbers, rules name them, and definitions are drawn at random."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from xinglin_documents.service.engine.commands import Act, Command
from xinglin_documents.service.engine.conditions import Comparison, Operator
from xinglin_documents.service.engine.deciding import decide
from xinglin_documents.service.engine.definition import (
    START,
    ApproverKind,
    Approvers,
    BranchMode,
    BranchNode,
    ChildNode,
    CirculateNode,
    Definition,
    Node,
    Path,
    SignMode,
    SignNode,
    WhenEmpty,
    WhenRejected,
    WhenRepeated,
    WhenStarter,
    Withdrawal,
)
from xinglin_documents.service.engine.effects import Effect, fold, from_json, to_json
from xinglin_documents.service.engine.errors import Refused
from xinglin_documents.service.engine.machine import Machine
from xinglin_documents.service.engine.returning import targets
from xinglin_documents.service.engine.state import Run, State, Status, TaskState
from xinglin_documents.service.engine.structure import Structure, keys_of

STARTER, MANAGER, SUPERIOR = 1, 90, 80
STAFF = tuple(range(1, 13))
NEVER = Comparison("amount", Operator.MORE, 10**6)
MORNING = datetime(2026, 11, 23, 1, tzinfo=UTC)


@dataclass
class World:
    """The facts of a test: who works here, what the form says, what time it is."""

    absent: set[int] = field(default_factory=set)
    strangers: set[int] = field(default_factory=set)
    values: Mapping[str, Any] = field(default_factory=dict)
    now: datetime = MORNING
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def persons(self, rule: Approvers) -> tuple[int, ...]:
        if rule.kind is ApproverKind.MANAGERS:
            return (MANAGER,)
        if rule.kind is ApproverKind.SUPERIOR:
            return (SUPERIOR,)
        return tuple(int(one) for one in rule.value.split())

    def may_know(self, persons: tuple[int, ...]) -> frozenset[int]:
        return frozenset(persons) - self.strangers

    def are_active(self, persons: tuple[int, ...]) -> frozenset[int]:
        return frozenset(persons) - self.absent

    def new_child(self, node: str) -> str:
        return f"child-{next(self.numbers)}"


@dataclass
class Flow:
    """One instance under test: it keeps all effects as their JSON, as the database does."""

    definition: Definition
    world: World = field(default_factory=World)
    state: State = field(default_factory=lambda: State(STARTER))
    written: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.do(Act.START, STARTER)

    def do(self, act: Act, actor: int, task: int = 0, **more: Any) -> tuple[Effect, ...]:
        """Raises Refused, and has changed nothing then."""
        before = State.from_json(self.state.to_json())
        decision = decide(self.definition, before, Command(act, actor, task, **more), self.world)
        self.written += [to_json(effect) for effect in decision.effects]
        self.state = decision.state
        return decision.effects

    def open(self, node: str = "") -> dict[int, int]:
        """Person -> task number of what is open (at that node)."""
        return {
            task.person: task.number
            for run in self.state.runs.values()
            if node in ("", run.node)
            for task in run.open_tasks()
            if task.state is TaskState.OPEN
        }

    def approve(self, person: int, node: str = "") -> None:
        self.do(Act.APPROVE, person, self.open(node)[person])

    def waits_at(self) -> set[str]:
        return set(self.state.runs)

    def replayed(self) -> State:
        """The state as a replay of what was written finds it."""
        return fold(State(STARTER), [from_json(plain) for plain in self.written])

    def targets(self, node: str) -> tuple[str, ...]:
        return targets(Machine(self.definition, self.state, self.world), node)


def sign(key: str, persons: str = "2", mode: SignMode = SignMode.SINGLE, **more: Any) -> SignNode:
    """A node that asks these persons (numbers apart by spaces)."""
    return SignNode(key, key, approvers=(Approvers(ApproverKind.PERSON, persons),), mode=mode, **more)


def defined(*nodes: Node, **more: Any) -> Definition:
    return Definition("test", 1, "Test", nodes, **more)


def parallel(key: str, *paths: tuple[Node, ...], mode: BranchMode = BranchMode.PARALLEL) -> BranchNode:
    made = tuple(Path(f"{key}{number}", "", None, nodes) for number, nodes in enumerate(paths))
    return BranchNode(key, key, mode=mode, paths=made)


def faults_of(flow: Flow) -> Iterator[str]:
    """What must never be: a dead end, a lost task, a doubled task, a join that cannot come."""
    state = flow.state
    if state.status.is_over:
        if state.runs or state.parked:
            yield f"over, but {sorted(state.runs)} wait"
        return
    if not state.runs:
        yield "runs, but nobody is asked"
    for run in state.runs.values():
        yield from _faults_of_run(run)
        yield from _faults_of_place(flow, run)
    yield from _faults_of_blocks(flow)


def _faults_of_run(run: Run) -> Iterator[str]:
    tasks = run.open_tasks()
    persons = [task.person for task in tasks if task.state is TaskState.OPEN]
    if not run.child and not persons:
        yield f"{run.node} waits for nobody"
    if len(persons) != len(set(persons)) and MANAGER not in persons:
        yield f"{run.node} asks somebody twice: {persons}"
    for task in tasks:
        if task.state is TaskState.WAITING and not any(one.added_by == task.number for one in tasks):
            yield f"task {task.number} waits for nothing"
        if task.slot not in run.slots:
            yield f"task {task.number} has no slot"


def _faults_of_place(flow: Flow, run: Run) -> Iterator[str]:
    blocks = flow.state.blocks
    for block, path in Structure(flow.definition).enclosing(run.node):
        if block not in blocks or path not in blocks[block].open:
            yield f"{run.node} waits in {path}, which is not under way"


def _faults_of_blocks(flow: Flow) -> Iterator[str]:
    for key, block in flow.state.blocks.items():
        node = flow.definition.node(key)
        assert isinstance(node, BranchNode)
        for path in node.paths:
            if path.key in block.open and not set(keys_of(path.nodes)) & set(flow.state.runs):
                yield f"path {path.key} is under way, but nothing waits in it"


def possible(flow: Flow) -> list[tuple[Act, int, int, dict[str, Any]]]:
    """Every act of everybody who could try it now; some will be refused."""
    found: list[tuple[Act, int, int, dict[str, Any]]] = [
        (Act.WITHDRAW, STARTER, 0, {}),
        (Act.URGE, STARTER, 0, {}),
        (Act.SUSPEND, MANAGER, 0, {"is_manager": True}),
        (Act.RESUME, MANAGER, 0, {"is_manager": True}),
        (Act.COPY, STARTER, 0, {"persons": (5, 6)}),
        (Act.CIRCULATE, STARTER, 0, {"persons": (7,)}),
        (Act.COMMENT, STARTER, 0, {}),
    ]
    for run in flow.state.runs.values():
        if run.child:
            found += [
                (Act.CHILD_ENDED, 0, 0, {"to": run.node, "outcome": how}) for how in ("completed", "rejected")
            ]
        for task in run.open_tasks():
            person, number = task.person, task.number
            found += [
                (act, person, number, {}) for act in (Act.APPROVE, Act.REJECT, Act.RESUBMIT, Act.ANSWER)
            ]
            for other in (3, 9, 10):
                one = {"persons": (other,)}
                found += [
                    (act, person, number, one)
                    for act in (Act.TRANSFER, Act.DELEGATE, Act.ADD_BEFORE, Act.ADD_AFTER)
                ]
                found.append((Act.REMOVE_SIGNER, MANAGER, 0, {**one, "is_manager": True}))
                found.append((Act.REMOVE_SIGNER, person, 0, one))
            if run.node != START:
                found += [
                    (Act.RETURN, person, number, {"to": target, "is_direct": is_direct})
                    for target in flow.targets(run.node)
                    for is_direct in (False, True)
                ]
            found.append((Act.REMIND, 0, number, {}))
            found.append((Act.ESCALATE, 0, number, {"persons": (SUPERIOR,)}))
            found += [(Act.TIME_OUT, 0, number, {"outcome": how}) for how in ("approve", "reject")]
    for ended in flow.state.finished.values():
        if ended.by:
            found.append((Act.TAKE_BACK, ended.by, 0, {"to": ended.node}))
    for run in flow.state.runs.values():
        found += [
            (Act.TAKE_BACK, slot.person, 0, {"to": run.node}) for slot in run.slots.values() if slot.vote
        ]
    return found


def drive_to_the_end(flow: Flow, most: int = 500) -> None:
    """Everybody does what is asked; it must come to an end."""
    flow.world.absent.clear()
    for _step in range(most):
        if flow.state.status.is_over:
            return
        forward(flow)
    raise AssertionError(f"no end in sight at {sorted(flow.state.runs)}")


def forward(flow: Flow) -> None:
    """Somebody does what is asked of him."""
    if flow.state.status is Status.SUSPENDED:
        flow.do(Act.RESUME, MANAGER, is_manager=True)
    run = next(iter(flow.state.runs.values()))
    if run.child:
        flow.do(Act.CHILD_ENDED, 0, to=run.node, outcome="completed")
        return
    task = next(task for task in run.open_tasks() if task.state is TaskState.OPEN)
    act = {"start": Act.RESUBMIT, "advice": Act.ANSWER}.get(task.kind.value, Act.APPROVE)
    flow.do(act, task.person, task.number)


RARE = frozenset({Act.SUSPEND, Act.WITHDRAW, Act.REJECT, Act.TIME_OUT, Act.COMMENT, Act.COPY, Act.CIRCULATE})


def step(flow: Flow, random: Random) -> str:
    """One act out of all that could be tried, whatever is refused; its name, with how it went back."""
    choices = possible(flow)
    acts = [
        act for act in dict.fromkeys(one[0] for one in choices) if act not in RARE or random.random() < 0.2
    ]
    while acts:
        act = acts.pop(random.randrange(len(acts)))
        offered = [one for one in choices if one[0] is act]
        random.shuffle(offered)
        for _act, actor, task, more in offered:
            if tried(flow, act, actor, task, more):
                return act.value + (" directly" if more.get("is_direct") else "")
    return ""


def tried(flow: Flow, act: Act, actor: int, task: int, more: dict[str, Any]) -> bool:
    """Whether it was done; what is refused must have changed nothing."""
    before, written = flow.state.to_json(), len(flow.written)
    try:
        flow.do(act, actor, task, **more)
    except Refused:
        assert (flow.state.to_json(), len(flow.written)) == (before, written)
        return False
    return True


PERSONS = st.lists(st.sampled_from(STAFF), min_size=0, max_size=4, unique=True).map(
    lambda found: " ".join(map(str, found))
)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """A tree of every kind of node, three levels deep at most."""
    numbers = itertools.count(1)
    nodes = draw(_nodes(numbers, depth=0, least=1))
    return defined(
        *nodes, withdrawal=draw(st.sampled_from(Withdrawal)), urge_minutes=draw(st.sampled_from([0, 60]))
    )


def _nodes(numbers: Iterator[int], depth: int, least: int) -> st.SearchStrategy[tuple[Node, ...]]:
    @st.composite
    def several(draw: st.DrawFn) -> tuple[Node, ...]:
        return tuple(draw(_node(numbers, depth)) for _number in range(draw(st.integers(least, 3))))

    return several()


@st.composite
def _node(draw: st.DrawFn, numbers: Iterator[int], depth: int) -> Node:
    key = f"n{next(numbers)}"
    kinds = ["sign"] * 4 + ["circulate", "child"] + ([] if depth == 2 else ["branch"] * 2)
    kind = draw(st.sampled_from(kinds))
    if kind == "circulate":
        return CirculateNode(key, key, readers=(Approvers(ApproverKind.PERSON, draw(PERSONS)),))
    if kind == "child":
        return ChildNode(key, key, process="other")
    if kind == "branch":
        return _branch(draw, key, numbers, depth)
    rules = [Approvers(ApproverKind.PERSON, draw(PERSONS))]
    return SignNode(
        key,
        key,
        approvers=tuple(rules),
        mode=draw(st.sampled_from(SignMode)),
        ratio=draw(st.sampled_from([1, 50, 67, 100])),
        when_empty=draw(st.sampled_from(WhenEmpty)),
        when_starter=draw(st.sampled_from(WhenStarter)),
        when_repeated=draw(st.sampled_from(WhenRepeated)),
        when_rejected=draw(st.sampled_from(WhenRejected)),
    )


def _branch(draw: st.DrawFn, key: str, numbers: Iterator[int], depth: int) -> BranchNode:
    count = draw(st.integers(1, 3))
    paths = [
        Path(
            f"{key}-{number}",
            "",
            draw(st.sampled_from([None, NEVER])),
            draw(_nodes(numbers, depth + 1, least=0)),
        )
        for number in range(count)
    ]
    return BranchNode(key, key, mode=draw(st.sampled_from(BranchMode)), paths=tuple(paths))


def later(flow: Flow, minutes: int) -> None:
    flow.world.now += timedelta(minutes=minutes)

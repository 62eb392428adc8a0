"""Acts of who has the task."""

from __future__ import annotations

from collections.abc import Iterable

from xinglin.api.i18n import translator
from xinglin_documents.service.engine import effects as e
from xinglin_documents.service.engine.approvers import judges_herself
from xinglin_documents.service.engine.commands import SYSTEM, Act, Command
from xinglin_documents.service.engine.definition import START, SignNode
from xinglin_documents.service.engine.errors import Refused
from xinglin_documents.service.engine.machine import Machine
from xinglin_documents.service.engine.returning import go_back, targets
from xinglin_documents.service.engine.state import Run, Task, TaskKind, TaskState, Vote
from xinglin_documents.service.engine.voting import settle, vote_if_done

_ = translator("documents")

SIGNING = frozenset({TaskKind.SIGN, TaskKind.BEFORE, TaskKind.AFTER})


def own_task(machine: Machine, command: Command, kinds: Iterable[TaskKind] = SIGNING) -> tuple[Run, Task]:
    """The open task of the actor, or of whom she is deputy for. Raises Refused."""
    found = machine.state.task(command.task)
    if found is None or found[1].state is TaskState.DONE:
        raise Refused(_("This task does not wait for you any more."), _("Open the document again."))
    run, task = found
    if command.actor != SYSTEM and task.person != (command.acting_for or command.actor):
        raise Refused(_("This task is somebody else's."))
    if task.state is TaskState.WAITING:
        raise Refused(_("Others were asked before you; it comes back to you when they have answered."))
    if task.kind not in kinds:
        raise Refused(_("This act is not possible at this step."))
    is_relieving = command.act is Act.TRANSFER and command.is_manager
    if command.acting_for and not is_relieving and task.kind in SIGNING:
        _check_is_another(machine, run, (command.actor,))
    return run, task


def _check_is_another(machine: Machine, run: Run, persons: Iterable[int]) -> None:
    """Nobody decides about what she started herself, as a deputy or because it was handed to her."""
    node = machine.definition.by_key.get(run.node)
    if isinstance(node, SignNode) and any(judges_herself(node, machine.state, one) for one in persons):
        raise Refused(
            _("Who started this document may not decide about it at this step."), _("Choose somebody else.")
        )


def present(machine: Machine, persons: tuple[int, ...]) -> tuple[int, ...]:
    """These persons, each once. Raises Refused when there is none, or one who does not work here."""
    wanted = tuple(dict.fromkeys(persons))
    if not wanted:
        raise Refused(_("Nobody was chosen."), _("Choose at least one person."))
    if machine.facts.are_active(wanted) != frozenset(wanted):
        raise Refused(_("Somebody you chose does not work here any more."), _("Choose somebody else."))
    return wanted


def resubmit(machine: Machine, command: Command) -> None:
    run, task = own_task(machine, command, {TaskKind.START})
    machine.do(e.Handled(START, task.number, command.act))
    machine.finish(run, task.person)


def approve(machine: Machine, command: Command) -> None:
    run, task = own_task(machine, command)
    machine.do(e.Handled(run.node, task.number, command.act))
    if task.kind is TaskKind.BEFORE:
        wake(machine, run, task)
    else:
        vote_if_done(machine, run, task.slot, task.person)


def answer(machine: Machine, command: Command) -> None:
    """Whoever was asked for advice gives it; the task is the asker's again."""
    run, task = own_task(machine, command, {TaskKind.ADVICE})
    machine.do(e.Handled(run.node, task.number, command.act))
    wake(machine, run, task)


def reject(machine: Machine, command: Command) -> None:
    run, task = own_task(machine, command)
    if command.actor != SYSTEM and not machine.definition.sign(run.node).can_reject:
        raise Refused(_("This step cannot reject."), _("Return it instead."))
    machine.do(e.Handled(run.node, task.number, command.act))
    for other in [one for one in run.open_tasks() if one.slot == task.slot]:
        machine.do(e.Cancelled(run.node, other.number))
    machine.do(e.Voted(run.node, task.slot, Vote.NO))
    settle(machine, run, task.person)


def give_back(machine: Machine, command: Command) -> None:
    """Return to a node that had its time; `to` empty: the nearest."""
    run, task = own_task(machine, command)
    if not machine.definition.sign(run.node).can_return:
        raise Refused(_("This step cannot return it."))
    possible = targets(machine, run.node)
    target = command.to or possible[0]
    if target not in possible:
        raise Refused(_("It cannot be returned to this step."), _("Choose a step that it has passed."))
    machine.do(e.Handled(run.node, task.number, command.act))
    go_back(machine, target, is_direct=command.is_direct, returned=task.number)


def transfer(machine: Machine, command: Command) -> None:
    """Another takes the task over, for good. A manager hands on whatever anybody has, so that no leaver holds it up."""
    is_of_another = command.is_manager and bool(command.acting_for)
    run, task = own_task(machine, command, set(TaskKind) if is_of_another else SIGNING)
    (person,) = _others(machine, command, run, 1)
    hand_over(machine, run, task, person, command.act)


def hand_over(machine: Machine, run: Run, task: Task, person: int, act: Act) -> None:
    machine.do(e.Handled(run.node, task.number, act))
    if task.kind is TaskKind.SIGN:
        machine.do(e.Reseated(run.node, task.slot, person))
    machine.new_task(run.node, person, task.slot, task.kind, added_by=task.added_by)


def delegate(machine: Machine, command: Command) -> None:
    """Another advises; then it comes back."""
    _put_before(machine, command, TaskKind.ADVICE, 1)


def add_before(machine: Machine, command: Command) -> None:
    """Others sign first; then it comes back."""
    _put_before(machine, command, TaskKind.BEFORE)


def _put_before(machine: Machine, command: Command, kind: TaskKind, most: int = 0) -> None:
    run, task = own_task(machine, command)
    persons = _others(machine, command, run, most)
    machine.do(e.Paused(run.node, task.number))
    for person in persons:
        machine.new_task(run.node, person, task.slot, kind, added_by=task.number)


def add_after(machine: Machine, command: Command) -> None:
    """The actor approves, and others sign before her approval counts."""
    run, task = own_task(machine, command)
    persons = _others(machine, command, run)
    machine.do(e.Handled(run.node, task.number, command.act))
    parent = task.added_by if task.kind is TaskKind.BEFORE else task.number
    kind = TaskKind.BEFORE if task.kind is TaskKind.BEFORE else TaskKind.AFTER
    for person in persons:
        machine.new_task(run.node, person, task.slot, kind, added_by=parent)


def wake(machine: Machine, run: Run, task: Task) -> None:
    """The task that waited for this one is its person's again, when nobody else is before it."""
    parent = run.tasks.get(task.added_by)
    is_awaited = any(
        one.added_by == task.added_by for one in run.open_tasks() if one.kind is not TaskKind.AFTER
    )
    if parent is not None and parent.state is TaskState.WAITING and not is_awaited:
        machine.do(e.Woken(run.node, parent.number))


def _others(machine: Machine, command: Command, run: Run, most: int = 0) -> tuple[int, ...]:
    persons = present(machine, command.persons)
    if most and len(persons) > most:
        raise Refused(_("Choose one person only."))
    waiting = {task.person for task in run.open_tasks()} | set(run.queue)
    if waiting & set(persons):
        raise Refused(_("Somebody you chose is asked at this step already."), _("Choose somebody else."))
    _check_is_another(machine, run, persons)
    return persons

"""Acts about the flow: of the starter, of the last approver, of managers, of the clock, of child processes."""

from __future__ import annotations

from datetime import datetime, timedelta

from xinglin.api.i18n import translator
from xinglin_documents.service.engine import effects as e
from xinglin_documents.service.engine.approvers import judges_herself
from xinglin_documents.service.engine.commands import Act, Command
from xinglin_documents.service.engine.definition import START, SignMode, WhenLate, Withdrawal
from xinglin_documents.service.engine.errors import Refused
from xinglin_documents.service.engine.machine import Machine
from xinglin_documents.service.engine.returning import go_back
from xinglin_documents.service.engine.signing import (
    SIGNING,
    approve,
    hand_over,
    own_task,
    present,
    reject,
    wake,
)
from xinglin_documents.service.engine.state import Run, Status, Task, TaskKind, TaskState, Vote
from xinglin_documents.service.engine.voting import settle, vote_if_done

_ = translator("documents")


def withdraw(machine: Machine, command: Command) -> None:
    """The starter has it back in her hands."""
    state, rule = machine.state, machine.definition.withdrawal
    if command.actor != state.starter:
        raise Refused(_("Only who started it can withdraw it."))
    if rule is Withdrawal.NEVER or START in state.runs:
        raise Refused(_("This document cannot be withdrawn."))
    if rule is Withdrawal.UNHANDLED and is_handled(machine):
        raise Refused(
            _("Somebody has acted on it already, so it cannot be withdrawn."), _("Ask them to return it.")
        )
    go_back(machine, START)


def is_handled(machine: Machine) -> bool:
    """Whether anybody but the starter has acted since it was sent."""
    state = machine.state
    others = (one for key, one in state.finished.items() if key != START)
    is_approved = any(one.approved for one in others)
    return is_approved or bool(state.parked) or any(run.is_touched for run in state.runs.values())


def take_back(machine: Machine, command: Command) -> None:
    """The last approver has her task again, as long as nobody after her has acted. `to`: her node."""
    run = machine.state.runs.get(command.to)
    if run is not None:
        _take_back_vote(machine, run, command)
    else:
        _take_back_end(machine, command)


def _take_back_vote(machine: Machine, run: Run, command: Command) -> None:
    person = command.acting_for or command.actor
    slot = next((one for one in run.slots.values() if one.person == person and one.vote is Vote.YES), None)
    if slot is None or run.node == START:
        raise Refused(_("There is nothing of yours to take back at this step."))
    if machine.definition.sign(run.node).mode is SignMode.IN_TURN:
        if any(one.vote is not Vote.NONE for key, one in run.slots.items() if key > slot.number):
            raise Refused(_("The next one has acted already, so it cannot be taken back."))
        persons = (*(one.person for one in run.slots.values()), *run.queue)
        carried = {one.person for one in run.slots.values() if one.vote is Vote.YES} - {person}
        machine.leave(run)
        machine.wait(run.node, persons, carried)
        return
    if any(task.person == person for task in run.open_tasks()):
        raise Refused(_("You are asked at this step again already."), _("Answer that first."))
    machine.do(e.Voted(run.node, slot.number, Vote.NONE))
    machine.new_task(run.node, person, slot.number, TaskKind.SIGN)


def _take_back_end(machine: Machine, command: Command) -> None:
    state = machine.state
    person = command.acting_for or command.actor
    last = state.finished.get(command.to)
    if last is None or last.by != person or person not in last.approved or command.to == START:
        raise Refused(_("There is nothing of yours to take back at this step."))
    after = machine.structure.after(command.to)
    waiting = [run for key, run in state.runs.items() if key in after]
    is_known = {run.node for run in waiting} == set(last.opened) and not any(
        run.is_touched for run in waiting
    )
    if not is_known or any(run.child for run in waiting):
        raise Refused(_("The next one has acted already, so it cannot be taken back."))
    go_back(machine, command.to, carried=set(last.approved) - {person})


def remove_signer(machine: Machine, command: Command) -> None:
    """Those who added somebody, or a manager, do without. A manager may take anybody off a node but the last one."""
    persons = tuple(dict.fromkeys(command.persons))
    if len(persons) != 1:
        raise Refused(_("Choose exactly one person to remove."))
    (person,) = persons
    run, task = _task_of(machine, command, person)
    if task is None:
        machine.do(e.Unqueued(run.node, person))
    elif task.kind is TaskKind.SIGN:
        _unseat(machine, run, task)
    else:
        machine.do(e.Cancelled(run.node, task.number))
        if task.kind is TaskKind.AFTER:
            vote_if_done(machine, run, task.slot, command.actor)
        else:
            wake(machine, run, task)
        return
    settle(machine, run, command.actor)


def _task_of(machine: Machine, command: Command, person: int) -> tuple[Run, Task | None]:
    for run in machine.state.runs.values():
        if command.is_manager and person in run.queue:
            return run, None
        for task in run.open_tasks():
            adder = run.tasks.get(task.added_by)
            is_own = adder is not None and adder.person == (command.acting_for or command.actor)
            is_free = not any(one.added_by == task.number for one in run.open_tasks())
            if (
                task.person == person
                and is_free
                and (is_own or command.is_manager)
                and task.kind is not TaskKind.START
            ):
                return run, task
    raise Refused(_("You have not added this person here, so you cannot remove this person."))


def _unseat(machine: Machine, run: Run, task: Task) -> None:
    if len(run.slots) + len(run.queue) == 1:
        raise Refused(_("This is the only one at this step."), _("Transfer the task instead."))
    for other in [one for one in run.open_tasks() if one.slot == task.slot]:
        machine.do(e.Cancelled(run.node, other.number))
    machine.do(e.Unseated(run.node, task.slot))


def urge(machine: Machine, command: Command) -> None:
    """Ask all who hold it up to hurry, not more often than the process says."""
    last, pause = machine.state.urged_at, timedelta(minutes=machine.definition.urge_minutes)
    if last and machine.facts.now < datetime.fromisoformat(last) + pause:
        minutes = machine.definition.urge_minutes
        raise Refused(
            _("It was urged less than ${minutes} minutes ago.", mapping={"minutes": minutes}),
            _("Wait a little."),
        )
    tasks = tuple(
        task.number
        for run in machine.state.runs.values()
        for task in run.open_tasks()
        if task.state is TaskState.OPEN
    )
    machine.do(e.Urged(tasks, machine.facts.now.isoformat()))


def suspend(machine: Machine, command: Command) -> None:
    _check_manager(command)
    machine.do(e.Became(Status.SUSPENDED))


def resume(machine: Machine, command: Command) -> None:
    _check_manager(command)
    if machine.state.status is not Status.SUSPENDED:
        raise Refused(_("This document is not suspended."))
    machine.do(e.Became(Status.RUNNING))


def terminate(machine: Machine, command: Command) -> None:
    """By a manager at any time; by the starter while it is in her hands."""
    if not (command.actor == machine.state.starter and START in machine.state.runs):
        _check_manager(command)
    machine.end(Status.TERMINATED)


def _check_manager(command: Command) -> None:
    if not command.is_manager:
        raise Refused(_("Only who manages processes can do this."))


def remind(machine: Machine, command: Command) -> None:
    _run, task = own_task(machine, command, SIGNING | {TaskKind.ADVICE})
    machine.do(e.Urged((task.number,)))


def escalate(machine: Machine, command: Command) -> None:
    """The deadline has passed: somebody above takes the task over."""
    run, task = own_task(machine, command)
    persons = present(machine, command.persons)
    known = machine.facts.may_know(persons)
    meant = [person for person in persons if person in known] or machine.managers()
    node, state = machine.definition.sign(run.node), machine.state
    waiting = {one.person for one in run.open_tasks()} | set(run.queue)
    free = [one for one in meant if one not in waiting and not judges_herself(node, state, one)]
    if not free:
        raise Refused(_("Everybody above is asked at this step already."))
    hand_over(machine, run, task, free[0], command.act)


def time_out(machine: Machine, command: Command) -> None:
    """The deadline has passed for good: `outcome` is a `WhenLate`, `to` the node of a jump."""
    if command.outcome == WhenLate.JUMP:
        _jump(machine, command)
    elif command.outcome == WhenLate.REJECT:
        reject(machine, command)
    else:
        approve(machine, command)


def _jump(machine: Machine, command: Command) -> None:
    run, task = own_task(machine, command)
    place = machine.structure.place(run.node)
    later = {node.key: node for node in place.sequence[place.index + 1 :]}
    if command.to not in later:
        raise Refused(_("The step to jump to does not come later in the same path."))
    machine.do(e.Handled(run.node, task.number, Act.TIME_OUT))
    for other in run.open_tasks():
        machine.do(e.Cancelled(run.node, other.number))
    machine.do(e.Ended(run.node, tuple(slot.person for slot in run.slots.values())))
    machine.enter(later[command.to])


def child_ended(machine: Machine, command: Command) -> None:
    """The child process of node `to` is over; one that did not succeed gives it back to the starter."""
    run = machine.state.runs.get(command.to)
    if run is None or not run.child:
        raise Refused(_("No child process is awaited at this step."))
    if command.outcome == Status.COMPLETED:
        machine.do(e.Ended(run.node))
        machine.go_on(run.node)
    else:
        go_back(machine, START, is_direct=True)


def migrate(machine: Machine, command: Command) -> None:
    """The definition given to `decide` is the new one."""
    machine.do(e.Moved(machine.definition.version))

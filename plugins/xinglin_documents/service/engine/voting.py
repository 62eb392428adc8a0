"""What the votes of a node's slots decide."""

from __future__ import annotations

from xinglin_documents.service.engine import effects as e
from xinglin_documents.service.engine.definition import START, SignMode, SignNode, WhenRejected
from xinglin_documents.service.engine.machine import Machine
from xinglin_documents.service.engine.returning import go_back, targets
from xinglin_documents.service.engine.state import Run, Status, TaskKind, Vote


def vote_if_done(machine: Machine, run: Run, slot: int, by: int) -> None:
    """A slot says yes when nobody of it is still to act."""
    if not any(task.slot == slot for task in run.open_tasks()):
        machine.do(e.Voted(run.node, slot, Vote.YES))
        settle(machine, run, by)


def settle(machine: Machine, run: Run, by: int) -> None:
    """After a vote: end the node, reject, seat the next in turn, or go on waiting. `by`: the person who acted."""
    node = machine.definition.sign(run.node)
    verdict = _verdict(node, run)
    if verdict is Vote.NO:
        _reject(machine, node)
    elif verdict is Vote.YES:
        machine.finish(run, by)
    elif node.mode is SignMode.IN_TURN and run.queue and not run.open_tasks():
        _seat_next(machine, run, by)


def _seat_next(machine: Machine, run: Run, by: int) -> None:
    """Who left or may not know it loses the turn; with nobody left the votes given are enough, else a manager decides."""
    present = machine.facts.may_know(tuple(machine.facts.are_active(tuple(run.queue))))
    while run.queue and run.queue[0] not in present:
        machine.do(e.Unqueued(run.node, run.queue[0]))
    if not run.queue and any(slot.vote is Vote.YES for slot in run.slots.values()):
        machine.finish(run, by)
        return
    person = run.queue[0] if run.queue else machine.managers()[0]
    machine.new_task(run.node, person, machine.seat(run.node, person), TaskKind.SIGN)


def _reject(machine: Machine, node: SignNode) -> None:
    if node.when_rejected is WhenRejected.END:
        machine.end(Status.REJECTED)
    elif node.when_rejected is WhenRejected.TO_STARTER:
        go_back(machine, START)
    else:
        go_back(machine, targets(machine, node.key)[0])


def _verdict(node: SignNode, run: Run) -> Vote:
    """YES or NO when the votes decide, whoever is still to come; else NONE."""
    votes = [slot.vote for slot in run.slots.values()]
    yes, no, total = votes.count(Vote.YES), votes.count(Vote.NO), len(votes) + len(run.queue)
    if node.mode in (SignMode.SINGLE, SignMode.ANY):
        is_no = no == total or (no and node.mode is SignMode.SINGLE)
        return Vote.YES if yes else Vote.NO if is_no else Vote.NONE
    ratio = 100 if node.mode is SignMode.IN_TURN else node.ratio
    if (total - no) * 100 < ratio * total:
        return Vote.NO
    return Vote.YES if yes * 100 >= ratio * total else Vote.NONE

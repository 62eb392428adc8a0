"""Going back: to the starter, to any node that had its time, out of and into branches; and straight on again afterwards."""

from __future__ import annotations

import copy
from collections.abc import Collection

from xinglin_documents.service.engine import effects as e
from xinglin_documents.service.engine.approvers import find
from xinglin_documents.service.engine.definition import START, SignNode
from xinglin_documents.service.engine.machine import Machine
from xinglin_documents.service.engine.state import Block, Finished, Parked, Run, TaskState


def targets(machine: Machine, key: str) -> tuple[str, ...]:
    """Where a node may return to, the nearest first: nodes of people before it that had their time; at last the starter."""
    before = machine.structure.before(key)
    known = machine.definition.by_key
    nodes = [
        one.node
        for one in reversed(machine.state.finished.values())
        if one.node in before and one.persons and isinstance(known[one.node], SignNode)
    ]
    return (*nodes, START)


def go_back(
    machine: Machine,
    target: str,
    *,
    is_direct: bool = False,
    returned: int = 0,
    carried: Collection[int] = (),
) -> None:
    """Let `target` wait again; all after it stops. With `is_direct` that goes on as soon as the target is done.

    `returned`: the number of the task that returned it, which is open again then. `carried`: who need not act again.
    """
    state = machine.state
    after = machine.structure.after(target)
    runs = [run for key, run in state.runs.items() if key in after or key == target]
    gone = [key for key in (*state.blocks, *state.ended_blocks) if key in after]
    last = state.finished.get(target)
    if is_direct:
        machine.do(e.PutAside(e.parked_json(_parked(machine, target, runs, after, returned))))
    elif dropped := {one.node for one in state.parked if one.node in after or one.node == target}:
        machine.do(e.Dropped(tuple(sorted(dropped))))
    for run in runs:
        machine.leave(run)
    if gone:
        machine.do(e.Unsplit(tuple(gone)))
    if forgotten := [key for key in state.finished if key in after or key == target]:
        machine.do(e.Forgotten(tuple(forgotten)))
    _reopen_paths(machine, target)
    machine.wait(target, _persons(machine, target, last), carried)


def _parked(machine: Machine, target: str, runs: list[Run], after: frozenset[str], returned: int) -> Parked:
    state = machine.state
    kept = copy.deepcopy(runs)
    for run in kept:
        if returned in run.tasks:
            run.tasks[returned].state = TaskState.OPEN
    ended: dict[str, Block] = {key: block for key, block in state.ended_blocks.items() if key in after}
    around = (block for block, _path in machine.structure.enclosing(target))
    ended.update({key: state.ended_blocks[key] for key in around if key in state.ended_blocks})
    return Parked(
        node=target,
        runs=kept,
        blocks={key: block for key, block in state.blocks.items() if key in after},
        reopened=ended,
        finished=[one for key, one in state.finished.items() if key in after],
    )


def _reopen_paths(machine: Machine, target: str) -> None:
    state = machine.state
    for block, path in machine.structure.enclosing(target):
        if block in state.ended_blocks or path in state.blocks[block].done:
            machine.do(e.PathReopened(block, path))


def _persons(machine: Machine, target: str, last: Finished | None) -> tuple[int, ...]:
    """Those who were asked there last, as far as they are still here; else whom the rules name now; else a manager."""
    asked = (machine.state.starter,) if target == START else tuple(last.persons if last else ())
    present = machine.facts.are_active(asked)
    persons = tuple(dict.fromkeys(person for person in asked if person in present))
    if not persons and target != START:
        persons = find(machine.facts, machine.state, machine.definition.sign(target).approvers)
    return persons or machine.managers()[:1]

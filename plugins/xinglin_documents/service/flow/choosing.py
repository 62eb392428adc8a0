"""Whose tasks somebody may choose from on a sheet: to do without a signer, or, as a manager, to hand a task on."""

from __future__ import annotations

from collections.abc import Iterator

from xinglin_documents.service.engine.state import Run, State, Task, TaskKind, TaskState


def removable(state: State, person_id: int, *, is_manager: bool) -> list[int]:
    """Ids of persons who are asked because of her; for a manager of all, but the only one of a step."""
    found = (
        one for run in state.runs.values() for one in _removable_at(run, person_id, is_manager=is_manager)
    )
    return list(dict.fromkeys(found))


def waiting_tasks(state: State) -> list[tuple[Run, Task]]:
    """What somebody holds now, with the run of its step."""
    return [
        (run, task)
        for run in state.runs.values()
        for task in run.open_tasks()
        if task.state is TaskState.OPEN
    ]


def _removable_at(run: Run, person_id: int, *, is_manager: bool) -> Iterator[int]:
    if is_manager:
        yield from run.queue
    tasks = run.open_tasks()
    awaited = {task.added_by for task in tasks}
    is_single = len(run.slots) + len(run.queue) == 1
    for task in tasks:
        adder = run.tasks.get(task.added_by)
        is_hers = adder is not None and adder.person == person_id
        is_kept = task.kind is TaskKind.START or (task.kind is TaskKind.SIGN and is_single)
        if (is_hers or is_manager) and task.number not in awaited and not is_kept:
            yield task.person

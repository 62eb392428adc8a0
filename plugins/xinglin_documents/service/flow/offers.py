"""Which acts a person may choose from on the page of a document, in the order to offer them."""

from __future__ import annotations

from collections.abc import Iterator

from xinglin_documents.models import Entry, Item
from xinglin_documents.service.engine.approvers import judges_herself
from xinglin_documents.service.engine.commands import Act, Command
from xinglin_documents.service.engine.deciding import decide
from xinglin_documents.service.engine.definition import START, Definition, SignNode, Withdrawal
from xinglin_documents.service.engine.errors import Refused
from xinglin_documents.service.engine.facts import Facts
from xinglin_documents.service.engine.machine import Machine
from xinglin_documents.service.engine.returning import targets
from xinglin_documents.service.engine.state import Run, State, Status, Task, TaskKind, TaskState
from xinglin_documents.service.flow.change import step_title
from xinglin_documents.service.inbox.seeing import Looker

SHARED = (Act.COPY, Act.CIRCULATE)


class Offers:
    """What the engine would allow now; it is asked again when the act comes."""

    def __init__(
        self, looker: Looker, item: Item, definition: Definition, state: State, facts: Facts
    ) -> None:
        self._looker = looker
        self._item = item
        self._definition = definition
        self._state = state
        self._facts = facts

    def acts(self, entry: Entry | None, last_done: Entry | None, *, has_part: bool) -> tuple[Act, ...]:
        """`entry`: the open task; `last_done`: what she did last here; `has_part`: she may send it on to others."""
        return tuple(dict.fromkeys(self._all(entry, last_done, has_part=has_part)))

    def targets(self, entry: Entry | None) -> tuple[tuple[str, str], ...]:
        """Node keys and titles to which the task may be returned, the nearest first."""
        if not self._may_return(entry):
            return ()
        assert entry is not None
        machine = Machine(self._definition, self._state, self._facts)
        return tuple((key, step_title(self._definition, key)) for key in targets(machine, entry.node))

    def _all(self, entry: Entry | None, last_done: Entry | None, *, has_part: bool) -> Iterator[Act]:
        if self._state.status is Status.RUNNING:
            if entry is not None:
                yield from self._of_task(entry)
            yield from self._of_flow(last_done)
        yield from SHARED if has_part else ()
        if has_part:
            yield Act.COMMENT
        if self._looker.is_manager and not self._state.status.is_over:
            if self._state.status is Status.RUNNING and self._is_asked():
                yield Act.TRANSFER
            yield Act.SUSPEND if self._state.status is Status.RUNNING else Act.RESUME
            yield Act.TERMINATE

    def _is_asked(self) -> bool:
        """Whether a task is open, which a manager may hand to somebody else."""
        return any(
            task.state is TaskState.OPEN for run in self._state.runs.values() for task in run.open_tasks()
        )

    def _of_task(self, entry: Entry) -> Iterator[Act]:
        found = self._state.task(int(entry.task))
        if found is None:
            return
        run, task = found
        if task.kind is TaskKind.START:
            yield Act.RESUBMIT
            yield from (Act.TERMINATE,) if self._state.starter == self._looker.person_id else ()
        elif self._is_barred(entry, run, task):
            return
        elif task.kind is TaskKind.ADVICE:
            yield Act.ANSWER
        else:
            node = self._definition.sign(run.node)
            yield Act.APPROVE
            yield from (Act.RETURN,) if node.can_return else ()
            yield from (Act.REJECT,) if node.can_reject else ()
            yield from (Act.TRANSFER, Act.DELEGATE, Act.ADD_BEFORE, Act.ADD_AFTER)
            if any(one.added_by == task.number for one in run.open_tasks()):
                yield Act.REMOVE_SIGNER

    def _is_barred(self, entry: Entry, run: Run, task: Task) -> bool:
        """Whether she would decide, as a deputy, about what she started herself."""
        me, node = self._looker.person_id, self._definition.by_key.get(run.node)
        is_deputy = entry.person_id != me and task.kind is not TaskKind.ADVICE
        return is_deputy and isinstance(node, SignNode) and judges_herself(node, self._state, me)

    def _of_flow(self, last_done: Entry | None) -> Iterator[Act]:
        me = self._looker.person_id
        if self._state.starter == me and self._definition.withdrawal is not Withdrawal.NEVER:
            yield from self._if_possible(Command(Act.WITHDRAW, me))
        if last_done is not None and last_done.node != START:
            acting_for = 0 if last_done.person_id == me else last_done.person_id
            yield from self._if_possible(Command(Act.TAKE_BACK, me, acting_for=acting_for, to=last_done.node))
        if START not in self._state.runs and (self._state.starter == me or self._looker.is_manager):
            yield Act.URGE
        adders = {task.added_by for run in self._state.runs.values() for task in run.open_tasks()}
        if self._looker.is_manager or self._has_added(adders):
            yield Act.REMOVE_SIGNER

    def _has_added(self, adders: set[int]) -> bool:
        """Whether somebody whom she added is still asked."""
        me = self._looker.person_id
        return any(
            task.number in adders and task.person == me
            for run in self._state.runs.values()
            for task in run.tasks.values()
        )

    def _if_possible(self, command: Command) -> Iterator[Act]:
        try:
            decide(self._definition, self._state.copy(), command, self._facts)
        except Refused:
            return
        yield command.act

    def _may_return(self, entry: Entry | None) -> bool:
        if entry is None or self._state.status is not Status.RUNNING:
            return False
        node = self._definition.by_key.get(entry.node)
        return isinstance(node, SignNode) and node.can_return and Act.RETURN in set(self._of_task(entry))

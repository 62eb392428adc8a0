"""Deadlines of tasks in working time: when one is due, and what is to happen by the clock at which moment."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from xinglin_documents.service.engine.definition import Deadline, WhenLate
from xinglin_documents.service.time.working import WorkingTime


class Stage(enum.IntEnum):
    """How far the clock has gone with a task (`Entry.reminded`). Each comes at most once, and none comes back."""

    NONE = 0
    REMINDED = 1
    ESCALATED = 2
    OVER = 3


@dataclass(frozen=True)
class Step:
    """What the clock does at `at`."""

    stage: Stage
    at: datetime


def due_of(deadline: Deadline | None, arrived_at: datetime, working: WorkingTime) -> datetime | None:
    """When a task that arrived then must be done; None: whenever."""
    return working.after(arrived_at, deadline.minutes) if deadline else None


def steps_of(deadline: Deadline, arrived_at: datetime, working: WorkingTime) -> Iterator[Step]:
    """What the clock will do with a task, in its order; a definition may leave out any of it."""
    if deadline.remind_before:
        yield Step(
            Stage.REMINDED, working.after(arrived_at, max(deadline.minutes - deadline.remind_before, 0))
        )
    if deadline.escalate_to:
        yield Step(Stage.ESCALATED, working.after(arrived_at, deadline.minutes + deadline.escalate_after))
    if deadline.act is not WhenLate.NOTHING:
        yield Step(Stage.OVER, working.after(arrived_at, deadline.minutes + deadline.act_after))


def next_step(
    deadline: Deadline, arrived_at: datetime, working: WorkingTime, reached: int, now: datetime
) -> Step | None:
    """The latest step whose time has come and that was not done: after a long pause no stale reminder goes out."""
    due = [
        step for step in steps_of(deadline, arrived_at, working) if step.stage > reached and step.at <= now
    ]
    return max(due, key=lambda step: step.stage, default=None)


def is_over(deadline: Deadline, reached: int) -> bool:
    """Whether the clock has nothing left to do."""
    last = Stage.OVER if deadline.act is not WhenLate.NOTHING else Stage.ESCALATED
    if last is Stage.ESCALATED and not deadline.escalate_to:
        last = Stage.REMINDED if deadline.remind_before else Stage.NONE
    return reached >= last

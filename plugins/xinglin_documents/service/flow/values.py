"""What pages and jobs exchange with instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from xinglin_documents.models import Entry, Instance, Item
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import Definition
from xinglin_documents.service.engine.state import State


@dataclass(frozen=True)
class Asked:
    """An act as a person asks for it. `task`: number of the open task (`Entry.task`), "" for acts without one.

    `signature`: PNG of a handwritten signature. `files`: public ids of finished uploads by field.
    """

    act: Act
    task: str = ""
    opinion: str = ""
    to: str = ""
    is_direct: bool = False
    persons: tuple[int, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    signature: bytes | None = None
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """A document of our engine for one person. `entry`: her open task (or her principal's), `reading`: her open to-read.

    `principal_name` is set when the task is that of somebody for whom she is deputy. `acts` in the order to offer them.
    `targets`: node keys and titles to which RETURN may go, nearest first.
    """

    item: Item
    instance: Instance
    definition: Definition
    state: State
    entry: Entry | None
    reading: Entry | None
    principal_name: str
    acts: tuple[Act, ...]
    targets: tuple[tuple[str, str], ...]
    is_tracked: bool


@dataclass(frozen=True)
class Step:
    """A line of the timeline, oldest first; the last ones wait (`at` None, `is_waiting`).

    `held` and `held_working`: minutes from arrival to act, or to now. `by_clock`: the system did it.
    """

    node: str
    title: str
    person_name: str
    department_name: str
    act: Act | None
    arrived_at: datetime | None
    at: datetime | None
    held: int | None
    held_working: int | None
    opinion: str = ""
    for_name: str = ""
    to_names: tuple[str, ...] = ()
    to_title: str = ""
    is_waiting: bool = False
    is_read: bool = False
    by_clock: bool = False
    event_id: str = ""
    signature_file: str = ""


@dataclass(frozen=True)
class BatchResult:
    """What became of one document of a batch; `problem` is empty when it was approved."""

    item: Item
    problem: str = ""

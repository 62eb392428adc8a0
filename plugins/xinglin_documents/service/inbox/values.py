"""What the inbox gives to pages."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from xinglin_documents.models import Urgency


class Tab(enum.StrEnum):
    """The six lists."""

    TO_DO = "to_do"
    DONE = "done"
    TO_READ = "to_read"
    READ = "read"
    STARTED = "started"
    TRACKED = "tracked"


@dataclass(frozen=True)
class Wanted:
    """A list and how it is narrowed; `page` counts from 1. `query` finds titles, starters and numbers in any brackets."""

    tab: Tab = Tab.TO_DO
    query: str = ""
    process: str = ""
    urgency: Urgency | None = None
    source: str = ""
    page: int = 1


class ListedItem(NamedTuple):
    """What a list shows of an `Item`, read below the ORM; named as there."""

    id: int
    public_id: str
    external_id: str
    source: str
    process_title: str
    title: str
    number: str
    starter_name: str
    secrecy: str
    urgency: str
    status: str
    step: str
    started_at: datetime
    department_name: str | None


class ListedEntry(NamedTuple):
    """What a list shows of an `Entry`."""

    id: int
    item_id: int
    person_id: int
    box: str
    task: str
    node: str
    step: str
    is_batchable: bool
    arrived_at: datetime
    due_at: datetime | None
    read_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True)
class Line:
    """A document in a list. `principal_name`: the entry is hers, and the looking person her deputy."""

    item: ListedItem
    entry: ListedEntry
    principal_name: str = ""


@dataclass(frozen=True)
class Page:
    """`count` is that of the whole list as narrowed."""

    lines: Sequence[Line]
    count: int
    has_more: bool

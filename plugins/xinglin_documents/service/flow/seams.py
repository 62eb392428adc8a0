"""What a flow needs of its neighbours: definitions, the working calendar, deputies, and who manages processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from xinglin_documents.models import Instance
from xinglin_documents.service.engine.definition import Definition


class Definitions(Protocol):
    """Versions of processes as values."""

    def live(self, process_key: str) -> Definition:
        """The version by which a new document runs. Raises `NotFound`."""

    def published(self, process_key: str) -> Definition:
        """As `live`, also of a process that is switched off. Raises `NotFound`."""

    def of(self, instance: Instance) -> Definition:
        """The version by which this one runs."""


class WorkingTime(Protocol):
    """The hospital's working hours."""

    def minutes_between(self, start: datetime, end: datetime) -> int: ...

    def after(self, start: datetime, minutes: int) -> datetime: ...


class Standing(Protocol):
    """That somebody acts for another; no `processes`: in all of them."""

    @property
    def processes(self) -> Sequence[str]: ...


class Deputies(Protocol):
    """Who acts for whom; chains and loops are followed by whoever implements it."""

    def principals_of(self, person_id: int, at: datetime) -> Mapping[int, Standing]: ...

    def deputies_of(self, principal_id: int, at: datetime, process_key: str) -> tuple[int, ...]: ...


class Managers(Protocol):
    """Whom the engine asks when nobody else is there."""

    def __call__(self) -> tuple[int, ...]:
        """Active persons in a stable order."""

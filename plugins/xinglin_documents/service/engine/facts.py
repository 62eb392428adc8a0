"""What the engine must be told about the world, by whoever calls it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from xinglin_documents.service.engine.definition import Approvers


class Facts(Protocol):
    """Answers for one instance at one moment. Persons are internal ids of `core_person`."""

    @property
    def now(self) -> datetime:
        """The moment of the act, UTC."""

    @property
    def values(self) -> Mapping[str, Any]:
        """Form values after the command's changes, and `starter.department`, `starter.roles`, `starter.post`."""

    def persons(self, rule: Approvers) -> tuple[int, ...]:
        """Active persons by one rule, in a stable order; empty when there is none. EARLIER is the engine's own."""

    def are_active(self, persons: tuple[int, ...]) -> frozenset[int]:
        """Those of them who work here now."""

    def may_know(self, persons: tuple[int, ...]) -> frozenset[int]:
        """Those of them who may know the document: of a closed one, its audience and whoever knows it already."""

    def new_child(self, node: str) -> str:
        """A fresh public id for the child instance that this node starts."""

"""What happens to the instance as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xinglin_documents.service.engine.effects.base import Effect
from xinglin_documents.service.engine.state import State, Status


@dataclass(frozen=True)
class Begun(Effect):
    """The instance begins; of the first event only."""

    do: ClassVar[str] = "begun"
    starter: int

    def apply(self, state: State) -> None:
        state.starter = self.starter


@dataclass(frozen=True)
class Became(Effect):
    """The instance as a whole: suspended, running again, or over."""

    do: ClassVar[str] = "became"
    status: str

    def apply(self, state: State) -> None:
        state.status = Status(self.status)


@dataclass(frozen=True)
class Sent(Effect):
    """It was sent to readers (`why`: copy or circulate); they wait for nothing."""

    do: ClassVar[str] = "sent"
    persons: tuple[int, ...]
    why: str
    node: str = ""

    def apply(self, state: State) -> None:
        """Readers are no part of the flow."""


@dataclass(frozen=True)
class Urged(Effect):
    """These were asked to hurry; by the starter or a manager (`at` counts for the next time), or by the clock."""

    do: ClassVar[str] = "urged"
    tasks: tuple[int, ...]
    at: str = ""

    def apply(self, state: State) -> None:
        state.urged_at = self.at or state.urged_at


@dataclass(frozen=True)
class Moved(Effect):
    """The instance goes on by another version of its definition."""

    do: ClassVar[str] = "moved"
    version: int

    def apply(self, state: State) -> None:
        """The version stands in the instance."""

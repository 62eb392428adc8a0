"""What every effect is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xinglin_documents.service.engine.state import State


@dataclass(frozen=True)
class Effect:
    """`do` is its name in JSON."""

    do: ClassVar[str] = ""

    def apply(self, state: State) -> None:
        raise NotImplementedError

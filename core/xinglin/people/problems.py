"""Everything that is wrong with a file, by cell, at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from xinglin.api.i18n import translator
from xinglin.people.errors import PeopleRefused

_ = translator("core")
PROBLEMS_SHOWN = 200


@dataclass(frozen=True)
class Problem:
    """One mistake: `address` is a cell such as 人员!C17, a sheet, or empty for the whole file."""

    address: str
    message: str
    cure: str


class FileRefused(PeopleRefused):
    """A staff file that cannot be read or has mistakes; `problems` has the first 200 of `total`."""

    def __init__(self, problems: list[Problem], total: int) -> None:
        first = problems[0]
        super().__init__(first.message, first.cure)
        self.problems = problems
        self.total = total


@dataclass
class Problems:
    """Collects mistakes; keeps the first 200 and counts the rest."""

    shown: list[Problem] = field(default_factory=list)
    total: int = 0

    def add(self, address: str, message: str, cure: str) -> None:
        self.total += 1
        if len(self.shown) < PROBLEMS_SHOWN:
            self.shown.append(Problem(address, message, cure))

    def stop(self, address: str, message: str, cure: str) -> FileRefused:
        """The error to raise when nothing more can be read."""
        self.add(address, message, cure)
        return FileRefused(self.shown, self.total)

    def copy(self) -> Problems:
        """To go on collecting without changing what was found so far."""
        return Problems(list(self.shown), self.total)

    def raise_any(self) -> None:
        """Raises `FileRefused` if there was any mistake."""
        if self.total:
            raise FileRefused(self.shown, self.total)

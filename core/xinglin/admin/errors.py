"""How the admin API says no; each has its answer in the contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError

_ = translator("core")


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field of the request; `field` is its name there."""

    field: str
    message: str


class Unreadable(DomainError):
    """The request does not follow the contract."""

    status = 400

    def __init__(self, message: str, cure: str = "", fields: Sequence[FieldProblem] = ()) -> None:
        super().__init__(message, cure)
        self.fields = tuple(fields)


class FieldsRefused(DomainError):
    """Values are well formed but not acceptable; `fields` says which and why."""

    def __init__(self, fields: Sequence[FieldProblem]) -> None:
        super().__init__(_("Nothing was changed: something in it cannot be accepted."))
        self.fields = tuple(fields)


class Conflict(DomainError):
    """The same thing exists already, or is already done."""

    status = 409

"""What is wrong with the text of a process, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xinglin.api.i18n import TranslationString, translator
from xinglin.api.services import DomainError

_ = translator("documents")


@dataclass(frozen=True)
class Fault:
    """`line` counts from 1. A warning hinders nothing: the process may be published as it is."""

    line: int
    cause: TranslationString
    cure: TranslationString
    is_warning: bool = False


class DefinitionFaults(DomainError):
    """The text is no process; `faults` are all that were found, in the order of lines, without warnings."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__(
            _("The text of this process has ${count} faults.", mapping={"count": len(self.faults)}),
            _("Correct the lines that are named, then check it again."),
        )

"""What can go wrong with the OA behind, each with a sentence for the person who waits."""

from __future__ import annotations

import enum

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError

_ = translator("documents")


class Trouble(enum.StrEnum):
    """DOWN: no connection; SLOW: past the deadline; UNREADABLE: not the contract; FAULT: a SOAP fault."""

    DOWN = "down"
    SLOW = "slow"
    UNREADABLE = "unreadable"
    FAULT = "fault"


class CallFailed(Exception):
    """A call gave no result. `is_uncertain`: it may have been carried out. `detail` is for the log, without content."""

    def __init__(self, trouble: Trouble, detail: str, *, is_uncertain: bool = True) -> None:
        super().__init__(f"{trouble}: {detail}")
        self.trouble = trouble
        self.detail = detail
        self.is_uncertain = is_uncertain


class SourceDown(DomainError):
    """The OA cannot be asked now; `as_of`: hh:mm of the last list, empty when there is none."""

    status = 503

    def __init__(self, trouble: Trouble = Trouble.DOWN, as_of: str = "") -> None:
        cure = _("Nothing was changed. Try again in some minutes.")
        if as_of:
            cure = _(
                "Nothing was changed. The list is as of ${time}; try again in some minutes.",
                mapping={"time": as_of},
            )
        super().__init__(SAYINGS[trouble], cure)
        self.trouble = trouble


SAYINGS = {
    Trouble.DOWN: _("The OA does not answer."),
    Trouble.SLOW: _("The OA answers too slowly."),
    Trouble.UNREADABLE: _("The answer of the OA cannot be read."),
    Trouble.FAULT: _("The OA reports a fault of its own."),
}


class OutcomeUnknown(DomainError):
    """The OA was asked to act, and its answer was lost: the act is written down and will be verified by reading."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            _("The OA has not confirmed your act yet."),
            _("Do not do it again: it is written down, and its outcome is looked up within minutes."),
        )


class StillChecked(DomainError):
    """The outcome of an earlier, equal act is not known yet."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            _("Your last act on this document is still being looked up in the OA."),
            _("Open the document again in a few minutes."),
        )


class AlreadyHandled(DomainError):
    """It does not lie with this person any more. `at` is hh:mm, local time."""

    status = 409

    def __init__(self, name: str = "", at: str = "") -> None:
        message = _("This document has been handled already.")
        if name:
            message = _(
                "This document has been handled already by ${name} at ${time}.",
                mapping={"name": name, "time": at},
            )
        super().__init__(message, _("Nothing was done twice. See its history for the outcome."))


class ActRefused(DomainError):
    """The OA said no."""

    status = 409

    def __init__(self, answer: str = "") -> None:
        message = _("The OA did not accept it.")
        if answer:
            message = _("The OA did not accept it: ${answer}.", mapping={"answer": answer[:80]})
        super().__init__(message, _("Nothing was changed. Open the document again, or use the OA itself."))


class NotKnownThere(DomainError):
    """The OA has no user with the staff number of this person, or only one that is somebody else's (`is_taken`)."""

    def __init__(self, *, is_taken: bool = False) -> None:
        if is_taken:
            message = _("Your staff number leads to an OA user who belongs to a colleague.")
            cure = _("Nothing was done in the OA. Ask the IT department to compare the staff numbers.")
        else:
            message = _("The OA does not know your staff number.")
            cure = _("Ask the IT department to enter it in the OA.")
        super().__init__(message, cure)

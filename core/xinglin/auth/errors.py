"""What may go wrong when somebody logs in or gets a right, each with its cure."""

from __future__ import annotations

from xinglin.api.services import DomainError


class GrantRefused(DomainError):
    """The grant breaks a rule; the message says which."""


class LoginRefused(DomainError):
    """This login cannot go on; the cure says how to log in instead."""

    status = 403


class CodeRefused(DomainError):
    """A code cannot be sent now."""


class SendingFailed(DomainError):
    """The mail server or the SMS gateway did not take the message."""

    status = 502


class AdministratorRefused(DomainError):
    """The account cannot be made or changed like this."""

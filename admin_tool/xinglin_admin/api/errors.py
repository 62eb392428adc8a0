"""Why a request did not give what was asked for. ``failures.py`` turns these into sentences."""

from __future__ import annotations

from dataclasses import dataclass


class ApiError(Exception):
    """Base of every expected failure; anything else that is raised is a defect of this tool."""


@dataclass(eq=False)
class UnusableAddress(ApiError):
    """The server address is no ``https://`` URL (``http://`` is accepted for this computer only)."""

    server: str


@dataclass(eq=False)
class Unreachable(ApiError):
    """No connection: wrong address, server down, network down or an untrusted certificate."""

    server: str
    reason: str


@dataclass(eq=False)
class TimedOut(ApiError):
    """The server did not answer in time; a change may or may not have happened."""

    server: str
    seconds: float


@dataclass(eq=False)
class NotSaved(ApiError):
    """A file could not be written on this computer."""

    path: str
    reason: str


@dataclass(eq=False)
class ContractMissing(ApiError):
    """``openapi.yaml`` is not installed beside the tool, or cannot be read."""

    reason: str


@dataclass(eq=False)
class ContractBroken(ApiError):
    """The server answered something that ``openapi.yaml`` does not allow."""

    operation: str
    place: str
    problem: str


@dataclass(eq=False)
class ServerFault(ApiError):
    """The server or a proxy before it answered 5xx."""

    status: int


@dataclass(eq=False)
class Refusal(ApiError):
    """The server understood and refused; ``detail`` is its sentence in the language asked for."""

    detail: str


class SessionEnded(Refusal):
    """401 on anything but login: the token is no longer good."""


class SignInRefused(Refusal):
    """401 at login."""


class NotAllowed(Refusal):
    """403."""


class NotFound(Refusal):
    """404."""


class Conflict(Refusal):
    """409: exists already, or is already done."""


@dataclass(eq=False)
class TooManyAttempts(Refusal):
    """429; ``retry_after`` in seconds."""

    retry_after: int


@dataclass(frozen=True)
class FieldError:
    """One message of a 400 or 422; ``field`` is the name of a request field."""

    field: str
    message: str


@dataclass(eq=False)
class InvalidFields(Refusal):
    """400 or 422."""

    errors: tuple[FieldError, ...]

"""What a service is built from, and how it says no."""

from __future__ import annotations

from xinglin.types import Clock, JobContext

__all__ = ["Clock", "DomainError", "JobContext", "NotFound"]


class DomainError(Exception):
    """A rule said no. `message` and `cure` are sentences for the user; nothing of the request is kept."""

    status = 422

    def __init__(self, message: str, cure: str = "", *, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        if status is not None:
            self.status = status


class NotFound(DomainError):
    """There is no such thing for this person, whether it exists for others or not."""

    status = 404

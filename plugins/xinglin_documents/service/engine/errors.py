"""How the engine says no."""

from __future__ import annotations

from xinglin.api.services import DomainError


class Refused(DomainError):
    """The act is not possible as things stand; the sentence says why. Nothing was changed."""

    status = 409

"""What the people area refuses, in words for the person who asked."""

from __future__ import annotations

from xinglin.api.services import DomainError


class PeopleRefused(DomainError):
    """A change of people, departments, roles or tags that is not possible; nothing was changed."""


class AudienceRefused(DomainError):
    """An audience that would reach nobody or names something that does not exist."""

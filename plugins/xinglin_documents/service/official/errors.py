"""How official documents say no."""

from __future__ import annotations

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError

_ = translator("documents")


class OfficialRefused(DomainError):
    """The register does not allow it. 409: it contradicts what stands in the register."""

    status = 409


def unknown_series(key: str) -> OfficialRefused:
    return OfficialRefused(
        _("There is no number series “${key}”.", mapping={"key": key}),
        _("Choose one of the series in the register of numbers."),
    )

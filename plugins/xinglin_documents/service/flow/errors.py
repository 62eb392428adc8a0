"""How acts are refused before the engine is asked."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from xinglin.api.i18n import TranslationString, translator
from xinglin.api.services import DomainError, NotFound
from xinglin_documents.service.engine.commands import Act

_ = translator("documents")


class ItemMissing(NotFound):
    """No such document, or none that this person may see."""

    def __init__(self) -> None:
        super().__init__(
            _("There is no such document for you."), _("Ask whoever sent you here, or go back to your inbox.")
        )


class ActRefused(DomainError):
    """The act lacks something, or is not this person's."""

    status = 422


class TaskGone(DomainError):
    """Somebody was faster: what was open on the page is open no more."""

    status = 409


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`14:05` today, `2026-03-01 14:05` on another day; the hospital's local time."""
    local = at.astimezone(zone)
    is_today = local.date() == now.astimezone(zone).date()
    return f"{local:%H:%M}" if is_today else f"{local:%Y-%m-%d %H:%M}"


def gone_sentence(act: str, name: str, time: str) -> TranslationString:
    """Why a task is open no more; `name` is empty when the clock did it."""
    mapping = {"name": name, "time": time}
    if not name:
        return _("The system settled this at ${time}, when its deadline had passed.", mapping=mapping)
    if act == Act.RETURN:
        return _("Meanwhile ${name} returned it, at ${time}.", mapping=mapping)
    if act in (Act.TAKE_BACK, Act.WITHDRAW):
        return _("Meanwhile ${name} took it back, at ${time}.", mapping=mapping)
    if act in (Act.TERMINATE, Act.REJECT):
        return _("Meanwhile ${name} ended it, at ${time}.", mapping=mapping)
    if act == Act.REMOVE_SIGNER:
        return _("Meanwhile ${name} took you off this step, at ${time}.", mapping=mapping)
    return _("Already handled by ${name} at ${time}.", mapping=mapping)

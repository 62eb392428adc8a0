"""The rules of the shell: the greeting, the cards of a person, and what a person may set."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from markupsafe import Markup
from pyramid.renderers import render
from pyramid.request import Request
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import TranslationString, translator
from xinglin.api.people import set_display
from xinglin.api.push import Preferences, PushService, QuietWindow
from xinglin.api.security import Identity, current
from xinglin.api.services import Clock, DomainError
from xinglin.types import Card, HealthCheck, PushKind, Slot

_ = translator("portal")
logger = logging.getLogger(__name__)
WEEKDAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
LOCALES = ("zh_CN", "en")


@dataclass(frozen=True)
class DrawnCard:
    """A card with its body drawn by its own plugin's template."""

    key: str
    title: str
    url: str | None
    body: Markup
    rows: tuple[object, ...] = ()


class HomeService:
    """The first page: greeting and cards. A card that fails is left out and logged; the others are shown."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def greeting(self) -> TranslationString:
        """By the hour of the hospital's clock."""
        hour = self._local().hour
        name = {"name": current(self._request).name}
        if hour < 6:
            return _("Good night, ${name}", mapping=name)
        if hour < 11:
            return _("Good morning, ${name}", mapping=name)
        if hour < 18:
            return _("Good day, ${name}", mapping=name)
        return _("Good evening, ${name}", mapping=name)

    def today(self) -> TranslationString:
        local = self._local()
        weekday = self._request.translate(WEEKDAYS[local.weekday()])
        return _(
            "${month}/${day} ${weekday}", mapping={"month": local.month, "day": local.day, "weekday": weekday}
        )

    def cards(self, slot: str = Slot.HOME_MAIN) -> list[DrawnCard]:
        mine = [card for card in self._request.plugins.cards if card.slot == slot and self._may(card)]
        drawn = [self._request.safely(f"card {card.key}", partial(self._draw, card)) for card in mine]
        return [card for is_done, card in drawn if is_done and card is not None]

    def _may(self, card: Card) -> bool:
        return bool(self._request.has_permission(card.permission))

    def _draw(self, card: Card) -> DrawnCard | None:
        data = card.data(self._request)
        if data is None:
            return None
        body = render(card.template, {**data}, request=self._request)
        return DrawnCard(card.key, self._request.translate(card.title), data.get("url"), Markup(body))  # noqa: S704 - drawn by an autoescaped template

    def _local(self) -> datetime:
        zone: ZoneInfo = self._request.settings.zone
        return self._request.clock.now().astimezone(zone)


@dataclass(frozen=True)
class ShownKind:
    """A kind of message with the person's wish."""

    name: str
    title: str
    summary: str
    is_on: bool
    is_locked: bool


class MeService:
    """What a person sees and sets of the own account."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        push: PushService,
        identity: Identity,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._push = push
        self._identity = identity

    def set_display(self, *, locale: str, has_large_text: bool) -> None:
        if locale not in LOCALES:
            raise DomainError(_("This language is not offered."), _("Choose Chinese or English."))
        set_display(
            self._session,
            self._clock,
            self._audit,
            self._identity.id,
            locale=locale,
            has_large_text=has_large_text,
        )

    def kinds(self, declared: Mapping[str, PushKind]) -> list[ShownKind]:
        muted = self._push.preferences(self._identity.id).muted
        return [
            ShownKind(
                kind.name,
                kind.title,
                kind.summary,
                kind.name not in muted or not kind.can_mute,
                not kind.can_mute,
            )
            for kind in declared.values()
            if not kind.name.startswith("core.")
        ]

    def quiet_hours(self) -> tuple[str, str]:
        """Start and end as "22:00", or two empty texts."""
        window = self._push.preferences(self._identity.id).quiet_hours
        return (_clock_text(window.starts_minute), _clock_text(window.ends_minute)) if window else ("", "")

    def set_notifications(
        self, *, wanted: set[str], declared: Mapping[str, PushKind], quiet_from: str, quiet_to: str
    ) -> None:
        """Mute what is not wanted (never an unmutable kind) and keep the quiet hours."""
        muted = {name for name, kind in declared.items() if kind.can_mute and name not in wanted}
        window = None
        if quiet_from or quiet_to:
            window = QuietWindow(_minute_of(quiet_from), _minute_of(quiet_to))
        self._push.set_preferences(self._identity.id, Preferences(frozenset(muted), window))


def _clock_text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _minute_of(text: str) -> int:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        raise DomainError(
            _("Quiet hours need a start and an end."), _("Fill in both, or empty both.")
        ) from None
    return found.hour * 60 + found.minute


def assets_health() -> HealthCheck:
    """Whether the front end was built."""
    path = Path(__file__).parents[1] / "static" / "dist" / "manifest.json"
    cure = "" if path.is_file() else "run `pip install -e .` (it builds the front end)"
    return HealthCheck("portal assets", path.is_file(), path.name, cure)


def home_factory(context: object, request: Request) -> HomeService:
    return HomeService(request)


def me_factory(context: object, request: Request) -> MeService:
    return MeService(
        request.db,
        request.clock,
        request.audit,
        request.service(PushService),
        current(request),
    )

"""The devices on which a person is signed in: shown in words, and signed out from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pyramid.request import Request

from xinglin.api.i18n import translator
from xinglin.api.security import Identity, SessionService, current
from xinglin.api.services import DomainError

_ = translator("portal")
MACHINES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
BROWSERS = (
    ("wxwork", _("WeCom")),
    ("MicroMessenger", _("WeChat")),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
METHODS = {
    "wecom": _("Signed in through WeCom"),
    "qr": _("Signed in by QR code"),
    "code": _("Signed in by a code of the service desk"),
}


@dataclass(frozen=True)
class ShownDevice:
    """A device that is signed in. `machine` and `browser` are words, empty when the device does not say."""

    public_id: str
    machine: str
    browser: str
    method: str
    address: str
    began_at: datetime
    last_seen_at: datetime
    is_current: bool


class DeviceService:
    """One's own sessions; nobody else's can be named here."""

    def __init__(self, sessions: SessionService, identity: Identity) -> None:
        self._sessions = sessions
        self._identity = identity

    def devices(self) -> list[ShownDevice]:
        """The living sessions, this one first, then the youngest."""
        found = [
            ShownDevice(
                row.public_id,
                _first_word(MACHINES, row.user_agent),
                _first_word(BROWSERS, row.user_agent),
                METHODS.get(row.method, ""),
                row.ip,
                row.created_at,
                row.last_seen_at,
                row.public_id == self._identity.session_id,
            )
            for row in self._sessions.list_of(self._identity.id)
        ]
        return sorted(found, key=lambda device: not device.is_current)

    def end(self, public_id: str) -> None:
        """Sign one device out. Raises `DomainError` for one that is not one's own or is out already."""
        if not self._sessions.end(public_id, "ended by owner", person_id=self._identity.id):
            raise DomainError(_("This device is not signed in any more."), _("Reload the page."))

    def end_others(self) -> None:
        """Sign every device out but this one."""
        self._sessions.end_all_of(self._identity.id, "ended by owner", but_not=self._identity.session_id)


def _first_word(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((word for mark, word in known if mark in user_agent), "")


def factory(context: object, request: Request) -> DeviceService:
    return DeviceService(request.service(SessionService), current(request))

"""What every page is given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from xinglin_admin.api.client import Client
from xinglin_admin.api.models import Administrator
from xinglin_admin.locale.texts import Texts
from xinglin_admin.settings import Settings


class SessionEvents(QObject):
    """``ended`` carries the server's sentence when it no longer accepts the token."""

    ended = Signal(str)


@dataclass(frozen=True)
class Context:
    client: Client
    texts: Texts
    settings: Settings
    administrator: Administrator
    session: SessionEvents
    today: Callable[[], dt.date] = dt.date.today

"""Sending messages to people, and what plugins declare about them."""

from __future__ import annotations

from xinglin.push.models import DeliveryState
from xinglin.push.preferences import PreferenceRefused, Preferences, QuietWindow
from xinglin.push.report import DeliveryCounts, UnreachablePerson
from xinglin.push.service import PushService, is_unopened
from xinglin.types import PushHandler, PushKind, PushStateChange

__all__ = [
    "DeliveryCounts",
    "DeliveryState",
    "PreferenceRefused",
    "Preferences",
    "PushHandler",
    "PushKind",
    "PushService",
    "PushStateChange",
    "QuietWindow",
    "UnreachablePerson",
    "is_unopened",
]

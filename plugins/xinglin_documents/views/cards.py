"""What the portal shows of documents on its own pages: the number at the menu item, and the first to-dos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request

from xinglin_documents.service.inbox.service import InboxService
from xinglin_documents.service.inbox.values import Tab, Wanted
from xinglin_documents.views.shown import shown_lines
from xinglin_documents.views.words import TABS

MOST_LINES = 3


def to_do_badge(request: Request) -> int:
    """How many to-dos and to-reads wait for the person."""
    counts = request.service(InboxService).counts()
    return counts[Tab.TO_DO] + counts[Tab.TO_READ]


def to_do_card(request: Request) -> Mapping[str, Any] | None:
    """The newest to-dos and the number in each list; None when nothing at all waits or was ever there."""
    inbox = request.service(InboxService)
    counts = inbox.counts()
    if not any(counts.values()):
        return None
    lines = inbox.page(Wanted()).lines[:MOST_LINES]
    shown = [(tab, TABS[tab], counts[tab]) for tab in (Tab.TO_DO, Tab.TO_READ, Tab.STARTED)]
    return {
        "lines": shown_lines(request, Tab.TO_DO, lines),
        "counts": shown,
        "url": request.route_path("documents.inbox"),
    }

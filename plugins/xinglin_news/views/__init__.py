"""Parse, ask a service, choose a response. Badge and card are what the portal shows of news on its own pages."""

from __future__ import annotations

from xinglin_news.views.reading import unread_badge, unread_card

__all__ = ["unread_badge", "unread_card"]

"""Parse, ask a service, choose a response. Badge and card are what the portal shows of documents on its own pages."""

from __future__ import annotations

from xinglin_documents.views.cards import to_do_badge, to_do_card

__all__ = ["to_do_badge", "to_do_card"]

"""Telling plugins what became of their messages, each in a savepoint of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from xinglin.types import PushHandler, PushStateChange

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NamedHandler = tuple[str, PushHandler]
logger = logging.getLogger(__name__)


def tell(session: Session, handlers: Iterable[NamedHandler], change: PushStateChange) -> None:
    """Call the handlers of this kind; one that fails loses its own work only and never stops a message."""
    if not change.person_ids:
        return
    for plugin, handler in handlers:
        if handler.kind != change.kind:
            continue
        try:
            with session.begin_nested():
                handler.on_state(change)
        except Exception:  # the `call_each` of push: a plugin's fault stays the plugin's own
            logger.exception("plugin %s failed in its push handler of %s", plugin, change.kind)

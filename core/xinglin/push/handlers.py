"""Telling plugins what became of their messages, each in a savepoint of its own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from xinglin.kernel.plugins import call_safely
from xinglin.types import PushHandler, PushStateChange

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NamedHandler = tuple[str, PushHandler]


def tell(session: Session, handlers: Iterable[NamedHandler], change: PushStateChange) -> None:
    """Call the handlers of this kind; one that fails loses its own work only and never stops a message."""
    if not change.person_ids:
        return
    for plugin, handler in handlers:
        if handler.kind == change.kind:
            what = f"its push handler of {change.kind}"
            call_safely(session, f"plugin {plugin}", what, partial(handler.on_state, change))

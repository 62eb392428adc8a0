"""Short writes that must outlive the request's own transaction: made after it has ended, in one of their own.

The transaction of a refused request is rolled back, and a reading one cannot write; a second writer beside a
request that writes would wait for that very request (SQLite has one writer).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from pyramid.request import Request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from xinglin.audit.service import AuditTrail

logger = logging.getLogger(__name__)
Work = Callable[[Session, AuditTrail], None]


def write_afterwards(request: Request, work: Work) -> None:
    """Call `work(session, audit)` when the request is over; a failure is logged, the answer stands."""
    actor, site = request.actor, request.registry.xinglin_site

    def run(_request: Request) -> None:
        try:
            with site.database.session() as session:
                work(session, AuditTrail(session, actor, site.clock, site.keyring))
        except SQLAlchemyError:
            logger.exception("a write after request %s failed", _request.request_id)

    request.add_finished_callback(run)

"""One transaction a request, tried again after a lost database, and a POST that arrives twice done once."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid_retry import BeforeRetry
from sqlalchemy import String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from xinglin.kernel.orm import Base
from xinglin.kernel.requests import path_of

PAUSES_SECONDS = (0.1, 0.4, 1.0)
MAX_KEY_LENGTH = 64


class RequestKey(Base):
    """A POST that was done: the same key again gets the same answer and has no second effect."""

    __tablename__ = "core_request_key"

    key: Mapped[str] = mapped_column(String(96), primary_key=True)
    done_at: Mapped[datetime] = mapped_column(index=True)
    location: Mapped[str] = mapped_column(String(2048))


def includeme(config: Configurator) -> None:
    config.add_subscriber(pause_before_retry, BeforeRetry)
    config.add_view_deriver(once_view, "once_view", under="csrf_view", over="owrapped_view")


def needs_transaction(request: Request) -> bool:
    return not path_of(request).startswith("/static/")


def pause_before_retry(event: BeforeRetry) -> None:
    """The database may be restarting: wait a little longer before each try, in all less than two seconds."""
    attempt = event.request.environ.get("retry.attempt", 0)
    time.sleep(PAUSES_SECONDS[min(attempt, len(PAUSES_SECONDS) - 1)])


def once_view(view: Any, info: Any) -> Any:
    """A form carries a `request_key`; the first POST stores where it led, a repeat is led there too."""
    if info.exception_only:
        return view

    def once(context: Any, request: Request) -> Response:
        key = key_of(request)
        if not key:
            return view(context, request)
        known = request.db.scalar(select(RequestKey.location).where(RequestKey.key == key))
        if known is not None:
            return HTTPSeeOther(known)
        response = view(context, request)
        if isinstance(response, HTTPSeeOther) or response.status_int in (302, 303):
            _remember(request, key, response.location)
        return response

    return once


def key_of(request: Request) -> str:
    if request.method != "POST" or not request.content_type.startswith(
        ("application/x-www-form", "multipart/")
    ):
        return ""
    key = request.POST.get("request_key", "")
    if not isinstance(key, str) or not key or len(key) > MAX_KEY_LENGTH:
        return ""
    owner = request.identity.session_id if request.identity else "anonymous"
    return f"{owner}:{key}"


def _remember(request: Request, key: str, location: str) -> None:
    try:
        with request.writing():
            request.db.add(RequestKey(key=key, done_at=request.clock.now(), location=location))
            request.db.flush()
    except IntegrityError as error:
        raise DoneMeanwhile(key) from error


class DoneMeanwhile(Exception):
    """The same POST was done by another thread at the same time: this one is undone and led to its result."""

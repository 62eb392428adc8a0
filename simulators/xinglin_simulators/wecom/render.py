"""HTML pages from the package's templates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

PACKAGE = Path(__file__).resolve().parent.parent
STATIC = PACKAGE / "static"
CHINA = timezone(timedelta(hours=8))

_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(PACKAGE / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def china_time(seconds: float) -> str:
    """``11月23日 09:05`` in the hospital's time zone."""
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(CHINA)
    return f"{moment.month}月{moment.day}日 {moment:%H:%M}"


_environment.filters["china_time"] = china_time


def render(template: str, **values: Any) -> str:
    """The text of a template."""
    return _environment.get_template(template).render(**values)


def page(template: str, *, status: int = 200, **values: Any) -> web.Response:
    """A page that browsers do not cache."""
    return web.Response(
        text=render(template, **values),
        status=status,
        content_type="text/html",
        headers={"Cache-Control": "no-store"},
    )


def redirect(location: str) -> web.Response:
    """302; returned, not raised, so that cookies can be added."""
    return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})

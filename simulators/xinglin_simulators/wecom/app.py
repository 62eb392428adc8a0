"""The aiohttp application on the WeCom port."""

from __future__ import annotations

from aiohttp import web

# Importing an area registers its API calls.
from . import (  # noqa: F401
    agent_api,
    auth_api,
    batch_api,
    control,
    departments_api,
    media_api,
    members_api,
    messages_api,
    phone,
    tags_api,
)
from .api import dispatch
from .oauth import authorize, qr_login
from .render import redirect
from .state import SIMULATOR, Simulator

MAX_REQUEST_BYTES = 32 << 20


async def _to_phones(_request: web.Request) -> web.Response:
    return redirect("/phone/")


async def _close_callbacks(app: web.Application) -> None:
    await app[SIMULATOR].callbacks.close()


def make_app(simulator: Simulator) -> web.Application:
    """API, login pages, phones and control interface."""
    app = web.Application(client_max_size=MAX_REQUEST_BYTES, middlewares=[control.loopback_only])
    app[SIMULATOR] = simulator
    app.router.add_route("*", "/cgi-bin/{path:.*}", dispatch)
    app.router.add_get("/connect/oauth2/authorize", authorize)
    app.router.add_get("/wwlogin/sso/login", qr_login)
    app.router.add_get("/wwopen/sso/qrConnect", qr_login)
    app.router.add_get("/pictures/{media_id}", media_api.show_picture)
    app.router.add_get("/", _to_phones)
    phone.add_routes(app)
    control.add_routes(app)
    app.on_cleanup.append(_close_callbacks)
    return app

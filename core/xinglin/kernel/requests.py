"""What every request knows."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pyramid.config import Configurator
from pyramid.events import ApplicationCreated
from pyramid.request import Request
from pyramid.response import Response

from xinglin.audit.service import Actor, AuditTrail
from xinglin.files.service import FileStore
from xinglin.kernel.db import Session
from xinglin.kernel.plugins import PluginSet, call_safely
from xinglin.kernel.site import Site

OF_SESSION = ("db", "audit", "files", "_xinglin_services")
"""What a request holds that belongs to its session."""
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def includeme(config: Configurator, site: Site, found: PluginSet) -> None:
    for name, value in (
        ("settings", site.settings),
        ("clock", site.clock),
        ("keyring", site.keyring),
        ("plugins", found),
        ("wecom", config.registry.xinglin_wecom),
    ):
        config.add_request_method(lambda _request, value=value: value, name, property=True)
    for function in (db, request_id, actor, audit, files, locale_name):
        config.add_request_method(function, function.__name__, reify=True)
    config.add_request_method(note_view, "note_view")
    config.add_view_deriver(noted_view, "noted_view")
    config.add_request_method(translate, "translate")
    config.add_request_method(safely, "safely")
    config.add_request_method(writing, "writing")
    config.add_view_deriver(writing_view, "writing_view", under="INGRESS", over="secured_view")
    config.add_subscriber(fold_extensions, ApplicationCreated)


def fold_extensions(event: ApplicationCreated) -> None:
    """Put all request methods into one class; Pyramid would make a new class of them for every request."""
    router = event.app
    factory, found = router.request_factory, router.request_extensions
    router.request_factory = type(factory.__name__, (factory,), {**found.methods, **found.descriptors})
    router.request_extensions = None


def writing_view(view, info):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """The view option `writes`: True for a GET that writes, which has a transaction, and SQLite's writer, from the start.

    False for a POST that writes in short transactions of its own (`request.writing()`), such as one that asks another
    system in between and must hold no lock meanwhile.
    """
    writes = info.options.get("writes")

    def marked(context, request):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        request.environ["xinglin.writes"] = writes
        return view(context, request) if writes else watched(context, request)

    def watched(context, request):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        response = view(context, request)
        session = request.__dict__.get("db")
        if session is not None and not session.info["writes"]:
            session.flush()  # what was only added would be lost in silence: this says so
        return response

    return watched if writes is None else marked


writing_view.options = ("writes",)  # type: ignore[attr-defined]


def path_of(request: Request) -> str:
    """The path for logs and comparisons; unlike `request.path` it does not fail on bytes that are no UTF-8."""
    return str(request.environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")


def db(request: Request) -> Session:
    """The session of this request; for reading methods one that only reads, unless its view says what it `writes`."""
    writes = bool(request.environ.get("xinglin.writes", request.method not in READING_METHODS))
    session: Session = request.registry.xinglin_site.database.request_session(request.tm, writes=writes)
    request.add_finished_callback(lambda _request: session.close())
    return session


@contextmanager
def writing(request: Request) -> Iterator[None]:
    """A short transaction inside a request that reads, such as the receipt of a first opening.

    What `request.db`, `request.audit` and `request.service` give inside the block belongs to it; it commits at its
    end. Inside a request that writes, the block belongs to the request's own transaction.
    """
    request.environ["xinglin.noted"] = True  # what is written here leaves a record of its own
    if request.db.info["writes"]:
        yield
        return
    kept = {name: request.__dict__.pop(name) for name in OF_SESSION if name in request.__dict__}
    try:
        with request.registry.xinglin_site.database.session() as session:
            request.__dict__["db"] = session
            yield
    finally:
        for name in OF_SESSION:
            request.__dict__.pop(name, None)
        request.__dict__.update(kept)


def request_id(request: Request) -> str:
    return secrets.token_hex(6)


def actor(request: Request) -> Actor:
    """Who acts in this request, for the audit trail."""
    identity = request.identity
    common = {"ip": request.client_addr or "", "request_id": request.request_id}
    if identity is None:
        return Actor("anonymous", "", "", **common)
    return Actor(identity.kind, identity.public_id, identity.name, session_id=identity.session_id, **common)


def audit(request: Request) -> AuditTrail:
    return AuditTrail(request.db, request.actor, request.clock, request.keyring)


def files(request: Request) -> FileStore:
    return FileStore.of(request.settings, request.keyring, request.db, request.clock)


def noted_view(view: Any, info: Any) -> Any:
    """Every page that a known person reads is noted, unless its view has noted something better itself."""

    def noted(context: Any, request: Request) -> Response:
        response = view(context, request)
        if _is_page_read(request, response):
            ids = "/".join(request.matchdict.values())
            request.note_view(request.matched_route.name[:64], ids[:64])
        return response

    return noted


def _is_page_read(request: Request, response: Response) -> bool:
    is_new = request.method == "GET" and "xinglin.noted" not in request.environ
    is_page = response.status_int == 200 and response.content_type == "text/html"
    return is_new and is_page and request.matched_route is not None and request.identity is not None


def note_view(request: Request, object_kind: str, object_id: str, **asked: Any) -> None:
    """Record that this person looked at a thing: in a batch, durable within a second.

    `asked` are JSON values for the sealed details, such as the words of a search. A colleague's entry is of the
    kind `person`, with the public id: who was looked at sees it under "Who looked at my data".
    """
    request.environ["xinglin.noted"] = True
    request.registry.xinglin_recorder.note(request.actor, object_kind, object_id, asked)


def safely(request: Request, what: str, function: Callable[[], Any]) -> tuple[bool, Any]:
    """Whether a piece of a page (`what`: a badge, a card) could be made, and what it is; a failing one is logged."""
    return call_safely(request.db, what, "a page", function)


def locale_name(request: Request) -> str:
    """The person's language; for strangers the cookie's, then the site's."""
    identity = request.identity
    if identity is not None:
        return str(identity.locale)
    wanted = request.cookies.get("xinglin_locale", "")
    return wanted if wanted in ("zh_CN", "en") else str(request.settings.default_locale)


def translate(request: Request, text: str, **mapping: object) -> str:
    """`text` in the reader's language."""
    return str(request.registry.xinglin_words.translate(text, request.locale_name, mapping))

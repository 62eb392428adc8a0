"""A module full of holes, for the scanned demo only: a scanner that does not find these holes was blind.

It is found by an entry point that `demo.start` writes into the scan's own folder; no installation knows it.
"""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import text

from xinglin import API_VERSION, __version__, hookimpl
from xinglin.types import Manifest, MenuItem

PERSON = "core:person"
PATH = "/planted"
HOLES = frozenset(
    {
        ("crawl", "inline-script"),
        ("crawl", "server-error"),
        ("wapiti", "Reflected-Cross-Site-Scripting"),
        ("wapiti", "SQL-Injection"),
        ("wapiti", "Open-Redirect"),
        ("schemathesis", "Server-error"),
    }
)
"""Tool and rule of what each scanner must find here."""
FORMS = """
<!doctype html><title>weak</title><p onclick="go()">{said}</p>
<a href="/planted/find?staff=10021">find</a> <a href="/planted/go?to=/news">go</a> <a href="/planted/number?number=1">number</a>
<form action="/planted" method="get"><input name="said" value="hello"><button>say</button></form>
"""


def page(request: Request) -> Response:
    return Response(FORMS.replace("{said}", request.GET.get("said", "")))


def find(request: Request) -> Response:
    found = request.db.execute(
        text(f"SELECT name FROM core_person WHERE staff_no = '{request.GET.get('staff', '')}'")
    )
    return Response("<!doctype html><p>Found: " + ", ".join(str(row.name) for row in found))


def go(request: Request) -> Response:
    return HTTPFound(request.GET.get("to", "/"))


def number(request: Request) -> Response:
    return Response(json={"number": 100 // int(request.GET.get("number", "0"))})


@hookimpl
def xinglin_manifest() -> Manifest:
    return Manifest("planted", "planted", __version__, API_VERSION, "Holes that scanners must find.")


@hookimpl
def xinglin_configure(config: Configurator) -> None:
    views: dict[str, Any] = {"": page, "/find": find, "/go": go, "/number": number}
    for suffix, view in views.items():
        name = f"planted.{view.__name__}"
        config.add_route(name, PATH + suffix)
        config.add_view(view, route_name=name, request_method="GET", permission=PERSON)


@hookimpl
def xinglin_menu() -> list[MenuItem]:
    return [MenuItem("planted", "planted", "planted.page", "people", PERSON)]

"""What every page of a module can rely on: services, the menu, the time, the words, the record of a look."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from tests.conftest import Vendor, log_in

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.kernel.cli_context import CliContext
from xinglin.kernel.configuration import note
from xinglin.testing.databases import SQLiteMaker
from xinglin.testing.portal import Portal

HOOKS = """
from dataclasses import dataclass

@dataclass
class Counter:
    request: object
    count: int = 0

def page(request):
    request.service(Counter).count += 1
    request.note_view("thing", "t-1")
    return {"count": request.service(Counter).count, "now": request.clock.now()}

@hookimpl
def xinglin_configure(config):
    config.add_service(Counter, lambda context, request: Counter(request))
    config.add_route("alpha.page", "/alpha")
    config.add_route("alpha.below", "/alpha/below")
    config.add_view(page, route_name="alpha.page", permission="core:staff", renderer="alpha/page.jinja2")
    config.add_view(page, route_name="alpha.below", permission="core:staff", renderer="alpha/page.jinja2")

@hookimpl
def xinglin_menu():
    return [
        MenuItem("alpha", "Alpha", "alpha.page", "news", "core:staff", badge=lambda request: 3),
        MenuItem("alpha.boss", "Boss", "alpha.below", "news", "core:administrator"),
    ]
"""
PAGE = """{% extends "layout.jinja2" %}{% block content %}
<p>count {{ count }} at {{ format_time(now) }} on {{ format_time(now, "%d.%m.") }}</p>
{% for entry in menu %}<i>{{ entry.title }} {{ entry.url }} {{ entry.badge }} {{ entry.is_here }}</i>{% endfor %}
<b>{{ _("Home page") }}</b><u>{{ request_key()|length > 16 }}</u>
{% endblock %}"""


@pytest.fixture
def portal(vendor: Vendor, make_portal: Callable[..., Portal], sqlite_maker: SQLiteMaker) -> Portal:
    package = vendor.install("alpha", HOOKS)
    (package / "templates" / "alpha").mkdir(parents=True)
    (package / "templates" / "alpha" / "page.jinja2").write_text(PAGE, encoding="utf-8")
    return make_portal(database=sqlite_maker.fresh(), plugins=("alpha",))


def test_a_service_is_made_once_a_request(portal: Portal) -> None:
    browser = log_in(portal)
    assert "count 1 " in browser.get("/alpha").text
    assert "count 1 " in browser.get("/alpha").text


def test_time_is_that_of_the_hospital(portal: Portal) -> None:
    assert "at 2026-11-23 09:00 on 23.11." in log_in(portal).get("/alpha").text


def test_the_menu_shows_what_the_person_may_use_and_where_he_is(portal: Portal) -> None:
    browser = log_in(portal)
    assert "<i>Alpha /alpha 3 True</i>" in browser.get("/alpha").text
    assert "<i>Alpha /alpha 3 True</i>" in browser.get("/alpha/below").text
    assert "Boss" not in browser.get("/alpha").text


@pytest.mark.parametrize(
    ("locale", "lang", "words"), [("zh_CN", "zh-CN", "回到首页"), ("en", "en", "Home page")]
)
def test_words_are_in_the_language_of_the_person(portal: Portal, locale: str, lang: str, words: str) -> None:
    page = log_in(portal, locale=locale).get("/alpha").text
    assert f"<b>{words}</b>" in page
    assert f'<html lang="{lang}"' in page


def test_a_look_is_recorded_with_who_looked(portal: Portal) -> None:
    log_in(portal).get("/alpha")
    portal.wsgi.registry.xinglin_recorder.stop()
    with portal.site.database.read_session() as session:
        row = session.scalars(select(AuditRecord).where(AuditRecord.action == "page.view")).one()
    assert (row.actor_kind, row.actor_name, row.object_kind, row.object_id) == (
        "person",
        "李护士",
        "thing",
        "t-1",
    )


def test_a_theme_overrides_a_page(
    vendor: Vendor, make_portal: Callable[..., Portal], sqlite_maker: SQLiteMaker, tmp_path: object
) -> None:
    theme = vendor.folder / "theme"
    theme.mkdir(parents=True)
    (theme / "error.jinja2").write_text("<h1>ours: {{ message }}</h1>", encoding="utf-8")
    portal = make_portal(database=sqlite_maker.fresh(), plugins=("portal",), theme_folder=str(theme))
    assert portal.browser().get("/nothing", status=404).text.startswith("<h1>ours: ")


class TestNotedConfiguration:
    def changes(self, portal: Portal) -> list[str]:
        with portal.site.database.read_session() as session:
            query = select(AuditRecord).where(AuditRecord.action == "config.change")
            return [details_of(row, portal.site.keyring) for row in session.scalars(query)]

    def test_a_start_is_recorded_and_a_change_before_and_after(
        self, portal: Portal, make_portal: Callable[..., Portal]
    ) -> None:
        note(CliContext(portal.site))
        note(CliContext(portal.site))
        assert self.changes(portal) == []
        keys = portal.site.settings.secrets_folder
        changed = make_portal(
            database=portal.site.database, plugins=("alpha",), threads="6", secrets_folder=keys
        )
        note(CliContext(changed.site))
        (change,) = self.changes(portal)
        assert '"[xinglin] threads": "6"' in change
        assert '"[xinglin] threads": null' in change
        assert '"[xinglin] site_name"' not in change

    def test_a_changed_secret_is_recorded_and_not_told(self, portal: Portal) -> None:
        secret = portal.site.settings.secrets_folder / "sms_token"
        for value in ("first-token-0123456789", "second-token-0123456789"):
            secret.write_text(value, encoding="utf-8")
            secret.chmod(0o600)
            note(CliContext(portal.site))
        (change,) = self.changes(portal)
        assert "[secrets] sms_token" in change
        assert "token-0123456789" not in change

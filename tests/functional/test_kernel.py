"""The portal with good and bad plugins: a bad one is left out loudly and alone, and what is off is gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from tests.conftest import Vendor, log_in

from xinglin.kernel.jobs_models import JobRun
from xinglin.kernel.plugins import PluginError
from xinglin.testing.databases import SQLiteMaker
from xinglin.testing.portal import Portal

MakePortal = Callable[..., Portal]
PAGE = """
def page(request):
    return Response("{name} is here")

@hookimpl
def xinglin_configure(config):
    config.add_route("{name}.page", "/{name}")
    config.add_view(page, route_name="{name}.page", permission="core:public")
"""
BADGE = """
from sqlalchemy import text

def badge(request):
    {fault}

@hookimpl
def xinglin_menu():
    return [MenuItem("alpha", "Menu of alpha", "alpha.page", "news", "core:staff", badge=badge)]
"""
WHOLE = (
    PAGE
    + """
@hookimpl
def xinglin_permissions():
    return [Permission("{name}:read", "Read", "Read it.")]

@hookimpl
def xinglin_menu():
    return [MenuItem("{name}", "Menu of {name}", "{name}.page", "news", "core:staff", badge=lambda request: 7)]

@hookimpl
def xinglin_push_kinds():
    return [PushKind("{name}.notice", "Messages of {name}", "Sent by {name}.")]

@hookimpl
def xinglin_jobs():
    return [Job("clean", lambda context: None, timedelta(hours=1))]
"""
)


@pytest.fixture
def build(make_portal: MakePortal, sqlite_maker: SQLiteMaker) -> MakePortal:
    """`build("alpha", "beta", strict="false")`: a portal with these modules on."""

    def made(*names: str, **settings: str) -> Portal:
        return make_portal(database=sqlite_maker.fresh(), plugins=names, **{"strict": "false", **settings})

    return made


def is_there(portal: Portal, name: str) -> bool:
    return portal.browser().get(f"/{name}", expect_errors=True).status_int == 200


def quarantined(portal: Portal) -> dict[str, str]:
    found = portal.wsgi.registry.xinglin_plugins.quarantined
    return {name: f"{lost.stage}: {lost.reason}" for name, lost in found.items()}


def broken(hook: str, fault: str = "ValueError") -> str:
    argument = "config" if hook == "configure" else ""
    return f"@hookimpl\ndef xinglin_{hook}({argument}):\n    raise {fault}('no luck in {hook}')\n"


@pytest.mark.parametrize(
    "hook",
    [
        "settings",
        "permissions",
        "configure",
        "menu",
        "cards",
        "push_kinds",
        "push_handlers",
        "jobs",
        "manifest",
    ],
)
class TestAHookThatFails:
    def install(self, vendor: Vendor, hook: str) -> None:
        manifest = {"manifest": ""} if hook == "manifest" else {}
        vendor.install("alpha", PAGE.format(name="alpha"))
        vendor.install("beta", broken(hook), **manifest)  # type: ignore[arg-type]
        vendor.install("gamma", PAGE.format(name="gamma"))

    def test_costs_its_own_plugin_only(
        self, vendor: Vendor, build: MakePortal, caplog: pytest.LogCaptureFixture, hook: str
    ) -> None:
        self.install(vendor, hook)
        portal = build("alpha", "beta", "gamma")
        assert is_there(portal, "alpha")
        assert is_there(portal, "gamma")
        assert f"no luck in {hook}" in quarantined(portal)["beta"]
        assert "quarantined plugin beta" in caplog.text
        health = portal.browser().get("/health", expect_errors=True).json
        assert {"name": "module beta", "well": False} in health["checks"]
        assert health["well"] is False

    def test_stops_the_start_when_strict(self, vendor: Vendor, build: MakePortal, hook: str) -> None:
        self.install(vendor, hook)
        with pytest.raises(PluginError, match=f"plugin beta: .*no luck in {hook}"):
            build("alpha", "beta", "gamma", strict="true")

    def test_stops_the_start_when_the_site_requires_it(
        self, vendor: Vendor, build: MakePortal, hook: str
    ) -> None:
        self.install(vendor, hook)
        with pytest.raises(PluginError, match="plugin beta: "):
            build("alpha", "beta", required="beta")


@pytest.mark.parametrize("code", ["raise SystemExit(3)", broken("configure", "SystemExit")])
def test_a_plugin_that_ends_the_program_is_left_out(vendor: Vendor, build: MakePortal, code: str) -> None:
    vendor.install("alpha", PAGE.format(name="alpha"))
    vendor.install("beta", code)
    portal = build("alpha", "beta")
    assert is_there(portal, "alpha")
    assert "SystemExit" in quarantined(portal)["beta"]


@pytest.mark.parametrize(
    ("configure", "reason"),
    [
        (
            "config.add_route('beta.page', '/beta')\n    config.add_view(page, route_name='beta.page')",
            "has the permission None, which nobody declares. Cure: name a declared permission",
        ),
        (
            (
                "config.add_route('beta.page', '/beta')\n"
                "    config.add_view(page, route_name='beta.page', permission='beta:read')"
            ),
            "has the permission 'beta:read', which nobody declares",
        ),
        (
            (
                "from pyramid.security import NO_PERMISSION_REQUIRED\n"
                "    config.add_route('beta.page', '/beta')\n"
                "    config.add_view(page, route_name='beta.page', permission=NO_PERMISSION_REQUIRED)"
            ),
            "which nobody declares",
        ),
        (
            (
                "from functools import partial\n"
                "    config.add_route('beta.page', '/beta')\n"
                "    config.add_view(partial(lambda request, x: Response(x), x='open'), route_name='beta.page')"
            ),
            "has the permission None",
        ),
        ("config.add_route('beta.page', '/news')", "route beta.page must have an address below /beta"),
        ("config.add_route('beta.page', '/betatron')", "route beta.page must have an address below /beta"),
        (
            "config.add_route('alpha.page2', '/beta')",
            "route alpha.page2 does not begin with beta. Cure: call it beta.page2",
        ),
        ("config.add_route('page', '/beta')", "route page does not begin with beta. Cure: call it beta.page"),
        ("config.add_view(page, route_name='alpha.page', permission='core:public')", "conflict"),
        ("config.add_view(page, route_name='beta.none', permission='core:public')", "beta.none"),
        ("config.include('no.such.module')", "ModuleNotFoundError"),
        ("config.add_view(page, name='x', no_such_predicate=1)", "no_such_predicate"),
    ],
)
def test_a_configuration_that_harms_others_is_left_out(
    vendor: Vendor, build: MakePortal, configure: str, reason: str
) -> None:
    vendor.install("alpha", PAGE.format(name="alpha"))
    page = "def page(request):\n    return Response('taken over')\n"
    vendor.install("beta", f"{page}\n@hookimpl\ndef xinglin_configure(config):\n    {configure}\n")
    portal = build("alpha", "beta")
    assert reason.lower() in quarantined(portal)["beta"].lower()
    assert portal.browser().get("/alpha").text == "alpha is here"
    assert not is_there(portal, "beta")


def test_a_menu_that_leads_nowhere_is_left_out(vendor: Vendor, build: MakePortal) -> None:
    vendor.install("alpha", PAGE.format(name="alpha"))
    item = "MenuItem('beta', 'Beta', 'beta.gone', 'news', 'core:staff')"
    vendor.install("beta", f"@hookimpl\ndef xinglin_menu(): return [{item}]")
    portal = build("alpha", "beta")
    assert "beta leads to the route beta.gone, which nobody makes" in quarantined(portal)["beta"]
    assert is_there(portal, "alpha")


def test_who_needs_a_broken_plugin_is_left_out_too(vendor: Vendor, build: MakePortal) -> None:
    vendor.install("alpha", broken("jobs"))
    vendor.install("beta", PAGE.format(name="beta"), requires=("alpha",))
    vendor.install("gamma", PAGE.format(name="gamma"))
    portal = build("alpha", "beta", "gamma")
    assert list(quarantined(portal)) == ["alpha", "beta"]
    assert quarantined(portal)["beta"].startswith("requires: needs alpha")
    assert is_there(portal, "gamma")


@pytest.mark.parametrize(
    "names",
    [(), ("portal",), ("news",), ("example",), ("portal", "news", "example"), ("example", "news", "portal")],
)
def test_boot_matrix(build: MakePortal, names: tuple[str, ...]) -> None:
    portal = build(*names, strict="true")
    assert quarantined(portal) == {}
    assert portal.browser().get("/login").status_int == 200
    home = portal.browser().get("/", expect_errors=True)
    assert home.status_int == (302 if "portal" in names else 404)


class TestSwitchedOff:
    @pytest.fixture
    def portal(self, vendor: Vendor, build: MakePortal) -> Portal:
        vendor.install("alpha", WHOLE.format(name="alpha"))
        return build("portal", "alpha")

    def after(self, portal: Portal, make_portal: MakePortal, *names: str) -> Portal:
        return make_portal(database=portal.site.database, plugins=names)

    def test_all_of_a_plugin_is_gone_and_comes_back(self, portal: Portal, make_portal: MakePortal) -> None:
        assert self.seen(portal, "1001") == (True, True, True, True)
        off = self.after(portal, make_portal, "portal")
        assert self.seen(off, "1002") == (False, False, False, False)
        on = self.after(portal, make_portal, "portal", "alpha")
        assert self.seen(on, "1003") == (True, True, True, True)

    def seen(self, portal: Portal, staff_no: str) -> tuple[bool, bool, bool, bool]:
        """Its page, its menu item on the home page, its kind of message among a person's settings, its job."""
        browser = log_in(portal, staff_no)
        portal.site.clock.advance(days=1)  # type: ignore[attr-defined]
        with portal.session() as (session, _audit):
            for row in session.scalars(select(JobRun)):
                session.delete(row)
        portal.work()
        portal.site.clock.advance(days=-1)  # type: ignore[attr-defined]
        with portal.session() as (session, _audit):
            jobs = set(session.scalars(select(JobRun.name)))
        return (
            is_there(portal, "alpha"),
            "Menu of alpha" in browser.get("/").text,
            "Messages of alpha" in browser.get("/me").text,
            "alpha.clean" in jobs,
        )


class TestAPieceOfAPageThatFails:
    @pytest.mark.parametrize(
        "fault",
        ["1 / 0", "raise SystemExit(3)", "return request.db.scalar(text('SELECT nothing FROM nowhere'))"],
    )
    def test_a_badge_costs_its_number_only(
        self,
        vendor: Vendor,
        make_portal: MakePortal,
        database: object,
        fault: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        vendor.install("alpha", PAGE.format(name="alpha") + BADGE.format(fault=fault))
        portal = make_portal(database=database, plugins=("portal", "alpha"))
        page = log_in(portal).get("/")
        assert page.status_int == 200
        assert "Menu of alpha" in page.text
        assert "badge alpha failed" in caplog.text

    def test_a_card_costs_itself_only(
        self, vendor: Vendor, build: MakePortal, caplog: pytest.LogCaptureFixture
    ) -> None:
        vendor.install(
            "alpha",
            PAGE.format(name="alpha")
            + "\n@hookimpl\ndef xinglin_cards():\n"
            + "    return [Card('alpha', 'Card of alpha', 'error.jinja2', lambda request: 1 / 0, 'core:staff')]",
        )
        page = log_in(build("portal", "alpha")).get("/")
        assert page.status_int == 200
        assert "Card of alpha" not in page.text
        assert "card alpha failed" in caplog.text

    def test_a_health_line_costs_itself_only(self, vendor: Vendor, build: MakePortal) -> None:
        vendor.install(
            "alpha", "@hookimpl\ndef xinglin_health(session): return [HealthCheck('alpha', True, 'well')]"
        )
        vendor.install("beta", "@hookimpl\ndef xinglin_health(session): 1 / 0")
        checks = build("alpha", "beta").browser().get("/health", expect_errors=True).json["checks"]
        assert {"name": "alpha", "well": True} in checks

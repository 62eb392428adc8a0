"""What the admin API says of modules, also of those that are broken, off, or gone."""

from __future__ import annotations

import pytest
from tests.functional.admin_api.caller import tool_of

pytestmark = pytest.mark.plugins("portal", "news")


def test_modules_are_shown_with_what_is_wrong(make_portal, sqlite_maker, clock, vendor):
    vendor.install(
        "alpha", "@hookimpl\ndef xinglin_configure(config):\n    raise RuntimeError('no luck\\nat all')"
    )
    vendor.install("beta", requires=("gamma",))
    portal = make_portal(
        database=sqlite_maker.fresh(),
        plugins=("portal", "alpha", "beta", "ghost", "news"),
        strict="false",
        required="portal",
    )
    tool = tool_of(portal, clock)
    tool.log_in()

    modules = {one["name"]: one for one in tool.get("modules").json["modules"]}

    assert list(modules)[:5] == ["portal", "alpha", "beta", "ghost", "news"]
    assert (modules["portal"]["state"], modules["portal"]["is_required"]) == ("enabled", True)
    assert (modules["news"]["state"], modules["news"]["title"]) == ("enabled", "新闻公告")
    assert (modules["alpha"]["state"], modules["alpha"]["version"]) == ("quarantined", "1.0")
    assert modules["alpha"]["error"] == "configure: RuntimeError: no luck"
    assert "xinglin plugins check" in modules["alpha"]["cure"]
    assert modules["beta"]["error"] == "requires: needs gamma."
    assert modules["beta"]["cure"] == "add gamma to plugins, or remove beta"
    assert (modules["ghost"]["state"], modules["ghost"]["version"]) == ("quarantined", "")
    assert modules["example"]["state"] == "disabled"
    assert "example" in modules["example"]["cure"]


def test_a_module_whose_objects_fail_does_not_hide_the_others(make_portal, sqlite_maker, clock, vendor):
    vendor.install(
        "alpha",
        """
        def objects(session):
            raise RuntimeError("no luck")

        @hookimpl
        def xinglin_permissions():
            return [Permission("alpha:do", "Do", "Do it", is_delegable=True, objects=objects)]
        """,
    )
    portal = make_portal(database=sqlite_maker.fresh(), plugins=("portal", "alpha", "news"))
    tool = tool_of(portal, clock)
    tool.log_in()

    permissions = tool.get("permissions").json["permissions"]

    assert [one["name"] for one in permissions] == ["alpha:do", "news:publish"]
    assert permissions[0]["objects"] == []
    assert permissions[0]["has_object"]


def test_the_contract_itself_can_be_read_with_a_token(tool):
    answer = tool.get("openapi.yaml")
    assert answer.status_int == 200
    assert b"Xinglin administration API" in answer.body


def test_a_grant_outlives_its_module(tool, make_portal, hospital):
    tool.grant()
    tool.http = make_portal(database=hospital.site.database, plugins=("portal",)).browser()

    grant = tool.get("grants").json["grants"][0]

    assert grant["permission"] == {"name": "news:publish", "title": "news:publish"}
    assert grant["object"] == {"key": "departments", "title": "departments"}
    assert tool.get("permissions").json == {"permissions": []}
    assert tool.delete(f"grants/{grant['id']}").status_int == 204

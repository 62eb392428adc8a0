"""Loading plugins: only the named ones are imported, and each fault is laid at the door of the one that has it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from tests.conftest import Vendor

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import Actor, AuditTrail
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import Session
from xinglin.kernel.ini import IniFile, SettingsError
from xinglin.kernel.plugins import PluginError, PluginSet, call_each, discover, load
from xinglin.testing.clock import FrozenClock

INI = IniFile(Path("/etc/xinglin/site.ini"))


def loaded(*names: str, ini: IniFile = INI) -> PluginSet:
    return load(names, ini, {})


def refused(*names: str) -> PluginError:
    with pytest.raises(PluginError) as caught:
        loaded(*names)
    return caught.value


def test_installed_plugins_are_found_without_being_imported(vendor: Vendor) -> None:
    vendor.install("alpha", "raise SystemExit('imported')")
    assert "alpha" in discover()
    assert {"portal", "news", "example"} <= set(discover())
    assert vendor.packages[0] not in sys.modules


def test_only_the_named_ones_are_loaded_in_the_order_of_the_ini(vendor: Vendor) -> None:
    for name in ("alpha", "beta", "gamma"):
        vendor.install(name)
    assert list(loaded("gamma", "alpha").plugins) == ["gamma", "alpha"]
    assert vendor.packages[1] not in sys.modules


def test_what_is_not_installed_is_named_with_a_cure(vendor: Vendor) -> None:
    vendor.install("alpha")
    error = refused("alpha", "betta")
    assert str(error).startswith(
        "plugin betta: discover: not installed. Cure: install its package; known: alpha"
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("1 / 0", "ZeroDivisionError"),
        ("def broken(:", "SyntaxError"),
        ("@hookimpl\ndef xinglin_menus(): return []", "xinglin_menus"),
        ("@hookimpl\ndef xinglin_health(sesion): return []", "sesion"),
    ],
)
def test_a_module_that_cannot_be_imported(vendor: Vendor, source: str, reason: str) -> None:
    vendor.install("alpha", source)
    error = refused("alpha")
    assert (error.plugin, error.stage) == ("alpha", "import")
    assert reason in error.reason


def test_a_plugin_for_another_api(vendor: Vendor) -> None:
    vendor.install("alpha", api=2)
    assert str(refused("alpha")) == (
        "plugin alpha: manifest: was written for plugin API 2, this is 1. Cure: update it"
    )


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "@hookimpl\ndef xinglin_manifest(): return None\n",
        "@hookimpl\ndef xinglin_manifest(): return 'alpha'\n",
        "@hookimpl\ndef xinglin_manifest(): return Manifest('beta', 'b', '1', 1, 's')\n",
    ],
)
def test_a_plugin_that_does_not_say_who_it_is(vendor: Vendor, manifest: str) -> None:
    vendor.install("alpha", manifest=manifest)
    error = refused("alpha")
    assert error.stage == "manifest"
    assert "xinglin_manifest must return a Manifest named alpha" in error.reason


def test_a_plugin_that_needs_another(vendor: Vendor) -> None:
    vendor.install("alpha", requires=("beta",))
    vendor.install("beta")
    assert list(loaded("alpha", "beta").plugins) == ["alpha", "beta"]
    error = refused("alpha")
    assert (error.stage, error.reason) == (
        "requires",
        "needs beta. Cure: add beta to plugins, or remove alpha",
    )


SETTINGS = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Settings:
    colour: str = setting(summary="a colour")

@hookimpl
def xinglin_settings():
    return Settings
"""


class TestSettings:
    def ini(self, **values: str) -> IniFile:
        return IniFile(INI.path, {"xinglin:alpha": values})

    def test_come_from_the_section_of_the_plugin(self, vendor: Vendor) -> None:
        vendor.install("alpha", SETTINGS)
        found = loaded("alpha", ini=self.ini(colour="red"))
        assert found.settings_of("alpha").colour == "red"
        with pytest.raises(KeyError):
            found.settings_of("beta")

    def test_a_wrong_ini_is_the_fault_of_the_ini(self, vendor: Vendor) -> None:
        vendor.install("alpha", SETTINGS)
        with pytest.raises(SettingsError, match=r"site\.ini: \[xinglin:alpha\] colour: required and not set"):
            loaded("alpha")
        with pytest.raises(SettingsError, match=r"color: unknown key\. Cure: did you mean colour"):
            loaded("alpha", ini=self.ini(color="red"))

    def test_a_plugin_without_settings_accepts_none(self, vendor: Vendor) -> None:
        vendor.install("alpha")
        with pytest.raises(SettingsError, match="known keys: none"):
            loaded("alpha", ini=self.ini(colour="red"))

    def test_a_wrong_class_is_the_fault_of_the_plugin(self, vendor: Vendor) -> None:
        vendor.install("alpha", "@hookimpl\ndef xinglin_settings(): return dict")
        assert refused("alpha").stage == "settings"


@pytest.mark.parametrize(
    ("hook", "stage", "reason"),
    [
        (
            "permissions(): return [Permission('read', 't', 's')]",
            "permission",
            "'read' must begin with 'alpha:'",
        ),
        (
            "permissions(): return [Permission('beta:read', 't', 's')]",
            "permission",
            "must begin with 'alpha:'",
        ),
        ("push_kinds(): return [PushKind('notice', 't', 's')]", "push kind", "must begin with 'alpha.'"),
        ("permissions(): return ['alpha:read']", "xinglin_permissions", "instead of Permission"),
        ("permissions(): return None", "xinglin_permissions", "TypeError"),
        (
            "menu(): return [MenuItem('alpha', 't', 'alpha.home', 'i', 'core:staff', slot='menu.left')]",
            "menu",
            "unknown slot 'menu.left'. Cure: one of menu.main, menu.author",
        ),
        (
            "cards(): return [Card('alpha', 't', 'a.jinja2', dict, 'core:staff', slot='home.left')]",
            "menu",
            "unknown slot 'home.left'",
        ),
        (
            "menu(): return [MenuItem('alpha', 't', 'alpha.home', 'i', 'alpha:read')]",
            "menu",
            "alpha: permission 'alpha:read' is not declared",
        ),
    ],
)
def test_a_wrong_declaration(vendor: Vendor, hook: str, stage: str, reason: str) -> None:
    vendor.install("alpha", f"@hookimpl\ndef xinglin_{hook}")
    error = refused("alpha")
    assert (error.plugin, error.stage) == ("alpha", stage)
    assert reason in error.reason


@pytest.mark.parametrize(
    ("hook", "stage", "reason"),
    [
        (
            "permissions(): return [Permission('alpha:read', 't', 's')] * 2",
            "permission",
            "alpha:read is declared twice",
        ),
        (
            "push_kinds(): return [PushKind('alpha.notice', 't', 's')] * 2",
            "push kind",
            "alpha.notice is declared twice",
        ),
        ("jobs(): return [Job('clean', print, timedelta(1))] * 2", "job", "clean is declared twice"),
    ],
)
def test_one_name_for_two_things(vendor: Vendor, hook: str, stage: str, reason: str) -> None:
    vendor.install("alpha", f"@hookimpl\ndef xinglin_{hook}")
    error = refused("alpha")
    assert (error.stage, error.reason) == (stage, reason)


def test_menu_and_cards_stand_in_their_order(vendor: Vendor) -> None:
    for name, order in (("alpha", 30), ("beta", 10), ("gamma", 20)):
        item = f"MenuItem('{name}', 't', '{name}.home', 'i', 'core:staff', order={order})"
        vendor.install(name, f"@hookimpl\ndef xinglin_menu(): return [{item}]")
    assert [item.key for item in loaded("alpha", "beta", "gamma").menu] == ["beta", "gamma", "alpha"]


class TestCallEach:
    WRITER = """
    from sqlalchemy import text

    @hookimpl
    def xinglin_health(session):
        session.execute(text("UPDATE core_audit_record SET result = '{name}'"))
        {end}
    """

    @pytest.fixture
    def row(self, session: Session, clock: FrozenClock, keyring: Keyring) -> None:
        AuditTrail(session, Actor.system("test"), clock, keyring).record("test.row")
        session.flush()

    @pytest.mark.usefixtures("row")
    def test_what_a_failing_one_did_is_undone_and_the_others_go_on(
        self, vendor: Vendor, session: Session, caplog: pytest.LogCaptureFixture
    ) -> None:
        vendor.install("alpha", self.WRITER.format(name="alpha", end="return ['alpha is well']"))
        vendor.install("beta", self.WRITER.format(name="beta", end="raise ValueError('no luck')"))
        vendor.install("gamma", "@hookimpl\ndef xinglin_health(session): return ['gamma is well']")
        answers = call_each(loaded("alpha", "beta", "gamma"), "xinglin_health", session)
        assert answers == [("alpha", ["alpha is well"]), ("gamma", ["gamma is well"])]
        assert session.scalar(text("SELECT result FROM core_audit_record")) == "alpha"
        assert "plugin beta failed in xinglin_health; the others go on" in caplog.text

    @pytest.mark.usefixtures("row")
    def test_even_a_broken_statement_leaves_the_transaction_usable(
        self, vendor: Vendor, session: Session
    ) -> None:
        vendor.install(
            "alpha",
            "from sqlalchemy import text\n"
            "@hookimpl\ndef xinglin_health(session): session.execute(text('SELECT nothing FROM nowhere'))",
        )
        assert call_each(loaded("alpha"), "xinglin_health", session) == []
        assert session.scalar(select(func.count()).select_from(AuditRecord)) == 1

    def test_a_hook_may_take_only_what_it_needs(self, vendor: Vendor, session: Session) -> None:
        vendor.install("alpha", "@hookimpl\ndef xinglin_health(): return ['without a session']")
        assert call_each(loaded("alpha"), "xinglin_health", session) == [("alpha", ["without a session"])]

"""The `xinglin` command: what it says, what it changes, what it records, and its exit codes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from sqlalchemy import text
from tests.conftest import Vendor
from tests.functional.commands.shell import Shell

from xinglin.kernel import cli
from xinglin.kernel.db import Database


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("words", [(), *commands(cli.xinglin)], ids=" ".join)
def test_every_command_explains_itself_without_a_site(bare: Shell, words: tuple[str, ...]) -> None:
    bare.ini.unlink()
    said = bare.run(*words, "--help")
    assert said.code == 0
    assert said.out.startswith("Usage: xinglin")
    explanation = said.out.splitlines()[2].strip()
    assert len(explanation) > 10


class TestInit:
    def test_makes_folders_and_a_key_that_only_the_portal_can_read(self, bare: Shell) -> None:
        said = bare.run("init")
        assert said.code == 0
        assert "back it up" in said.out
        key = bare.ini.parent / "secrets" / "master.key"
        assert key.stat().st_mode & 0o777 == 0o600
        assert (bare.ini.parent / "files").is_dir()

    def test_keeps_the_key_that_is_there(self, bare: Shell) -> None:
        bare.run("init")
        key = bare.ini.parent / "secrets" / "master.key"
        before = key.read_bytes()
        assert bare.run("init").code == 0
        assert key.read_bytes() == before


class TestFaults:
    """One sentence with the cure on stderr, never a traceback."""

    @pytest.mark.parametrize(
        ("before", "after", "words"),
        [
            (
                "plugins = portal",
                "plugin = portal",
                "[xinglin] plugin: unknown key. Cure: did you mean plugins?",
            ),
            ("site_name = 江北市妇女儿童医院\n", "", "[xinglin] site_name: required and not set"),
            ("[xinglin:news]", "[xinglin:newz]", "no module is called newz"),
            ("[xinglin:news]", "[xinglin_news]", "nobody reads this section. Cure: [xinglin:news]"),
            ("news\n", "newz\n", "plugin newz: discover: not installed"),
            ("plugins = portal", "strict = perhaps\nplugins = portal", "'perhaps' is neither true nor false"),
        ],
    )
    def test_a_wrong_setting(self, site: Shell, before: str, after: str, words: str) -> None:
        changed = site.ini.read_text(encoding="utf-8").replace(before, after, 1)
        site.ini.write_text(
            changed.replace("required", "strict = true\nrequired", 1) if "newz\n" in after else changed
        )
        said = site.run("plugins", "list")
        assert said.code == 3
        assert words in said.err
        assert said.err.startswith("xinglin: ")
        assert said.err.count("\n") == 1

    def test_no_ini(self, bare: Shell) -> None:
        bare.ini.unlink()
        said = bare.run("doctor")
        assert (said.code, said.err.count("\n")) == (3, 1)
        assert "No such file" in said.err

    def test_no_key(self, bare: Shell) -> None:
        said = bare.run("audit", "show")
        assert (said.code, said.err.count("\n")) == (3, 1)
        assert "xinglin init" in said.err

    def test_no_tables(self, bare: Shell) -> None:
        bare.run("init")
        said = bare.run("audit", "show")
        assert (said.code, said.err.count("\n")) == (1, 1)
        assert "the database cannot be used: no such table" in said.err
        assert "xinglin doctor" in said.err

    def test_no_database(self, bare: Shell) -> None:
        bare.run("init")
        ini = bare.ini.read_text(encoding="utf-8").replace("%(here)s/xinglin.db", "/no/such/folder/x.db")
        bare.ini.write_text(ini, encoding="utf-8")
        said = bare.run("db", "upgrade")
        assert (said.code, said.err.count("\n")) == (1, 1)
        assert "unable to open database file" in said.err

    def test_serve_needs_current_tables(self, bare: Shell) -> None:
        bare.run("init")
        said = bare.run("serve")
        assert said.code == 1
        assert "the database is behind. Cure: xinglin db upgrade" in said.err

    def test_a_port_that_is_taken(self, bare: Shell) -> None:
        bare.run("init")
        bare.run("db", "upgrade")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            listen = f"127.0.0.1:{taken.getsockname()[1]}"
            ini = bare.ini.read_text(encoding="utf-8").replace("# The modules", f"listen = {listen}\n#", 1)
            bare.ini.write_text(ini, encoding="utf-8")
            said = bare.run("serve")
        assert said.code == 1
        assert f"cannot listen on {listen}: Address already in use. Cure: stop what uses it" in said.err

    def test_a_folder_that_cannot_be_made(self, bare: Shell) -> None:
        (bare.ini.parent / "files").write_text("a file, no folder")
        said = bare.run("init")
        assert (said.code, said.err.count("\n")) == (1, 1)
        assert "files" in said.err

    def test_wrong_use(self, site: Shell) -> None:
        assert site.run("plugins", "enable", "newz").code == 2
        assert site.run("plugins", "explode").code == 2


class TestDatabase:
    def test_upgrade_makes_the_tables_once_and_records_it(self, bare: Shell) -> None:
        bare.run("init")
        behind = bare.run("db", "check")
        assert behind.code == 1
        assert "core: behind. Cure: xinglin db upgrade" in behind.out
        first = bare.run("db", "upgrade")
        assert (first.code, first.out) == (0, "upgraded: core, news\n")
        again = bare.run("db", "upgrade")
        assert (again.code, again.out) == (0, "everything is current\n")
        assert bare.details(bare.records("db.upgrade")[0]) == {"after": {"areas": ["core", "news"]}}
        assert (bare.run("db", "check").code, bare.records("db.upgrade")[0].actor_kind) == (0, "cli")

    def test_check_finds_a_table_that_is_not_as_the_models_say(self, bare: Shell) -> None:
        bare.run("init")
        bare.run("db", "upgrade")
        database = Database(f"sqlite:///{bare.ini.parent}/xinglin.db")
        with database.writer.begin() as connection:
            connection.execute(text("ALTER TABLE core_person DROP COLUMN position"))
        database.dispose()
        said = bare.run("db", "check")
        assert said.code == 1
        assert "position" in said.out


class TestPlugins:
    def test_list_tells_what_is_on_and_off_and_broken(self, site: Shell, vendor: Vendor) -> None:
        vendor.install("alpha", "raise ValueError('no luck')")
        site.ini.write_text(site.ini.read_text(encoding="utf-8").replace("news\n", "news alpha\n", 1))
        said = site.run("plugins", "list")
        lines = {line.split()[1]: line for line in said.out.splitlines()}
        assert said.code == 0
        assert lines["portal"].startswith("on ")
        assert lines["example"].startswith("off ")
        assert lines["alpha"].startswith("quarantined ")
        assert "no luck" in lines["alpha"]

    def test_enable_changes_one_line_and_is_recorded(self, site: Shell) -> None:
        before = site.ini.read_text(encoding="utf-8")
        said = site.run("plugins", "enable", "example")
        assert (said.code, said.out) == (0, "plugins = portal news example   (restart to apply)\n")
        after = site.ini.read_text(encoding="utf-8")
        assert after == before.replace("plugins = portal\n    news\n", "plugins = portal news example\n")
        record = site.records("plugin.enable")[0]
        assert (record.object_id, record.actor_kind) == ("example", "cli")
        assert site.details(record) == {
            "before": {"plugins": ["portal", "news"]},
            "after": {"plugins": ["portal", "news", "example"]},
        }

    def test_disable_and_enable_leave_the_file_as_it_was(self, site: Shell) -> None:
        site.run("plugins", "disable", "news")
        off = site.ini.read_text(encoding="utf-8")
        assert "plugins = portal\n# Never without the portal.\n" in off
        assert "plugins = not ours\n" in off
        site.run("plugins", "enable", "news")
        assert off.replace("plugins = portal\n", "plugins = portal news\n") == site.ini.read_text(
            encoding="utf-8"
        )
        assert len(site.records("plugin.disable")) == len(site.records("plugin.enable")) == 1

    def test_the_last_one_can_be_disabled(self, site: Shell) -> None:
        plain = site.ini.read_text(encoding="utf-8").replace("required = portal", "required =")
        site.ini.write_text(plain, encoding="utf-8")
        site.run("plugins", "disable", "news")
        assert site.run("plugins", "disable", "portal").code == 0
        assert "\nplugins =\n" in site.ini.read_text(encoding="utf-8")

    def test_what_is_already_so_changes_and_records_nothing(self, site: Shell) -> None:
        before = site.ini.read_text(encoding="utf-8")
        said = site.run("plugins", "enable", "news")
        assert (said.code, said.out) == (0, "nothing to do: news is already so\n")
        assert site.ini.read_text(encoding="utf-8") == before
        assert site.records("plugin.enable") == []

    def test_a_required_one_cannot_be_disabled(self, site: Shell) -> None:
        said = site.run("plugins", "disable", "portal")
        assert said.code == 2
        assert "portal is required by this site" in said.err
        assert site.records("plugin.disable") == []

    def test_without_its_record_nothing_is_changed(self, site: Shell) -> None:
        (site.ini.parent / "xinglin.db").unlink()
        before = site.ini.read_text(encoding="utf-8")
        assert site.run("plugins", "disable", "news").code == 1
        assert site.ini.read_text(encoding="utf-8") == before

    def test_check_names_what_is_broken(self, bare: Shell, vendor: Vendor) -> None:
        bare.run("init")
        assert bare.run("plugins", "check").code == 1, "migrations are behind"
        bare.run("db", "upgrade")
        assert bare.run("plugins", "check").out == "well: portal, news\n"
        vendor.install("alpha", "@hookimpl\ndef xinglin_configure(config): 1 / 0")
        bare.run("plugins", "enable", "alpha")
        said = bare.run("plugins", "check")
        assert said.code == 1
        assert "alpha: configure: ZeroDivisionError: division by zero" in said.out
        assert "Traceback" in said.out


class TestDoctor:
    def test_a_site_in_order(self, bare: Shell) -> None:
        bare.run("init")
        assert bare.run("db", "upgrade").code == 0
        said = bare.run("doctor")
        assert said.code == 0
        assert "BAD" not in said.out
        assert "ok   migrations               current" in said.out

    def test_a_new_site_is_told_what_to_do(self, bare: Shell) -> None:
        bare.run("init")
        (bare.ini.parent / "files").rmdir()
        said = bare.run("doctor")
        assert said.code == 1
        assert "BAD  migrations" in said.out
        assert "cure: run `xinglin db upgrade`" in said.out
        assert "cure: create" in said.out

    def test_missing_secrets_are_named(self, site: Shell) -> None:
        ini = site.ini.read_text(encoding="utf-8").replace("required", "wecom_corp_id = ww1\nrequired", 1)
        site.ini.write_text(ini, encoding="utf-8")
        said = site.run("doctor")
        assert said.code == 1
        assert "BAD  secret wecom_secret" in said.out
        assert "XINGLIN_WECOM_SECRET" in said.out


def test_as_a_real_process_a_fault_is_a_sentence_and_an_exit_code(tmp_path: Path) -> None:
    ini = tmp_path / "site.ini"
    ini.write_text("[xinglin]\nsite_nam = x\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "xinglin.kernel.entry", "doctor"],
        env={**os.environ, "XINGLIN_CONFIG": str(ini)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "did you mean site_name?" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr

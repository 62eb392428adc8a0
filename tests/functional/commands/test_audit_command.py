"""`xinglin audit`: what it shows and checks, and that it is itself recorded."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import text
from tests.functional.commands.shell import Shell

from xinglin.kernel.db import Database


class TestAudit:
    def test_show_is_itself_recorded_and_names_the_acts(self, site: Shell) -> None:
        site.run("plugins", "enable", "example")
        said = site.run("audit", "show", "--action", "plugin.*")
        assert said.code == 0
        assert "plugin.enable" in said.out
        assert "example" in said.out
        assert len(site.records("audit.read")) == 1

    def test_show_as_json_lines(self, site: Shell) -> None:
        site.run("plugins", "enable", "example")
        site.run("plugins", "disable", "news")
        rows = [json.loads(line) for line in site.run("audit", "show", "--json").out.splitlines()]
        assert [row["action"] for row in rows] == ["plugin.enable", "plugin.disable"]

    def test_show_finds_by_actor_object_and_time(self, site: Shell) -> None:
        site.run("plugins", "enable", "example")
        site.run("plugins", "disable", "news")
        assert "plugin.disable" not in site.run("audit", "show", "--object", "example").out
        assert site.run("audit", "show", "--actor", "nobody").out == ""
        assert site.run("audit", "show", "--since", "2126-01-01").out == ""
        assert "plugin.disable" in site.run("audit", "show", "--since", "2020-01-01").out

    def test_verify_tells_a_well_trail_from_a_changed_one(self, site: Shell) -> None:
        site.run("plugins", "enable", "example")
        said = site.run("audit", "verify")
        assert (said.code, said.out) == (
            0,
            "note: there are no anchors: a cut end could not be seen\n1 records and 0 seals checked, 0 bad\n",
        )
        database = Database(f"sqlite:///{site.ini.parent}/xinglin.db")
        with database.writer.begin() as connection:
            connection.execute(text("DROP TRIGGER IF EXISTS core_audit_record_refuse_update"))
            connection.execute(
                text("UPDATE core_audit_record SET object_id = 'news' WHERE object_id = 'example'")
            )
        database.dispose()
        said = site.run("audit", "verify")
        assert said.code == 1
        assert "BAD record 1" in said.out
        assert "was changed after it was written" in said.out
        assert len(site.records("audit.verify")) == 2

    def test_an_export_is_verified_with_the_keys_alone(self, site: Shell, tmp_path: Path) -> None:
        site.run("plugins", "enable", "example")
        said = site.run("audit", "export", str(tmp_path / "trail.jsonl"))
        assert (said.code, "1 records, 0 seals, SHA-256" in said.out) == (0, True)
        keys = str(site.ini.parent / "secrets")
        arguments = ("audit", "verify", "--file", str(tmp_path / "trail.jsonl"), "--keys", keys)
        site.ini.rename(site.ini.with_suffix(".away"))
        said = site.run(*arguments)
        assert (said.code, said.out) == (0, "1 records and 0 seals checked, 0 bad\n")
        (tmp_path / "trail.jsonl").write_text("{}\n", encoding="utf-8")
        said = site.run(*arguments)
        assert (said.code, "has no signature at its end" in said.err) == (1, True)

    def test_archive_refuses_what_is_too_young(self, site: Shell, tmp_path: Path) -> None:
        said = site.run("audit", "archive", "--before", "2126-01-01", "--folder", str(tmp_path / "old"))
        assert (said.code, "records stay 366 days" in said.err) == (1, True)

    def test_a_retention_below_the_law_stops_the_start(self, site: Shell) -> None:
        ini = site.ini.read_text(encoding="utf-8")
        for line, told in (
            ("audit_retention = 183 d", "less than the six months of the law. Cure: 184 d or more"),
            ("audit_log_host = logs:514", "no log server"),
        ):
            site.ini.write_text(ini.replace("[xinglin]", f"[xinglin]\n{line}", 1), encoding="utf-8")
            said = site.run("audit", "verify")
            assert (said.code, told in said.err) == (3, True)

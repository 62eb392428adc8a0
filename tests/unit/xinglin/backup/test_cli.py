"""`xinglin backup` on a site of its own: what it says, its exit codes, and the emergency pack."""

from __future__ import annotations

import getpass
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin.crypto.service import Keyring
from xinglin.kernel import cli
from xinglin.kernel.db import Database
from xinglin.testing.databases import SQLiteMaker

INI = """[xinglin]
site_name = 江北市妇女儿童医院
public_url = http://127.0.0.1:18080
database = sqlite:///%(here)s/xinglin.db
files_folder = files
secrets_folder = secrets
backup_folder = backups
backup_copy_url = {away}
backup_keys_folder = keynotes
backup_custodians = 院长 张三; 信息科长 李四
backup_contacts = 信息科值班 2580
"""


LABELS = (
    *(
        "主机 / 地址",
        "配置文件",
        "数据库",
        "文件库",
        "备份目录",
        "异地副本",
        "密钥目录",
        "密钥与配置副本目录",
    ),
    *(
        "须重新录入的密码",
        "密钥校验值",
        "数据密钥版本",
        "密钥保管人",
        "联系人",
        "最近一次备份",
        "最近一次恢复演练",
    ),
    *("Host / address", "Settings", "Database", "File store", "Backups", "Second place", "Key folder"),
    *("Copies of keys.json and ini", "Secrets to enter again", "Key check value", "data key version"),
    *("Custodians of the key", "Contacts", "Last good backup", "Last good restore drill"),
)


@dataclass
class Shell:
    """Runs `xinglin` in this process, through its real entry point."""

    ini: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def run(self, *words: str) -> tuple[int, str]:
        """The exit code, and all that was said."""
        self.monkeypatch.setattr(sys, "argv", ["xinglin", "--config", str(self.ini), *words])
        code = 0
        try:
            cli.main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        caught = self.capsys.readouterr()
        return code, caught.out + caught.err

    @property
    def folder(self) -> Path:
        return self.ini.parent

    def backup(self) -> str:
        """Take one; its name."""
        code, said = self.run("backup", "run")
        assert code == 0, said
        return said.partition(":")[0]

    def lose_everything(self) -> None:
        for path in self.folder.glob("xinglin.db*"):
            path.unlink()
        shutil.rmtree(self.folder / "files")


@pytest.fixture
def shell(
    tmp_path: Path,
    sqlite_maker: SQLiteMaker,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Shell:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "site.ini").write_text(INI.format(away=tmp_path / "away"), encoding="utf-8")
    fresh = sqlite_maker.fresh()
    Path(str(fresh.url.database)).rename(folder / "xinglin.db")
    fresh.dispose()
    made = Shell(folder / "site.ini", capsys, monkeypatch)
    assert made.run("init")[0] == 0
    return made


def test_lost_and_restored(shell: Shell) -> None:
    name = shell.backup()
    code, said = shell.run("backup", "list")
    assert (code, said.split()[0]) == (0, name)
    assert shell.run("backup", "verify") == (0, f"{name}: whole\n")
    code, said = shell.run("backup", "restore")
    assert code == 1
    assert "overwrites nothing" in said
    shell.lose_everything()
    code, said = shell.run("backup", "restore")
    assert code == 0, said
    assert "every row and file compared" in said
    assert "BAD  files" not in shell.run("doctor")[1]
    assert shell.run("audit", "verify")[0] == 0
    database = Database(f"sqlite:///{shell.folder}/xinglin.db")
    with database.read_session() as session:
        actions = session.scalars(select(AuditRecord.action).order_by(AuditRecord.id)).all()
    database.dispose()
    assert "backup.restore" in actions


def test_from_the_second_place(shell: Shell) -> None:
    name = shell.backup()
    shutil.rmtree(shell.folder / "backups")
    shell.lose_everything()
    code, said = shell.run("backup", "restore")
    assert code == 1
    assert "there is no backup" in said
    assert shell.run("backup", "list", "--copy")[1].startswith(name)
    assert shell.run("backup", "restore", "--copy")[0] == 0
    assert (shell.folder / "xinglin.db").exists()


def test_a_damaged_one_is_named_and_not_restored(shell: Shell) -> None:
    name = shell.backup()
    path = shell.folder / "backups" / name / "database.sealed"
    path.write_bytes(path.read_bytes()[:-1])
    code, said = shell.run("backup", "verify", name)
    assert code == 1
    assert said.startswith(f"BAD {name}: database.sealed")
    code, said = shell.run("backup", "drill")
    assert code == 1
    assert "database.sealed" in said
    shell.lose_everything()
    code, said = shell.run("backup", "restore")
    assert code == 1
    assert "database.sealed" in said
    assert not (shell.folder / "xinglin.db").exists()


@pytest.mark.parametrize("is_gone", [True, False])
def test_the_list_sees_a_part_that_is_missing_or_cut(shell: Shell, *, is_gone: bool) -> None:
    name = shell.backup()
    path = shell.folder / "backups" / name / "files.sealed"
    if is_gone:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    code, said = shell.run("backup", "list")
    assert code == 1
    assert said.startswith(f"BAD {name}: files.sealed")
    assert shell.run("backup", "list", "--copy")[0] == 0


def test_without_the_key_it_is_refused(shell: Shell) -> None:
    shell.backup()
    code, said = shell.run("crypto", "split", str(shell.folder / "shares"))
    assert code == 0, said
    shell.lose_everything()
    shutil.rmtree(shell.folder / "secrets")
    code, said = shell.run("backup", "restore")
    assert code == 3
    assert "master.key" in said
    assert "Cure" in said
    assert shell.run("init")[0] == 0  # a new site has other keys
    code, said = shell.run("backup", "restore")
    assert code == 1
    assert "xinglin crypto recover" in said
    shutil.rmtree(shell.folder / "secrets")
    shares = [str(shell.folder / "shares" / f"share-{number}.json") for number in (1, 3)]
    assert shell.run("crypto", "recover", *shares)[0] == 0
    assert shell.run("backup", "restore")[0] == 0


def test_a_drill_now(shell: Shell) -> None:
    name = shell.backup()
    code, said = shell.run("backup", "drill")
    assert code == 0, said
    assert said.startswith(f"{name}: ")
    assert "came back the same" in said
    code, said = shell.run("doctor")
    assert "ok   backup " in said
    assert "ok   restore drill" in said


def test_the_emergency_pack(shell: Shell) -> None:
    (shell.folder / "secrets" / "wecom_secret").write_text("TOP-SECRET-1", encoding="utf-8")
    shell.monkeypatch.setenv("XINGLIN_SMTP_PASSWORD", "TOP-SECRET-2")
    assert shell.run("crypto", "split", str(shell.folder / "shares"))[0] == 0
    with shell.ini.open("a", encoding="utf-8") as stream:
        stream.write("; backup_keep_daily = 9 ; so many\n")
    name = shell.backup()
    shell.run("backup", "drill")
    target = shell.folder / "pack.html"
    assert shell.run("backup", "emergency-pack", str(target))[0] == 0
    page = target.read_text(encoding="utf-8")
    assert "built-in" not in page
    for words in (
        *LABELS,
        "江北市妇女儿童医院",
        "院长 张三<br>信息科长 李四",
        "信息科值班 2580",
        str(shell.ini),
        str(shell.folder / "backups"),
        name,
        "size: A4",
    ):
        assert words in page, words
    program = f"sudo -u {getpass.getuser()} {sys.prefix}/bin/xinglin -c {shell.ini}"
    assert page.count(f"<code>{program} backup restore</code>") == 2
    assert "<code>xinglin" not in page
    folders = f"{shell.folder / 'secrets'} {shell.folder / 'files'}"
    assert page.count(f"sudo chown -R {getpass.getuser()}: {folders}</code>") == 2
    assert page.count(f"sudo chown -R {getpass.getuser()}: {shell.folder / 'xinglin.db'}</code>") == 2
    assert page.count("<code>wecom_secret</code>") == 2
    assert page.count("<code>XINGLIN_SMTP_PASSWORD</code>") == 2
    assert "shares.json" not in page
    assert "TOP-SECRET" not in page
    assert "backup_keep_daily = 9 ; so many" in page
    assert page.index("恢复步骤") < page.index("How to restore")
    master = (shell.folder / "secrets" / "master.key").read_text(encoding="utf-8").strip()
    assert master not in page
    assert "data-folder" not in page, "that is PostgreSQL's"
    key_id = Keyring(shell.folder / "secrets").key_id
    assert key_id in page


@pytest.mark.parametrize("words", [["--at", "yesterday"], ["--at", "latest"]])
def test_a_moment_that_cannot_be_had(shell: Shell, words: list[str]) -> None:
    shell.backup()
    shell.lose_everything()
    code, said = shell.run("backup", "restore", *words)
    assert code in (1, 2)
    assert "--at" in said
    assert not (shell.folder / "xinglin.db").exists()


def test_wal_is_postgresqls(shell: Shell) -> None:
    code, said = shell.run("backup", "wal")
    assert code == 1
    assert "SQLite has no WAL" in said


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("backup_wal = true", "backup_wal"),
        ("backup_keep_daily = 0", "at least 1"),
        ("backup_keys_folder = backups/keys", "keys do not belong into the backups"),
    ],
)
def test_wrong_settings_are_named(shell: Shell, line: str, reason: str) -> None:
    kept = [
        one
        for one in shell.ini.read_text(encoding="utf-8").splitlines()
        if not one.startswith(line.split(maxsplit=1)[0])
    ]
    shell.ini.write_text("\n".join([*kept, line, ""]), encoding="utf-8")
    code, said = shell.run("backup", "list")
    assert code == 3
    assert reason in said

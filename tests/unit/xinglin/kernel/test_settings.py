"""The core's settings: what is refused before anything is opened, and where secrets may come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from xinglin.kernel.ini import SettingsError
from xinglin.kernel.settings import CoreSettings, SecretMissing
from xinglin.kernel.site import read_settings

GOOD = {
    "site_name": "江北市妇女儿童医院",
    "public_url": "https://oa.hospital.example",
    "database": "sqlite:///%(here)s/xinglin.db",
    "files_folder": "files",
    "secrets_folder": "secrets",
}


def settings(tmp_path: Path, more: str = "", **changes: str) -> CoreSettings:
    lines = [f"{key} = {value}" for key, value in {**GOOD, **changes}.items()]
    path = tmp_path / "site.ini"
    path.write_text("[xinglin]\n" + "\n".join(lines) + "\n" + more, encoding="utf-8")
    return read_settings(path)[1]


def test_a_small_site_is_ready_with_five_lines(tmp_path: Path) -> None:
    read = settings(tmp_path)
    assert read.database == f"sqlite:///{tmp_path}/xinglin.db"
    assert read.files_folder == tmp_path / "files"
    assert (read.default_locale, read.zone.key, read.is_https) == ("zh_CN", "Asia/Shanghai", True)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"processes": "2"}, "processes: SQLite serves one process. Cure: processes = 1, or PostgreSQL"),
        ({"processes": "0"}, "processes: "),
        ({"threads": "0"}, "threads: "),
        ({"public_url": "https://oa.hospital.example/"}, "public_url: "),
        ({"public_url": "oa.hospital.example"}, "public_url: "),
        ({"wecom_api_base": "https://qyapi.weixin.qq.com/"}, "wecom_api_base: "),
        ({"listen": "8080"}, "listen: '8080' is not host:port"),
        ({"time_zone": "Shanghai"}, "time_zone: 'Shanghai' is unknown"),
        ({"wecom_user_agents": "("}, "wecom_user_agents: not a regular expression"),
        ({"database": "nonsense"}, "database: "),
        ({"database": "sqlite://"}, "database: "),
        ({"database": "mysql://root@localhost/x"}, "database: "),
        ({"database": "postgresql://xinglin@localhost/x"}, "database: "),
        ({"required": "portal", "plugins": ""}, "required: portal is not among plugins"),
        ({"plugins": "portal portal"}, "plugins: portal stands there twice"),
    ],
)
def test_a_value_that_cannot_serve_is_refused(tmp_path: Path, change: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, **change)
    assert f"[xinglin] {problem}" in str(caught.value)
    assert "Cure: " in str(caught.value)


def test_two_processes_are_well_on_postgresql(tmp_path: Path) -> None:
    url = "postgresql+psycopg://xinglin@localhost/xinglin"
    assert settings(tmp_path, database=url, processes="2").processes == 2


def test_a_password_with_a_percent_sign_is_written_twice(tmp_path: Path) -> None:
    url = "postgresql+psycopg://xinglin:100%%25@localhost/xinglin"
    assert settings(tmp_path, database=url).database.endswith("100%25@localhost/xinglin")


def test_a_section_of_a_module_that_is_not_installed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[xinglin:newz\].*no module is called newz.*installed: .*news"):
        settings(tmp_path, "[xinglin:newz]\n")


def test_a_section_of_a_module_that_is_off_is_kept(tmp_path: Path) -> None:
    assert settings(tmp_path, "[xinglin:news]\n", plugins="").plugins == ()


class TestSecret:
    def test_comes_from_a_file_of_the_portal_alone(self, tmp_path: Path) -> None:
        write(tmp_path, "from the file\n", 0o600)
        assert settings(tmp_path).secret("wecom_secret") == "from the file"

    def test_the_environment_wins(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(tmp_path, "from the file", 0o600)
        monkeypatch.setenv("XINGLIN_WECOM_SECRET", "from the environment")
        assert settings(tmp_path).secret("wecom_secret") == "from the environment"

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
    def test_a_file_that_others_can_read_is_refused(self, tmp_path: Path, mode: int) -> None:
        write(tmp_path, "seen by all", mode)
        with pytest.raises(SecretMissing, match=r"can be read by others. Cure: chmod 600") as caught:
            settings(tmp_path).secret("wecom_secret")
        assert "seen by all" not in str(caught.value)

    @pytest.mark.parametrize("content", [None, "", "  \n"])
    def test_a_missing_one_says_where_to_put_it(self, tmp_path: Path, content: str | None) -> None:
        if content is not None:
            write(tmp_path, content, 0o600)
        with pytest.raises(SecretMissing) as caught:
            settings(tmp_path).secret("wecom_secret")
        assert str(tmp_path / "secrets" / "wecom_secret") in str(caught.value)
        assert "XINGLIN_WECOM_SECRET" in str(caught.value)

    def test_it_has_no_place_in_the_ini(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="wecom_secret: unknown key"):
            settings(tmp_path, wecom_secret="written where all can read")


def write(tmp_path: Path, content: str, mode: int) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir(exist_ok=True)
    (folder / "wecom_secret").write_text(content, encoding="utf-8")
    (folder / "wecom_secret").chmod(mode)

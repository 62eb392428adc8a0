"""An ini file becomes typed settings, or one sentence that names file, section, key and cure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from xinglin.kernel.ini import SettingsError, parse_section, read_ini
from xinglin.types import setting


@dataclass(frozen=True)
class Sample:
    title: str = setting(summary="what is shown")
    folder: Path = setting(Path("/nowhere"), summary="a folder")
    count: int = setting(3, summary="how many")
    is_on: bool = setting(default=False, summary="true or false")
    pause: timedelta = setting(timedelta(minutes=1), summary="such as 10 min")
    colour: Literal["red", "green"] = setting("red", summary="red or green")
    names: tuple[str, ...] = setting((), summary="names")
    theme: Path | None = setting(None, summary="a folder, or empty")


def parsed(tmp_path: Path, text: str) -> Sample:
    path = tmp_path / "site.ini"
    path.write_text(f"[xinglin:sample]\n{text}", encoding="utf-8")
    return parse_section(read_ini(path), "xinglin:sample", Sample)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parsed(tmp_path, text)
    return str(caught.value)


def test_every_type_is_read(tmp_path: Path) -> None:
    text = "title = 江北  \nfolder = data\ncount = 12\nis_on = Yes\npause = 90 s\ncolour = green\nnames = a, b\n  c\n"
    read = parsed(tmp_path, text)
    assert read == Sample(
        "江北", tmp_path / "data", 12, True, timedelta(seconds=90), "green", ("a", "b", "c"), None
    )


def test_what_is_not_said_has_its_default(tmp_path: Path) -> None:
    assert parsed(tmp_path, "title = x\ntheme =\n") == Sample("x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", 30), ("10 min", 600), ("12 h", 43_200), ("7 d", 604_800), ("0 s", 0)],
)
def test_durations(tmp_path: Path, text: str, expected: int) -> None:
    assert parsed(tmp_path, f"title = x\npause = {text}\n").pause.total_seconds() == expected


def test_here_is_the_folder_of_the_file_even_with_a_percent_sign(tmp_path: Path) -> None:
    odd = tmp_path / "100%"
    odd.mkdir()
    assert parsed(odd, "title = at %(here)s\n").title == f"at {odd}"


def test_an_unknown_key_names_file_section_key_and_the_one_that_was_meant(tmp_path: Path) -> None:
    sentence = refused(tmp_path, "title = x\ncuont = 4\n")
    assert str(tmp_path / "site.ini") in sentence
    assert "[xinglin:sample] cuont: unknown key" in sentence
    assert "Cure: did you mean count?" in sentence


def test_an_unknown_key_that_resembles_nothing_lists_the_known_ones(tmp_path: Path) -> None:
    sentence = refused(tmp_path, "title = x\nqqqqqq = 4\n")
    assert "did you mean" not in sentence
    assert "colour, count, folder" in sentence


@pytest.mark.parametrize("text", ["count = 4\n", "title =\n", "title =   \n"])
def test_a_required_key_that_is_missing_or_empty_says_what_it_is_for(tmp_path: Path, text: str) -> None:
    assert "[xinglin:sample] title: required and not set. Cure: set it: what is shown" in refused(
        tmp_path, text
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("count = many", "'many' is not a whole number"),
        ("count = 1.5", "'1.5' is not a whole number"),
        ("is_on = perhaps", "'perhaps' is neither true nor false"),
        ("pause = 10", "'10' is not a duration"),
        ("pause = ten minutes", "'ten minutes' is not a duration"),
        ("pause = 99999999999999999999 d", "is not a duration"),
        ("colour = blue", "'blue' is not one of red, green"),
    ],
)
def test_an_ill_typed_value_says_so(tmp_path: Path, line: str, problem: str) -> None:
    sentence = refused(tmp_path, f"title = x\n{line}\n")
    assert f"[xinglin:sample] {line.split(maxsplit=1)[0]}: " in sentence
    assert problem in sentence


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"title = x\n", "no section headers"),
        (b"[xinglin]\ntitle = x\ntitle = y\n", "already exists"),
        (b"[xinglin]\ntitle = %(where)s\n", "where"),
        (b"[xinglin]\ntitle = \xff\n", "utf-8"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_named(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "site.ini"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="correct the file") as caught:
        read_ini(path)
    assert str(path) in str(caught.value)
    assert problem in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.ini.*No such file"):
        read_ini(tmp_path / "nowhere.ini")


def test_sections_of_others_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "site.ini"
    path.write_text("[server:main]\nuse = egg:waitress\n[xinglin]\n[xinglin:news]\na = 1\n", encoding="utf-8")
    assert read_ini(path).sections == {"xinglin": {}, "xinglin:news": {"a": "1"}}


@dataclass(frozen=True)
class Unreadable:
    ratio: float = setting(1.0, summary="a type that no ini can say")


def test_a_type_that_no_setting_can_have_is_the_fault_of_the_class(tmp_path: Path) -> None:
    path = tmp_path / "site.ini"
    path.write_text("[xinglin:sample]\nratio = 0.5\n", encoding="utf-8")
    with pytest.raises(TypeError, match=r"cannot be of the type <class 'float'>\. Cure: str, int, bool"):
        parse_section(read_ini(path), "xinglin:sample", Unreadable)

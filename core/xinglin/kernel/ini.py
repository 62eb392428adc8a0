"""Read an ini file into typed settings: every key is declared, every error names file, section, key and cure."""

from __future__ import annotations

import configparser
import dataclasses
import difflib
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
OURS = re.compile(r"xinglin(:.*)?")
OF_OTHERS = re.compile(
    r"loggers|handlers|formatters|(logger|handler|formatter)_.+|(app|server|pipeline|filter|composite):.+"
)
"""Sections of Python's logging and of PasteDeploy, which may share the file."""
PASSWORD = re.compile(r"(://[^/\s:@]*:)\S+@")
TRUE, FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


class SettingsError(Exception):
    """A setting is wrong: the sentence names the file, the section, the key and the cure."""

    def __init__(self, file: Path, section: str, key: str, problem: str, cure: str) -> None:
        super().__init__(f"{file}: [{section}] {key}: {problem}. Cure: {cure}")


@dataclass(frozen=True)
class IniFile:
    """The parsed file; `sections` keeps only what the file itself says."""

    path: Path
    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def masked(text: str) -> str:
    """`***` for every password of `scheme://user:password@host` in it."""
    return PASSWORD.sub(r"\1***@", text)


def read_ini(path: Path) -> IniFile:
    """Read `path`; `%(here)s` is its folder. Raises `SettingsError` when it cannot be read or parsed."""
    path = path.resolve()
    parser = configparser.ConfigParser(defaults={"here": str(path.parent).replace("%", "%%")})
    try:
        with path.open(encoding="utf-8") as stream:
            parser.read_file(stream)
        sections = {
            name: {key: value for key, value in parser.items(name) if key != "here"}
            for name in parser.sections()
            if OURS.fullmatch(name)
        }
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        problem = " ".join(str(error).split())
        raise SettingsError(path, "*", "*", problem, "correct the file and start again") from error
    for name in parser.sections():
        if not OURS.fullmatch(name) and not OF_OTHERS.fullmatch(name):
            cure = f"[xinglin:{re.split('[ _:]', name)[-1]}] for a module, [xinglin] for the core"
            raise SettingsError(path, name, "*", "nobody reads this section", cure)
    return IniFile(path, sections)


def parse_section(ini: IniFile, section: str, cls: type[T], overrides: Mapping[str, str] | None = None) -> T:
    """Build the settings class `cls` from a section; unknown, missing and ill-typed keys are errors."""
    values = {**ini.sections.get(section, {}), **(overrides or {})}
    declared = {
        item.name: item for item in dataclasses.fields(typing.cast("Any", cls)) if "summary" in item.metadata
    }
    for key in values:
        if key not in declared:
            raise SettingsError(ini.path, section, key, "unknown key", _cure_for(key, list(declared)))
    hints = typing.get_type_hints(cls)
    arguments = {
        name: _value(ini, section, item, hints[name], values)
        for name, item in declared.items()
        if name in values and (values[name].strip() or item.default is not dataclasses.MISSING)
    }
    missing = [
        name
        for name, item in declared.items()
        if name not in arguments and item.default is dataclasses.MISSING
    ]
    if missing:
        summary = declared[missing[0]].metadata["summary"]
        raise SettingsError(ini.path, section, missing[0], "required and not set", f"set it: {summary}")
    return cls(**arguments)


def _cure_for(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{hint}known keys: {', '.join(sorted(known)) or 'none'}; remove or rename it"


def _value(
    ini: IniFile, section: str, item: dataclasses.Field[Any], hint: Any, values: Mapping[str, str]
) -> Any:
    text = values[item.name].strip()
    try:
        return _parser_of(hint)(text, ini.path.parent)
    except ValueError as error:
        raise SettingsError(ini.path, section, item.name, str(error), item.metadata["summary"]) from error


def _parser_of(hint: Any) -> Callable[[str, Path], Any]:
    """Raises TypeError for a type that no setting can have: a fault of the class, not of the ini."""
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return lambda text, _here: _choice(text, typing.get_args(hint))
    if origin is tuple:
        return lambda text, _here: tuple(part for part in re.split(r"[\s,]+", text) if part)
    if origin in (typing.Union, types.UnionType):
        inner = next(part for part in typing.get_args(hint) if part is not type(None))
        return lambda text, here: _parser_of(inner)(text, here) if text else None
    if hint not in PARSERS:
        known = ", ".join(kind.__name__ for kind in PARSERS)
        raise TypeError(
            f"a setting cannot be of the type {hint}. Cure: {known}, Literal, tuple[str, ...] or | None"
        )
    return PARSERS[hint]


def _choice(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ValueError(f"{text!r} is not one of {', '.join(choices)}")
    return text


def _boolean(text: str) -> bool:
    if text.lower() in TRUE | FALSE:
        return text.lower() in TRUE
    raise ValueError(f"{text!r} is neither true nor false")


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+)\s*(s|min|h|d)", text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 30 s, 10 min, 12 h, 7 d")
    try:
        return timedelta(seconds=int(match[1]) * UNITS[match[2]])
    except OverflowError:
        raise ValueError(f"{text!r} is not a duration that anyone lives to see") from None


PARSERS: dict[Any, Callable[[str, Path], Any]] = {
    str: lambda text, _here: text,
    int: lambda text, _here: _integer(text),
    bool: lambda text, _here: _boolean(text),
    timedelta: lambda text, _here: _duration(text),
    Path: lambda text, here: (here / text).resolve(),
}

"""Reading pieces of a source through their shapes: every fault is kept with its line, and reading goes on."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import colander

from xinglin.api.i18n import TranslationString, translator
from xinglin_documents.service.definitions.faults import Fault
from xinglin_documents.service.definitions.source import Path, Source

_ = translator("documents")

CHOOSE = _("Choose another key.")


class Wanted(enum.Enum):
    """What a word in the text refers to; whether there is such a thing is checked when all has been read."""

    FIELD = enum.auto()
    PERSON_FIELD = enum.auto()
    DEPARTMENT_FIELD = enum.auto()
    EARLIER = enum.auto()
    JUMP = enum.auto()
    ROLE = enum.auto()
    POST = enum.auto()
    TAG = enum.auto()
    DEPARTMENT = enum.auto()
    PERSON = enum.auto()
    PROCESS = enum.auto()
    SERIES = enum.auto()


@dataclass(frozen=True)
class Reference:
    """`step` is the key of the step in which it stands, empty outside of steps."""

    wanted: Wanted
    value: str
    line: int
    step: str = ""


@dataclass
class Reader:
    """Collects faults and references. `step`: the key of the step that is being read."""

    source: Source
    faults: list[Fault] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    step: str = ""

    def line(self, path: Path) -> int:
        return self.source.line(path)

    def fault(self, path: Path, cause: TranslationString, cure: TranslationString) -> None:
        self.faults.append(Fault(self.line(path), cause, cure))

    def refer(self, wanted: Wanted, value: str, path: Path) -> None:
        self.references.append(Reference(wanted, value, self.line(path), self.step))

    def mapping(self, shape: colander.SchemaNode, path: Path, value: Any) -> dict[str, Any]:
        """The clean values of all keys of `shape`; a wrong or missing one is a fault and counts as its default."""
        if not isinstance(value, dict):
            self.fault(
                path, _("Keys with values belong here."), _("Write “key: value” on lines of their own.")
            )
            return self._clean(shape, path, {}, is_silent=True)
        known = [node.name for node in shape]
        for key in value:
            if key not in known:
                self._unknown((*path, key), key, known)
        return self._clean(shape, path, value)

    def _clean(
        self, shape: colander.SchemaNode, path: Path, value: Mapping[str, Any], *, is_silent: bool = False
    ) -> dict[str, Any]:
        clean = {}
        for node in shape:
            try:
                clean[node.name] = node.deserialize(value.get(node.name, colander.null))
            except colander.Invalid as error:
                clean[node.name] = "" if node.required else node.missing
                if not is_silent:
                    self._invalid((*path, node.name), node.name, value, error)
        return clean

    def _invalid(self, path: Path, name: str, value: Mapping[str, Any], error: colander.Invalid) -> None:
        if value.get(name, "") == "":
            cause = _("“${key}” is missing.", mapping={"key": name})
            self.fault(path, cause, _("Write it on a line of its own."))
            return
        cause = _("The value of “${key}” does not fit.", mapping={"key": name})
        self.fault(path, cause, error.msg)

    def _unknown(self, path: Path, key: str, known: Iterable[str]) -> None:
        cause = _("“${key}” is not known here.", mapping={"key": key[:64]})
        self.fault(path, cause, meant(key, known))

    def unknown_word(self, path: Path, word: str, known: Iterable[str]) -> None:
        self._unknown(path, word, known)

    def items(self, path: Path, value: Any, *, or_one: bool = False) -> Iterator[tuple[Path, Any]]:
        """The parts of a list with their paths; with `or_one`, a single thing stands for a list of one."""
        if value is None or value == "":
            return
        if isinstance(value, list):
            yield from (((*path, index), one) for index, one in enumerate(value))
        elif or_one:
            yield path, value
        else:
            self.fault(path, _("A list belongs here."), _("Begin each line of it with “- ”."))

    def pairs(self, path: Path, value: Any) -> Iterator[tuple[Path, str, str]]:
        """The pairs of a mapping of texts."""
        if value is None or value == "":
            return
        if not isinstance(value, dict):
            self.fault(
                path, _("Keys with values belong here."), _("Write “key: value” on lines of their own.")
            )
            return
        for key, one in value.items():
            if isinstance(one, str):
                yield (*path, key), key, one
            else:
                self.fault((*path, key), _("One text belongs here."), _("Write “key: value” on one line."))


def meant(word: str, known: Iterable[str]) -> TranslationString:
    """Which of the known words may have been meant."""
    names = list(known)
    if not names:
        return _("There is none that could stand here.")
    close = difflib.get_close_matches(word[:64], names, n=1)
    if close:
        return _("Did you mean “${word}”?", mapping={"word": close[0]})
    return _("Known here: ${words}.", mapping={"words": ", ".join(names)})

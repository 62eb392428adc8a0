"""Whether the hospital has what a process names: roles, posts, departments, persons, series, other processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from xinglin.api.i18n import TranslationString, translator
from xinglin_documents.service.definitions.faults import Fault
from xinglin_documents.service.definitions.meaning import outside
from xinglin_documents.service.definitions.reading import Reader, Wanted, meant
from xinglin_documents.service.engine.definition import ChildNode, Definition

_ = translator("documents")

WARNINGS = (Wanted.POST,)


class Directory(Protocol):
    """What the hospital has at this moment."""

    def known(self, wanted: Wanted, values: frozenset[str]) -> frozenset[str]:
        """Those of the values (keys, codes, staff numbers, words of posts) that there are."""

    def process(self, key: str) -> Definition | None:
        """The live definition of another process."""


def faults_of_hospital(reader: Reader, definition: Definition, directory: Directory) -> Iterator[Fault]:
    """What is named and does not exist is a fault; a post that nobody holds now is a warning."""
    named = list(outside(reader.references))
    values: dict[Wanted, set[str]] = {}
    for reference, _sentence in named:
        values.setdefault(reference.wanted, set()).add(reference.value)
    known = {wanted: directory.known(wanted, frozenset(those)) for wanted, those in values.items()}
    for reference, sentence in named:
        own_process = reference.wanted is Wanted.PROCESS and reference.value == definition.key
        if reference.value not in known[reference.wanted] and not own_process:
            cause = TranslationString(sentence, domain="documents", mapping={"key": reference.value[:64]})
            yield Fault(reference.line, cause, _cure(reference.wanted), reference.wanted in WARNINGS)
    yield from _faults_of_children(definition, directory)


def _cure(wanted: Wanted) -> TranslationString:
    if wanted in WARNINGS:
        return _("Until somebody holds it, the step goes the way of “when_empty”.")
    return CURES.get(wanted, _("Correct it, or enter it into the hospital's data first."))


CURES: Mapping[Wanted, TranslationString] = {
    Wanted.PROCESS: _("Publish that process first, or correct the name."),
    Wanted.SERIES: _("Add the series in the register first, or correct the name."),
}


def _faults_of_children(definition: Definition, directory: Directory) -> Iterator[Fault]:
    for node in definition:
        if not isinstance(node, ChildNode) or node.process == definition.key:
            continue
        child = directory.process(node.process)
        if child is None:
            continue
        if _starts(child, definition.key, directory):
            yield Fault(
                node.line,
                _("“${key}” starts this process again, without end.", mapping={"key": node.process}),
                _("Remove one of the two steps."),
            )
        keys = [one.key for one in child.form]
        for name in node.values:
            if name not in keys:
                cause = _(
                    "The form of “${process}” has no field “${key}”.",
                    mapping={"process": node.process, "key": name[:64]},
                )
                yield Fault(node.line, cause, meant(name, keys))


def _starts(definition: Definition, goal: str, directory: Directory) -> bool:
    """Whether the process, or one that it starts, starts `goal`."""
    seen, ahead = {definition.key}, [definition]
    while ahead:
        for node in ahead.pop():
            if isinstance(node, ChildNode) and node.process not in seen:
                if node.process == goal:
                    return True
                seen.add(node.process)
                child = directory.process(node.process)
                ahead.extend([child] if child is not None else [])
    return False

"""The text of a process in, its definition out, or all that is wrong with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xinglin_documents.service.definitions import shapes
from xinglin_documents.service.definitions.approving import approvers
from xinglin_documents.service.definitions.faults import DefinitionFaults, Fault
from xinglin_documents.service.definitions.form_text import form
from xinglin_documents.service.definitions.hospital import Directory, faults_of_hospital
from xinglin_documents.service.definitions.meaning import check_meaning, typed
from xinglin_documents.service.definitions.reading import Reader, Wanted
from xinglin_documents.service.definitions.source import read
from xinglin_documents.service.definitions.steps_text import check_keys, rights, steps
from xinglin_documents.service.engine.definition import (
    BranchNode,
    Definition,
    FormField,
    Node,
    Official,
)


@dataclass(frozen=True)
class Checked:
    """What is known of a text; `definition` is None when it has faults."""

    definition: Definition | None
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


def parse(text: str, *, version: int = 0, directory: Directory | None = None) -> Definition:
    """The definition in `text`; raises `DefinitionFaults`. Without a directory the hospital's own words go unchecked."""
    checked = check(text, version=version, directory=directory)
    if checked.definition is None:
        raise DefinitionFaults(checked.faults)
    return checked.definition


def check(text: str, *, version: int = 0, directory: Directory | None = None) -> Checked:
    """All faults and warnings of a text, in the order of lines; raises nothing for any text."""
    try:
        source = read(text)
    except DefinitionFaults as refused:
        return Checked(None, refused.faults)
    reader = Reader(source, list(source.faults))
    definition = _definition(reader, source.root, version)
    check_keys(reader, tuple(definition))
    check_meaning(reader, definition)
    if directory is not None:
        reader.faults.extend(faults_of_hospital(reader, definition, directory))
    found = sorted(reader.faults, key=lambda fault: fault.line)
    faults = tuple(fault for fault in found if not fault.is_warning)
    return Checked(
        None if faults else definition, faults, tuple(fault for fault in found if fault.is_warning)
    )


def _definition(reader: Reader, root: Any, version: int) -> Definition:
    clean = reader.mapping(shapes.PROCESS, (), root)
    fields = form(reader, ("form",), clean["form"])
    started = {} if clean["start"] in (None, "") else reader.mapping(shapes.START, ("start",), clean["start"])
    return Definition(
        key=clean["process"],
        version=version,
        title=clean["title"],
        nodes=_typed(steps(reader, ("steps",), clean["steps"]), {one.key: one for one in fields}),
        form=fields,
        title_en=clean["title_en"],
        category=clean["category"],
        icon=clean["icon"],
        sort_order=clean["order"],
        title_pattern=clean["subject"],
        starters=approvers(reader, ("starters",), clean["starters"]),
        start_fields=rights(reader, ("start", "fields"), started.get("fields")),
        withdrawal=clean["withdrawal"],
        urge_minutes=clean["urge_after"],
        official=_official(reader, clean["official"]),
    )


def _official(reader: Reader, value: Any) -> Official | None:
    if value in (None, ""):
        return None
    clean = reader.mapping(shapes.OFFICIAL, ("official",), value)
    if clean["series"]:
        reader.refer(Wanted.SERIES, clean["series"], ("official", "series"))
    return Official(clean["direction"], clean["series"], clean["type"])


def _typed(nodes: tuple[Node, ...], fields: Mapping[str, FormField]) -> tuple[Node, ...]:
    return tuple(_typed_branch(node, fields) if isinstance(node, BranchNode) else node for node in nodes)


def _typed_branch(node: BranchNode, fields: Mapping[str, FormField]) -> BranchNode:
    paths = (
        dataclasses.replace(path, when=typed(path.when, fields), nodes=_typed(path.nodes, fields))
        for path in node.paths
    )
    return dataclasses.replace(node, paths=tuple(paths))

"""Whether a running document can go on by another version of its process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from xinglin.api.i18n import TranslationString, translator
from xinglin_documents.service.engine.definition import START, BranchNode, Definition, Node
from xinglin_documents.service.engine.state import Block, State

_ = translator("documents")


def hindrances(state: State, old: Definition, new: Definition) -> tuple[TranslationString, ...]:
    """Why this state cannot go on by `new`; empty when it can.

    Every step that waits, has ended or is kept for later must be there, of the same kind, and in the same paths: a
    token in a path that is no more would be lost.
    """
    known = {**_places(new), START: _Place("start", ())}
    before = {**_places(old), START: _Place("start", ())}
    found = [_fault_of_step(old, key, before, known) for key in dict.fromkeys(_steps_of(state))]
    found += [_fault_of_block(new, key, block) for key, block in _blocks_of(state)]
    return tuple(dict.fromkeys(fault for fault in found if fault is not None))


def waiting_steps(state: State, definition: Definition) -> tuple[str, ...]:
    """Titles of the steps at which it waits."""
    return tuple(title_of(definition, key) for key in state.runs)


def title_of(definition: Definition, key: str) -> str:
    """The title of a step; the form at the starter has the key for a title."""
    node = definition.by_key.get(key)
    return node.title if node is not None else key


@dataclass(frozen=True)
class _Place:
    kind: str
    paths: tuple[tuple[str, str], ...]


def _places(definition: Definition) -> Mapping[str, _Place]:
    found: dict[str, _Place] = {}

    def walk(nodes: tuple[Node, ...], paths: tuple[tuple[str, str], ...]) -> None:
        for node in nodes:
            found[node.key] = _Place(type(node).__name__, paths)
            for path in node.paths if isinstance(node, BranchNode) else ():
                walk(path.nodes, (*paths, (node.key, path.key)))

    walk(definition.nodes, ())
    return found


def _steps_of(state: State) -> Iterator[str]:
    yield from state.runs
    yield from state.finished
    for parked in state.parked:
        yield parked.node
        yield from (run.node for run in parked.runs)
        yield from (one.node for one in parked.finished)


def _blocks_of(state: State) -> Iterator[tuple[str, Block]]:
    yield from state.blocks.items()
    yield from state.ended_blocks.items()
    for parked in state.parked:
        yield from parked.blocks.items()
        yield from parked.reopened.items()


def _fault_of_step(
    old: Definition, key: str, before: Mapping[str, _Place], known: Mapping[str, _Place]
) -> TranslationString | None:
    names = {"step": title_of(old, key), "key": key}
    if key not in known:
        return _("The step “${step}” (${key}) is not in the new version.", mapping=names)
    if key in before and known[key].kind != before[key].kind:
        return _("The step “${step}” (${key}) is of another kind in the new version.", mapping=names)
    if key in before and known[key].paths != before[key].paths:
        return _("The step “${step}” (${key}) lies in another path in the new version.", mapping=names)
    return None


def _fault_of_block(new: Definition, key: str, block: Block) -> TranslationString | None:
    node = new.by_key.get(key)
    if not isinstance(node, BranchNode):
        return _("The branch “${key}” is not in the new version.", mapping={"key": key})
    missing = {*block.open, *block.done} - {path.key for path in node.paths}
    if not missing:
        return None
    names = {"key": key, "paths": ", ".join(sorted(missing))}
    return _("The branch “${key}” has no path “${paths}” in the new version.", mapping=names)

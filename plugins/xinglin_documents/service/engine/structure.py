"""Where a node stands in the tree: what comes before it, what after, and which paths it lies in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xinglin_documents.service.engine.definition import START, BranchNode, Definition, Node


@dataclass(frozen=True)
class Place:
    """A node's sequence, its index in it, and the path it is in ("" at the top)."""

    sequence: tuple[Node, ...]
    index: int
    block: str = ""
    path: str = ""

    @property
    def next(self) -> Node | None:
        return self.sequence[self.index + 1] if self.index + 1 < len(self.sequence) else None


class Structure:
    """Questions about one definition; keys that it does not have raise KeyError."""

    def __init__(self, definition: Definition) -> None:
        self._places: dict[str, Place] = {}
        self._nodes = definition.nodes
        self._put(definition.nodes, "", "")

    def _put(self, nodes: tuple[Node, ...], block: str, path: str) -> None:
        for index, node in enumerate(nodes):
            self._places[node.key] = Place(nodes, index, block, path)
            if isinstance(node, BranchNode):
                for one in node.paths:
                    self._put(one.nodes, node.key, one.key)

    def place(self, key: str) -> Place:
        return self._places[key]

    def enclosing(self, key: str) -> tuple[tuple[str, str], ...]:
        """Branch and path of each level around it, the innermost first."""
        found: list[tuple[str, str]] = []
        while key != START and (place := self._places[key]).block:
            found.append((place.block, place.path))
            key = place.block
        return tuple(found)

    def after(self, key: str) -> frozenset[str]:
        """All that can only begin when it has ended: later in its own path, and after each branch around it."""
        if key == START:
            return frozenset(self._places)
        return frozenset(self._beside(key, lambda place: place.sequence[place.index + 1 :]))

    def before(self, key: str) -> frozenset[str]:
        """All that had its time before it began; not what lies in paths beside it."""
        if key == START:
            return frozenset()
        return frozenset(self._beside(key, lambda place: place.sequence[: place.index]))

    def _beside(self, key: str, part: Callable[[Place], tuple[Node, ...]]) -> Iterator[str]:
        levels = (key, *(block for block, _path in self.enclosing(key)))
        for level in levels:
            yield from keys_of(part(self._places[level]))


def keys_of(nodes: tuple[Node, ...]) -> Iterator[str]:
    """Keys of these and of all inside them."""
    for node in nodes:
        yield node.key
        if isinstance(node, BranchNode):
            for path in node.paths:
                yield from keys_of(path.nodes)

"""Definitions that were read once stay read: a version that has been live never changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from xinglin_documents.service.definitions.parsing import parse
from xinglin_documents.service.engine.definition import Definition

MOST = 128


class DefinitionCache:
    """One for a program; the least lately used one goes when there are too many. Safe between threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[tuple[str, int], Definition] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: str, version: int, text: Callable[[], str]) -> Definition:
        """The definition with this digest; `text` is only asked for when it is not known. Raises `DefinitionFaults`."""
        key = (digest, version)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        made = parse(text(), version=version)
        with self._lock:
            self._known[key] = made
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return made


CACHE = DefinitionCache()

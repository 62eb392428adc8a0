"""Lists of an OA, line by line: one that cannot be read does not hide the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from xinglin_documents.service.port import ListedItem

STRANGE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
"""What reading raises for a line that is not of the contract."""
logger = logging.getLogger(__name__)


def readable(lines: Iterable[Any], read: Callable[[Any], ListedItem]) -> Iterator[ListedItem]:
    """What `read` makes of each line; those it cannot read are left out, and said in the log without their words."""
    for position, line in enumerate(lines, 1):
        try:
            found = read(line)
        except STRANGE as error:
            logger.warning("OA: line %s of a list was left out: %s", position, type(error).__name__)
            continue
        yield found

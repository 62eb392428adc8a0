"""Two texts of a process side by side, as changed lines with a little of what stands around them."""

from __future__ import annotations

import difflib
import enum
from dataclasses import dataclass

AROUND = 3


class LineKind(enum.StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"


@dataclass(frozen=True)
class ComparedLine:
    """`old` and `new` are line numbers from 1, None where the line is not in that text. GAP: lines left out."""

    kind: LineKind
    text: str = ""
    old: int | None = None
    new: int | None = None


def compare(old: str, new: str) -> tuple[ComparedLine, ...]:
    """The lines that differ; empty when nothing does."""
    before, after = old.splitlines(), new.splitlines()
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    found: list[ComparedLine] = []
    for group in matcher.get_grouped_opcodes(AROUND):
        if found:
            found.append(ComparedLine(LineKind.GAP))
        for tag, first, last, start, end in group:
            if tag == "equal":
                pairs = zip(range(first, last), range(start, end), strict=True)
                found += [ComparedLine(LineKind.SAME, before[a], a + 1, b + 1) for a, b in pairs]
            else:
                found += [ComparedLine(LineKind.REMOVED, before[a], old=a + 1) for a in range(first, last)]
                found += [ComparedLine(LineKind.ADDED, after[b], new=b + 1) for b in range(start, end)]
    return tuple(found)

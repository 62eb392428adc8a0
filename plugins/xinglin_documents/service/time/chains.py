"""Who acts for whom through chains of deputies; loops do no harm. Pure: persons are numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Deputyship:
    """`deputy_id` may do the tasks of `principal_id` in `processes` (empty: in all)."""

    principal_id: int
    deputy_id: int
    processes: tuple[str, ...] = ()

    def covers(self, process_key: str) -> bool:
        return not self.processes or process_key in self.processes


def principals_of(person_id: int, links: Iterable[Deputyship]) -> Mapping[int, Deputyship]:
    """For whom the person acts, directly or through others, by principal; never for herself.

    Along a chain only processes pass that each of its links covers; of several chains she has what any gives.
    """
    by_deputy: dict[int, list[Deputyship]] = {}
    for link in links:
        by_deputy.setdefault(link.deputy_id, []).append(link)
    reached: dict[int, frozenset[str] | None] = {person_id: None}  # None: in all processes
    waiting = [person_id]
    while waiting:
        known = waiting.pop()
        for link in by_deputy.get(known, ()):
            passed = _both(reached[known], frozenset(link.processes) or None)
            had = reached.get(link.principal_id, frozenset())
            has = None if had is None or passed is None else had | passed
            if has != had:
                reached[link.principal_id] = has
                waiting.append(link.principal_id)
    return {
        principal: Deputyship(principal, person_id, tuple(sorted(processes or ())))
        for principal, processes in reached.items()
        if principal != person_id and processes != frozenset()
    }


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def deputies_of(principal_id: int, links: Collection[Deputyship], process_key: str) -> tuple[int, ...]:
    """Who does the principal's tasks at the end of each chain; the principal when nobody acts for her."""
    seen, waiting, ends = {principal_id}, [principal_id], []
    while waiting:
        person = waiting.pop(0)
        following = [
            link.deputy_id
            for link in links
            if link.principal_id == person and link.covers(process_key) and link.deputy_id not in seen
        ]
        if not following and person != principal_id:
            ends.append(person)
        seen.update(following)
        waiting += dict.fromkeys(following)
    return tuple(ends) or (principal_id,)

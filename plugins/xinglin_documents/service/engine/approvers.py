"""Who is asked at a node: rules resolved, leavers left out, and what holds for the starter and for repeated approvers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xinglin_documents.service.engine.definition import (
    ApproverKind,
    Approvers,
    SignNode,
    WhenEmpty,
    WhenRepeated,
    WhenStarter,
)
from xinglin_documents.service.engine.facts import Facts
from xinglin_documents.service.engine.state import State

MANAGERS = Approvers(ApproverKind.MANAGERS)
SUPERIOR = Approvers(ApproverKind.SUPERIOR, "1")


@dataclass(frozen=True)
class Found:
    """Persons to ask; without any, `why` the node may be passed: nobody, starter, repeated. Empty: ask the managers."""

    persons: tuple[int, ...]
    why: str = ""

    @classmethod
    def of(cls, node: SignNode, facts: Facts, state: State) -> Found:
        persons = find(facts, state, node.approvers)
        if not persons:
            return cls((), "nobody" if node.when_empty is WhenEmpty.SKIP else "")
        persons = _without_starter(node, facts, state, persons)
        if not persons:
            return cls((), "starter")
        if node.when_repeated is WhenRepeated.SKIP:
            approved = {person for one in state.finished.values() for person in one.approved}
            persons = tuple(person for person in persons if person not in approved)
        return cls(persons, "" if persons else "repeated")


def find(facts: Facts, state: State, rules: Iterable[Approvers]) -> tuple[int, ...]:
    """Active persons by all rules who may know the document, each once, in the order of the rules."""
    found = dict.fromkeys(person for rule in rules for person in _by_rule(facts, state, rule))
    active = facts.are_active(tuple(found))
    known = facts.may_know(tuple(person for person in found if person in active))
    return tuple(person for person in found if person in known)


def judges_herself(node: SignNode, state: State, person: int) -> bool:
    """Whether this is the starter at a node that is not hers to decide, by whatever way she came to it."""
    return person == state.starter and node.when_starter is not WhenStarter.ACT and not _is_starters(node)


def _is_starters(node: SignNode) -> bool:
    return any(rule.kind is ApproverKind.STARTER for rule in node.approvers)


def _by_rule(facts: Facts, state: State, rule: Approvers) -> Iterable[int]:
    if rule.kind is ApproverKind.STARTER:
        return (state.starter,)
    if rule.kind is ApproverKind.EARLIER:
        earlier = state.finished.get(rule.value)
        return (earlier.approved or earlier.persons) if earlier else ()
    return facts.persons(rule)


def _without_starter(node: SignNode, facts: Facts, state: State, persons: tuple[int, ...]) -> tuple[int, ...]:
    if state.starter not in persons or not judges_herself(node, state, state.starter):
        return persons
    others = tuple(person for person in persons if person != state.starter)
    if others or node.when_starter is WhenStarter.SKIP:
        return others
    return tuple(person for person in find(facts, state, (SUPERIOR,)) if person != state.starter)

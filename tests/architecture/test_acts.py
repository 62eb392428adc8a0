"""What the audit trail calls an act on a person has words on the page of that person."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.house import ROOT, below
from xinglin_portal.views.looks import ACTIONS

RECORDERS = {"record", "insert_once", "Act"}
WITH_ANY_KIND = {
    "core/xinglin/audit/batch.py",
    "core/xinglin/audit/faults.py",
    "core/xinglin/audit/service.py",
    "core/xinglin/people/roster.py",  # its acts are done in tests/functional/test_looks.py
}


def recorded() -> Iterator[tuple[str, ast.expr, ast.expr]]:
    """Every act on an object that the code records: where, its action, the kind of its object."""
    for path in below("core", "portal", "plugins", suffix=".py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _called(node) in RECORDERS:
                named = node.args[1:] if _called(node) == "insert_once" else node.args
                if len(named) > 1:
                    yield str(path.relative_to(ROOT)), named[0], named[1]


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_every_act_on_a_person_has_words() -> None:
    acts = list(recorded())
    assert {where for where, _action, kind in acts if not isinstance(kind, ast.Constant)} <= WITH_ANY_KIND
    on_persons = {
        ast.unparse(action).strip("'")
        for _where, action, kind in acts
        if isinstance(kind, ast.Constant) and kind.value == "person"
    }
    assert len(on_persons) >= 8
    assert not on_persons - ACTIONS.keys(), "add words to ACTIONS of the portal's view"

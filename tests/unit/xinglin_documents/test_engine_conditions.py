"""Conditions of paths: what holds of a form, and what cannot be made to fail by what people type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin_documents.service.engine.conditions import (
    Comparison,
    Joined,
    Joining,
    Operator,
    fields_of,
    holds,
)

FORM = {
    "days": "3.5",
    "amount": "12000.00",
    "from": "2026-11-23",
    "kind": "annual",
    "rooms": ["a", "b"],
    "note": "",
    "starter.roles": ["nurse", "head_nurse"],
}


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("days", Operator.MORE, 3, True),
        ("days", Operator.AT_MOST, "3.50", True),
        ("days", Operator.LESS, 3.5, False),
        ("amount", Operator.AT_LEAST, 12000, True),
        ("amount", Operator.MORE, 9999, True),  # as texts it would not hold
        ("from", Operator.LESS, "2026-12-01", True),
        ("kind", Operator.IS, "annual", True),
        ("kind", Operator.IS_NOT, "annual", False),
        ("kind", Operator.IN, ["sick", "annual"], True),
        ("kind", Operator.NOT_IN, ["sick"], True),
        ("rooms", Operator.CONTAINS, "b", True),
        ("note", Operator.EMPTY, None, True),
        ("note", Operator.FILLED, None, False),
        ("note", Operator.IS, "", False),
        ("nothing", Operator.IS_NOT, "annual", True),
        ("nothing", Operator.MORE, 0, False),
        ("kind", Operator.MORE, 3, False),
        ("starter.roles", Operator.IS, "nurse", True),
    ],
)
def test_a_comparison(field: str, operator: Operator, value: Any, expected: bool) -> None:
    assert holds(Comparison(field, operator, value), FORM) is expected


def test_joined_conditions_and_their_fields() -> None:
    long, paid = Comparison("days", Operator.MORE, 3), Comparison("kind", Operator.IS, "paid")
    assert not holds(Joined(Joining.ALL, (long, paid)), FORM)
    assert holds(Joined(Joining.ANY, (long, paid)), FORM)
    condition = Joined(Joining.NOT, (Joined(Joining.ALL, (long, paid)),))
    assert holds(condition, FORM)
    assert list(fields_of(condition)) == ["days", "kind"]
    assert holds(None, {})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@given(
    operator=st.sampled_from([one for one in Operator if one not in (Operator.IN, Operator.NOT_IN)]),
    found=ANYTHING,
    value=ANYTHING,
)
def test_whatever_a_form_holds_it_is_an_answer_and_no_error(
    operator: Operator, found: Any, value: Any
) -> None:
    assert holds(Comparison("field", operator, value), {"field": found}) in (True, False)

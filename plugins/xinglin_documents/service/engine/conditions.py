"""Conditions of paths: operators over form fields and facts of the starter, as data; nothing is ever evaluated as code."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any


class Operator(enum.StrEnum):
    """Numbers compare as decimals, dates and texts as texts; CONTAINS looks into lists and texts."""

    IS = "is"
    IS_NOT = "is_not"
    LESS = "less"
    AT_MOST = "at_most"
    MORE = "more"
    AT_LEAST = "at_least"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    EMPTY = "empty"
    FILLED = "filled"


class Joining(enum.StrEnum):
    ALL = "all"
    ANY = "any"
    NOT = "not"


@dataclass(frozen=True)
class Comparison:
    """`field` is a form field, `starter.department` (codes from the root down), `starter.roles` or `starter.post`."""

    field: str
    operator: Operator
    value: Any = None


@dataclass(frozen=True)
class Joined:
    """NOT has one part and holds when that does not."""

    joining: Joining
    parts: tuple[Condition, ...]


Condition = Comparison | Joined


def fields_of(condition: Condition | None) -> Iterator[str]:
    """Every field that it looks at."""
    if isinstance(condition, Comparison):
        yield condition.field
    elif condition is not None:
        for part in condition.parts:
            yield from fields_of(part)


def holds(condition: Condition | None, values: Mapping[str, Any]) -> bool:
    """Whether it holds; a missing or unfit value makes a comparison false, never an error."""
    if condition is None:
        return True
    if isinstance(condition, Comparison):
        return _compare(condition, values.get(condition.field))
    results = (holds(part, values) for part in condition.parts)
    if condition.joining is Joining.ALL:
        return all(results)
    return any(results) if condition.joining is Joining.ANY else not any(results)


def _compare(comparison: Comparison, found: Any) -> bool:
    return COMPARE[comparison.operator](found, comparison.value)


def _same(found: Any, value: Any) -> bool:
    if isinstance(found, list):
        return any(_same(one, value) for one in found)
    left, right = _number(found), _number(value)
    return left == right if left is not None and right is not None else str(found) == str(value)


def _ordered(found: Any, value: Any, compare: Callable[[Any, Any], bool]) -> bool:
    if found is None or found == "" or isinstance(found, (list, dict)):
        return False
    left, right = _number(found), _number(value)
    if left is not None and right is not None:
        return compare(left, right)
    return compare(str(found), str(value)) if left is None and right is None else False


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _is_empty(found: Any) -> bool:
    return found is None or found in ("", [], {})


def _contains(found: Any, value: Any) -> bool:
    if isinstance(found, list):
        return any(_same(one, value) for one in found)
    return isinstance(found, str) and str(value) in found


def _is_in(found: Any, value: Any) -> bool:
    return not _is_empty(found) and any(_same(found, one) for one in value)


COMPARE: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.IS: lambda found, value: not _is_empty(found) and _same(found, value),
    Operator.IS_NOT: lambda found, value: _is_empty(found) or not _same(found, value),
    Operator.LESS: lambda found, value: _ordered(found, value, lambda left, right: left < right),
    Operator.AT_MOST: lambda found, value: _ordered(found, value, lambda left, right: left <= right),
    Operator.MORE: lambda found, value: _ordered(found, value, lambda left, right: left > right),
    Operator.AT_LEAST: lambda found, value: _ordered(found, value, lambda left, right: left >= right),
    Operator.IN: _is_in,
    Operator.NOT_IN: lambda found, value: not _is_in(found, value),
    Operator.CONTAINS: _contains,
    Operator.EMPTY: lambda found, _value: _is_empty(found),
    Operator.FILLED: lambda found, _value: not _is_empty(found),
}

"""Sums that the form keeps itself: exact, and never taken from a browser."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from xinglin_documents.service.engine.definition import Definition, FieldKind, FormField

CENT = Decimal("0.01")


def with_totals(definition: Definition, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with the total of every detail table that is among them."""
    found = dict(values)
    for field in definition.form:
        rows, _dot, column = field.total_of.partition(".")
        if rows and rows in values:
            found[field.key] = total(field, values[rows], column)
    return found


def total(field: FormField, rows: Any, column: str) -> str:
    """The sum of a column as text, money with two decimals; what is no number counts nothing."""
    numbers = (_number(row.get(column)) for row in rows or () if isinstance(row, dict))
    return as_text(sum(numbers, Decimal(0)), is_money=field.kind is FieldKind.MONEY)


def as_text(number: Decimal, *, is_money: bool) -> str:
    """A decimal as it stands in values: no exponent, no sign on zero; money with two decimals."""
    plain = number.quantize(CENT) if is_money else number
    return format(plain + 0, "f") if plain else format(abs(plain), "f")


def _number(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() else Decimal(0)

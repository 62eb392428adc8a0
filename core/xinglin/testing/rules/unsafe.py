"""Code that lets strangers in, found in its syntax: SQL put together from text, certificates not looked at, raw HTML."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

RAW_SQL = frozenset({"text", "literal_column", "exec_driver_sql"})
RAW_HTML = frozenset({"Markup", "HTML"})
REASON = "# noqa: S704 - "
"""How a line says why its HTML is safe; ruff asks for the mark, we for the reason."""


def faults_of_code(path: Path) -> Iterator[str]:
    """What is dangerous in one Python file, with its line."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            for fault in _faults_of_call(node, lines):
                yield f"{path.name}:{node.lineno} {fault}"


def _faults_of_call(call: ast.Call, lines: list[str]) -> Iterator[str]:
    name = _name_of(call.func)
    if name in RAW_SQL and call.args and _is_put_together(call.args[0]):
        yield "SQL put together from text"
    if name in RAW_HTML and call.args and not isinstance(call.args[0], ast.Constant):
        written = "\n".join(lines[call.lineno - 1 : call.end_lineno])
        if REASON not in written:
            yield "raw HTML of a variable without a reason"
    for keyword in call.keywords:
        is_false = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        if keyword.arg in ("verify", "check_hostname", "verify_ssl") and is_false:
            yield "certificates are not checked"


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_put_together(node: ast.expr) -> bool:
    """Whether it is glued from anything but constants, whose names are in capitals."""
    if isinstance(node, ast.JoinedStr):
        values = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        return not all(isinstance(value, ast.Name) and value.id.isupper() for value in values)
    if isinstance(node, ast.BinOp):
        return True
    return isinstance(node, ast.Call) and _name_of(node.func) in ("format", "join", "replace")

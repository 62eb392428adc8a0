"""No template of ours can be broken out of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.house import below, shown
from xinglin.testing.rules.templates import faults_of_template


@pytest.mark.parametrize("path", [*below("core", "portal", "plugins", suffix=".jinja2")], ids=shown)
def test_a_template_is_safe(path: Path) -> None:
    assert list(faults_of_template(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("<a href={{ url }}>x</a>", "an unquoted attribute in <a href=x>"),
        (
            "<input {% if on %}checked=1{% endif %} name='a'>",
            "an unquoted attribute in <input checked=1 name='a'>",
        ),
        ("<p onclick=\"go('{{ x }}')\">", "an inline handler in <p onclick=\"go('x')\">"),
        ("<p hx-on:click='go()'>", "an inline handler in <p hx-on:click='go()'>"),
        ("<a href='javascript:go()'>", "a script address in <a href='javascript:go()'>"),
        ('<script nonce="{{ n }}">go({{ x }})</script>', "an inline script"),
        ("{{ body|safe }}", "unescaped output"),
        ("{{ notice.title|safe }}", "unescaped output"),
        ("{% autoescape false %}{{ x }}", "unescaped output"),
    ],
)
def test_an_unsafe_one_is_found(source: str, fault: str) -> None:
    assert list(faults_of_template(source)) == [fault]


def test_a_safe_one_is_left_alone() -> None:
    source = """{# <p onclick=go> #}<a class="{{ 'on' if here == 1 else 'off' }}" href="/news?a=b" hidden>a = b</a>
    <script src="{{ asset('portal.js') }}" nonce="{{ csp_nonce }}"></script>{{ x|safe_text }}{{ notice.body|safe }}"""
    assert list(faults_of_template(source)) == []

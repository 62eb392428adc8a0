"""Templates that no input can break out of: quoted attributes, no script inline, `|safe` for sanitised bodies only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.house import below, shown

COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
STATEMENT = re.compile(r"\{%.*?%\}", re.DOTALL)
EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
TAG = re.compile(r"<[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
RULES = {
    "an unquoted attribute": re.compile(r"[\w:@.-]+\s*=\s*(?![\"'\s])[^\s>]"),
    "an inline handler": re.compile(
        r"\s(?:on\w+|hx-on[\w:.-]*|hx-vars|x-on[\w:.-]*|@\w+)\s*=", re.IGNORECASE
    ),
    "a script address": re.compile(r"=\s*[\"']\s*javascript:", re.IGNORECASE),
}
SCRIPT = re.compile(r"<script\b(?![^>]*\bsrc\s*=)", re.IGNORECASE)
BODY = re.compile(r"\{\{ \w+\.body\|safe \}\}")  # HTML that `RichText` has sanitised
UNSAFE = re.compile(r"\|\s*safe\b|\{%-?\s*autoescape\s+false", re.IGNORECASE)
STRING = re.compile(r"\"[^\"]*\"|'[^']*'")


def faults_of(source: str) -> Iterator[str]:
    if UNSAFE.search(BODY.sub("", COMMENT.sub("", source))):
        yield "unescaped output"
    plain = EXPRESSION.sub("x", STATEMENT.sub("", COMMENT.sub("", source)))
    if SCRIPT.search(plain):
        yield "an inline script"
    for tag in TAG.finditer(plain):
        bare = STRING.sub('""', tag[0])
        for name, rule in RULES.items():
            if rule.search(tag[0] if name == "a script address" else bare):
                yield f"{name} in {tag[0][:80]}"


@pytest.mark.parametrize("path", [*below("core", "portal", "plugins", suffix=".jinja2")], ids=shown)
def test_a_template_is_safe(path: Path) -> None:
    assert list(faults_of(path.read_text(encoding="utf-8"))) == []


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
    assert list(faults_of(source)) == [fault]


def test_a_safe_one_is_left_alone() -> None:
    source = """{# <p onclick=go> #}<a class="{{ 'on' if here == 1 else 'off' }}" href="/news?a=b" hidden>a = b</a>
    <script src="{{ asset('portal.js') }}" nonce="{{ csp_nonce }}"></script>{{ x|safe_text }}{{ notice.body|safe }}"""
    assert list(faults_of(source)) == []

"""Templates that no input can break out of: quoted attributes, no script inline, `|safe` for sanitised bodies only."""

from __future__ import annotations

import re
from collections.abc import Iterator

COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
STATEMENT = re.compile(r"\{%.*?%\}", re.DOTALL)
EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
TAG = re.compile(r"<[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
UNQUOTED = re.compile(r"[\w:@.-]+\s*=\s*(?![\"'\s])[^\s>]")
HANDLER = re.compile(r"\s(?:on\w+|hx-on[\w:.-]*|hx-vars|x-on[\w:.-]*|@\w+)\s*=", re.IGNORECASE)
SCRIPT_ADDRESS = re.compile(r"=\s*[\"']\s*javascript:", re.IGNORECASE)
SCRIPT = re.compile(r"<script\b(?![^>]*\bsrc\s*=)", re.IGNORECASE)
BODY = re.compile(r"\{\{ \w+\.body\|safe \}\}")
UNSAFE = re.compile(r"\|\s*safe\b|\{%-?\s*autoescape\s+false", re.IGNORECASE)


def faults_of_template(source: str) -> Iterator[str]:
    """What is unsafe in a Jinja2 template; `x.body|safe` is how HTML that `RichText` has sanitised is put out."""
    spoken = COMMENT.sub("", source)
    if UNSAFE.search(BODY.sub("", spoken)):
        yield "unescaped output"
    plain = EXPRESSION.sub("x", STATEMENT.sub("", spoken))
    if SCRIPT.search(plain):
        yield "an inline script"
    for tag in TAG.finditer(plain):
        bare = STRING.sub('""', tag[0])
        for name, found in (
            ("an unquoted attribute", UNQUOTED.search(bare)),
            ("an inline handler", HANDLER.search(bare)),
            ("a script address", SCRIPT_ADDRESS.search(tag[0])),
        ):
            if found:
                yield f"{name} in {tag[0][:80]}"

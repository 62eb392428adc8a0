"""Every route of the running portal, as a stranger and as a nurse: what must never be answered."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests

from tests.security.doors import CHANGING, Door
from tests.security.findings import Finding, Severity

SECONDS = 30
MOST_PAGES = 60
AGENT = "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 MicroMessenger wxwork/4.1.30"
NONCE = re.compile(r"script-src 'self'(?: 'nonce-([\w-]{16,})')?;")
SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
HANDLER = re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE)
LINK = re.compile(r'<a\b[^>]*\shref="([^"#]+)"')
DIRECTIVES = ("object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors ")
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
OPEN = "core:public"
STAFF = frozenset({"core:person", "core:staff"})
LEAVES = frozenset({"core.logout", "core.logout_everywhere"})
"""Doors that would end the visitor's own session."""


@dataclass
class Visitor:
    """A browser. `allowed`: permissions it may have; `token`: what its forms would carry, empty when it has none."""

    name: str
    cookies: dict[str, str] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset({OPEN})
    token: str = ""


@dataclass(frozen=True)
class Answer:
    """What is judged of an answer; `cookies` are whole Set-Cookie headers, `to` is where it leads."""

    status: int
    headers: dict[str, str]
    cookies: tuple[str, ...]
    text: str

    @property
    def is_done(self) -> bool:
        """Whether the visitor got what was asked for: a page, or a way on that is no login."""
        return self.status < 300 or (
            self.status < 400 and "login" not in self.headers.get("location", "login")
        )


class Crawler:
    """Asks the portal at `url`; `asked` counts the requests."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = requests.Session()
        self.asked = 0

    def close(self) -> None:
        self._http.close()

    def crawl(self, doors: Iterable[Door], visitors: Iterable[Visitor]) -> Iterator[Finding]:
        """Each door with and without a token, then the pages that links lead to."""
        doors = list(doors)
        for visitor in visitors:
            for door in doors:
                yield from self._knock(door, visitor)
            yield from self._follow(visitor)

    def _knock(self, door: Door, visitor: Visitor) -> Iterator[Finding]:
        if not door.permission:
            yield _found("no-permission", door.place, "no view of this route declares a permission")
        answer = self._ask(door.method, door.path, visitor)
        yield from faults_of(answer, f"{door.place} as {visitor.name}")
        yield from trespasses_of(door, visitor, answer, has_token=False)
        if door.method in CHANGING and visitor.token and door.route not in LEAVES:
            answer = self._ask(door.method, door.path, visitor, {"X-CSRF-Token": visitor.token})
            yield from faults_of(answer, f"{door.place} as {visitor.name}")
            yield from trespasses_of(door, visitor, answer, has_token=True)

    def _follow(self, visitor: Visitor) -> Iterator[Finding]:
        waiting, seen = ["/"], {"/"}
        nonces: set[str] = set()
        for _page in range(MOST_PAGES):
            if not waiting:
                return
            path = waiting.pop(0)
            answer = self._ask("GET", path, visitor)
            place = f"page {re.sub(r'[A-Za-z0-9_-]{16,}', '*', path)} as {visitor.name}"
            yield from faults_of(answer, place)
            nonce = _nonce(answer)
            if nonce and nonce in nonces:
                yield _found("nonce-again", place, "two answers have the same nonce")
            nonces.add(nonce)
            fresh = [link for link in self._links(answer, path) if link not in seen]
            seen.update(fresh)
            waiting += fresh

    def _links(self, answer: Answer, path: str) -> list[str]:
        found = [urljoin(self._url + path, link.replace("&amp;", "&")) for link in LINK.findall(answer.text)]
        ours = [urlsplit(link) for link in dict.fromkeys(found) if link.startswith(self._url + "/")]
        return [f"{link.path}?{link.query}" if link.query else link.path for link in ours]

    def _ask(self, method: str, path: str, visitor: Visitor, headers: dict[str, str] | None = None) -> Answer:
        self.asked += 1
        answer = requests.request(
            method,
            self._url + path,
            headers={"User-Agent": AGENT, **(headers or {})},
            cookies=visitor.cookies,
            data={"a": secrets.token_hex(4)} if method in CHANGING else None,
            allow_redirects=False,
            timeout=SECONDS,
        )
        cookies = tuple(answer.raw.headers.getlist("Set-Cookie"))
        is_page = answer.headers.get("Content-Type", "").startswith("text/html")
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status_code, lower, cookies, answer.text if is_page else "")


def faults_of(answer: Answer, place: str) -> Iterator[Finding]:
    """What no answer may lack or show, whoever asks."""
    if answer.status >= 500:
        yield _found("server-error", place, f"status {answer.status}")
    policy = answer.headers.get("content-security-policy", "")
    missing = [directive for directive in DIRECTIVES if directive not in policy]
    if missing or not NONCE.search(policy):
        yield _found("policy", place, f"Content-Security-Policy: {policy!r}")
    for name, value in HEADERS.items():
        if answer.headers.get(name.lower()) != value:
            yield _found("header", f"{place} {name}", f"{name}: {answer.headers.get(name.lower())}")
    if "cache-control" not in answer.headers:
        yield _found("header", f"{place} Cache-Control", "no Cache-Control", "medium")
    if "server" in answer.headers:
        yield _found("header", f"{place} Server", "the server tells what it is", "low")
    yield from _faults_of_page(answer, place)
    for cookie in answer.cookies:
        if "httponly" not in cookie.lower() or "samesite=lax" not in cookie.lower():
            yield _found("cookie", f"{place} {cookie.partition('=')[0]}", "not HttpOnly and SameSite=Lax")


def _faults_of_page(answer: Answer, place: str) -> Iterator[Finding]:
    nonce = _nonce(answer)
    for attributes, body in SCRIPT.findall(answer.text):
        if body.strip() or not nonce or f'nonce="{nonce}"' not in attributes:
            yield _found("inline-script", place, f"a script without the nonce, or inline: {attributes[:80]}")
    if HANDLER.search(answer.text):
        yield _found("inline-script", place, "an attribute on… holds a script")


def trespasses_of(door: Door, visitor: Visitor, answer: Answer, *, has_token: bool) -> Iterator[Finding]:
    """Whether somebody got in who may not, or a change was taken without a token."""
    place = f"{door.place} as {visitor.name}"
    if answer.is_done and door.permission not in visitor.allowed:
        yield _found("open-door", place, f"status {answer.status} though it needs {door.permission}")
    was_taken = answer.status < 400 if visitor.cookies else answer.is_done
    if door.method in CHANGING and door.is_guarded and not has_token and was_taken:
        yield _found("no-token", place, f"status {answer.status} without a CSRF token")


def _nonce(answer: Answer) -> str:
    found = NONCE.search(answer.headers.get("content-security-policy", ""))
    return (found[1] or "") if found else ""


def _found(rule: str, place: str, message: str, severity: Severity = "high") -> Finding:
    return Finding("crawl", rule, place, severity, message)

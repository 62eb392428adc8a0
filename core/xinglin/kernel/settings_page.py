"""`python -m xinglin.kernel.settings_page > docs/settings.md`: every key of the ini, from the classes that read it."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import sys
import types
import typing
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from xinglin.kernel.settings import SECRETS, CoreSettings

DISTRIBUTION = "xinglin"
KINDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    bool: "`true` or `false`",
    timedelta: "duration",
    Path: "path",
}
SECRET_MEANINGS = {
    "wecom_secret": "the app's Secret, of the WeCom console",
    "wecom_contacts_secret": "the Secret of the contacts synchronisation",
    "wecom_callback_token": "the Token of the app's callback",
    "wecom_callback_aes_key": "the EncodingAESKey of the app's callback, 43 characters",
    "smtp_password": "the password of `smtp_user`",
    "sms_token": "the bearer token of the SMS gateway",
    "pkcs11_pin": "the user PIN of the token that holds the master key",
    "oa_password": "the password of `oa_user` in the OA behind",
    "oa_push_secret": "the key with which the OA signs its messages",
}
HEAD = """\
# Settings

This page is written by `python -m xinglin.kernel.settings_page > docs/settings.md`; do not edit it by hand.

A site has one ini file, UTF-8. `%(here)s` stands for its folder, and a literal `%` is written `%%`. A key that is not
on this page stops the start with a sentence that names the file, the section, the key and the cure.

- *duration*: a whole number with a unit, such as `30 s`, `10 min`, `12 h`, `7 d`
- *path*: absolute, or relative to the folder of the ini
- *words*: separated by spaces or commas
"""
SECRETS_HEAD = """\
## Secrets

No secret stands in the ini. Each is read from the environment variable, or else from the file of its name in
`secrets_folder` (mode 0600; a file that others can read is refused). The key ring, `master.key`, lies there too.

| secret | environment variable | meaning |
|---|---|---|
"""


def page() -> str:
    """The whole page in Markdown: the core, the modules of this distribution, the secrets."""
    parts = [HEAD, _section("xinglin", CoreSettings)]
    for name, cls in module_settings():
        parts.append(_section(f"xinglin:{name}", cls) if cls else f"## `[xinglin:{name}]`\n\nNo keys.\n")
    rows = [f"| `{name}` | `XINGLIN_{name.upper()}` | {_cell(SECRET_MEANINGS[name])} |\n" for name in SECRETS]
    return "\n".join(parts) + "\n" + SECRETS_HEAD + "".join(rows)


def module_settings() -> Iterator[tuple[str, type | None]]:
    """Name and settings class (None: it has none) of each module that comes with the portal itself."""
    points = importlib.metadata.distribution(DISTRIBUTION).entry_points
    for point in sorted(points.select(group="xinglin.plugins"), key=lambda point: point.name):
        module = point.load()
        yield point.name, module.xinglin_settings() if hasattr(module, "xinglin_settings") else None


def _section(name: str, cls: type) -> str:
    hints = typing.get_type_hints(cls)
    lines = [f"## `[{name}]`\n", "| key | type | default | meaning |", "|---|---|---|---|"]
    for item in dataclasses.fields(cls):
        cells = (_kind(hints[item.name]), _default(item.default), _cell(item.metadata["summary"]))
        lines.append(f"| `{item.name}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _kind(hint: Any) -> str:
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return " or ".join(f"`{choice}`" for choice in typing.get_args(hint))
    if origin is tuple:
        return "words"
    if origin in (typing.Union, types.UnionType):
        return _kind(next(part for part in typing.get_args(hint) if part is not type(None)))
    return KINDS[hint]


def _default(value: Any) -> str:
    if value is dataclasses.MISSING:
        return "**required**"
    if value in (None, "", ()):
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{_duration(value) if isinstance(value, timedelta) else value}`"


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    warnings.filterwarnings("ignore", message="Deprecated call to `pkg_resources")
    sys.stdout.write(page())


if __name__ == "__main__":
    main()

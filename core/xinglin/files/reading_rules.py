"""Who may read the files of a module besides those who uploaded them: each module says so itself, once.

    def includeme(config):
        config.add_file_rule("roster", may_read)

    def may_read(request: Request, stored: StoredFile) -> bool:
        return request.service(RosterService).may_see(stored.public_id)

The rule is asked at every opening of a page, about files of its module only. A module without a rule lets nobody in,
and people cannot upload to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pyramid.config import Configurator

from xinglin.api.i18n import translator
from xinglin.files.errors import FileRefused
from xinglin.files.models import StoredFile

if TYPE_CHECKING:
    from pyramid.request import Request

_ = translator("core")
FileRule = Callable[["Request", StoredFile], bool]
"""Given a file whose `plugin` is the module; the answer is not kept."""


def includeme(config: Configurator) -> None:
    config.registry.xinglin_file_rules = {}
    config.add_directive("add_file_rule", add_file_rule)


def add_file_rule(config: Configurator, plugin: str, rule: FileRule) -> None:
    """Let `rule` decide about the files of `plugin`; a second rule of the same module is a conflict."""

    def register() -> None:
        config.registry.xinglin_file_rules[plugin] = rule

    config.action(("file rule", plugin), register)


def lets_in(request: Request, stored: StoredFile) -> bool:
    """What the module of the file says about the person of this request."""
    rule: FileRule | None = request.registry.xinglin_file_rules.get(stored.plugin)
    return rule is not None and rule(request, stored)


def check_takes_files(request: Request, plugin: str) -> None:
    """Refuse an upload to a module that nobody could read it from; raises `FileRefused`."""
    if plugin not in request.registry.xinglin_file_rules:
        raise FileRefused(
            _("This module takes no files: ${module}", mapping={"module": plugin}), _("Reload the page.")
        )

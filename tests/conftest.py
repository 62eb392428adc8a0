"""For every folder of tests: a portal, vendors' plugins found by real entry points, windows freed where they were made."""

from __future__ import annotations

import gc
import itertools
import json
import os
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from webtest import TestApp

    from xinglin.testing.portal import Portal

NUMBERS = itertools.count(1)
HEAD = """
from __future__ import annotations

from datetime import timedelta

from pyramid.response import Response

from xinglin import hookimpl
from xinglin.types import *
from xinglin.types import Slot
"""
MANIFEST = """
@hookimpl
def xinglin_manifest():
    return Manifest("{name}", "{name}", "1.0", api={api}, summary="made for a test", requires={requires!r})
"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A window's garbage is not left to whichever thread comes next: see `xinglin_admin.garbage`."""
    if "qtbot" not in getattr(item, "fixturenames", ()):
        return (yield)
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.enable()


@pytest.fixture(scope="session")
def _api_document_checked_once() -> Iterator[None]:
    """Each start of a portal checks `openapi.yaml` for half a second; of hundreds of starts the first is enough."""
    import pyramid_openapi3

    check, known = pyramid_openapi3.validate, set[str]()

    def once(document: Any) -> None:
        text = json.dumps(document, default=str)
        if text not in known:
            check(document)
            known.add(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyramid_openapi3, "validate", once)
        yield


@pytest.fixture
def make_portal(
    make_portal: Callable[..., Portal], _api_document_checked_once: None
) -> Callable[..., Portal]:
    """The fixture of `xinglin.testing`, a little faster."""
    return make_portal


@dataclass
class Vendor:
    """Installs packages into a folder of the test; `path` is what a subprocess needs in PYTHONPATH."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    folders: list[Path] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return os.pathsep.join(map(str, self.folders))

    def install(
        self,
        name: str,
        hooks: str = "",
        *,
        manifest: str = MANIFEST,
        api: int = 1,
        requires: tuple[str, ...] = (),
        **modules: str,
    ) -> Path:
        """A plugin `name` with these hooks and further modules (`models="…"`); its package folder."""
        package = f"vendor{next(NUMBERS)}_{name}"
        root = self.folder / package
        code, info = root / package, root / f"{package}-1.0.dist-info"
        for made in (code, info):
            made.mkdir(parents=True)
        (code / "__init__.py").write_text('"""A vendor\'s module."""\n', encoding="utf-8")
        head = manifest.format(name=name, api=api, requires=requires)
        (code / "plugin.py").write_text(HEAD + head + dedent(hooks), encoding="utf-8")
        for module, source in modules.items():
            (code / f"{module}.py").write_text(dedent(source), encoding="utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[xinglin.plugins]\n{name} = {package}.plugin\n")
        self.monkeypatch.syspath_prepend(str(root))
        self.folders.append(root)
        self.packages.append(package)
        return code


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """`vendor.install("alpha", hooks)` makes the plugin `alpha` known to this test alone."""
    made = Vendor(tmp_path / "vendors", monkeypatch)
    from xinglin.kernel.orm import Base

    yield made
    for mapper in list(Base.registry.mappers):
        if mapper.class_.__module__.partition(".")[0] in made.packages:
            Base.metadata.remove(mapper.local_table)
    for name in [name for name in sys.modules if name.partition(".")[0] in made.packages]:
        del sys.modules[name]


def log_in(portal: Portal, staff_no: str = "1001", **fields: Any) -> TestApp:
    """A browser in which a confirmed person is logged in, without the way through WeCom."""
    from xinglin.auth.sessions import Lifetimes, Origin, SessionService
    from xinglin.people.models import Person, PersonFacet

    now = portal.site.clock.now()
    with portal.session() as (session, audit):
        given = {"name": "李护士", "state": "active", "confirmed_at": now, **fields}
        person = Person(staff_no=staff_no, created_at=now, updated_at=now, **given)
        session.add(person)
        session.flush()
        session.add(PersonFacet(person_id=person.id, facet="*"))
        service = SessionService(session, portal.site.clock, audit, Lifetimes.of(portal.site.settings))
        token = service.begin_person(person, "wecom", Origin()).token
    browser = portal.browser()
    browser.set_cookie("xinglin_session", token)
    return browser

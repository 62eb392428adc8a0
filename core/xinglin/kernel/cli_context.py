"""What every command of `xinglin` works with."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from xinglin.audit.service import Actor, AuditTrail
from xinglin.crypto.service import Keyring
from xinglin.kernel.app import plugins_of
from xinglin.kernel.db import Database, Session
from xinglin.kernel.plugins import PluginSet
from xinglin.kernel.settings import CoreSettings
from xinglin.kernel.site import Site
from xinglin.types import Clock


@dataclass
class CliContext:
    """The site and who sits at the keyboard."""

    site: Site

    @property
    def settings(self) -> CoreSettings:
        return self.site.settings

    @property
    def database(self) -> Database:
        return self.site.database

    @property
    def keyring(self) -> Keyring:
        return self.site.keyring

    @property
    def clock(self) -> Clock:
        return self.site.clock

    @cached_property
    def plugins(self) -> PluginSet:
        return plugins_of(self.site)

    @cached_property
    def actor(self) -> Actor:
        user = getpass.getuser()
        return Actor("cli", user, user, ip=socket.gethostname())

    @contextmanager
    def session(self) -> Iterator[tuple[Session, AuditTrail]]:
        """A write session and its audit trail; commits at the end."""
        with self.database.session() as session:
            yield session, AuditTrail(session, self.actor, self.clock, self.keyring)

"""Xinglin core: the kernel on which every business area stands as a plugin."""

from __future__ import annotations

import pluggy

__version__ = "0.1.0"
API_VERSION = 1
"""The one integer version of the plugin API (see `docs/adr/0002-plugin-kernel.md`)."""

hookimpl = pluggy.HookimplMarker("xinglin")

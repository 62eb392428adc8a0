"""Telling other plugins what happened."""

from __future__ import annotations

from xinglin.bus.service import publish
from xinglin.types import Event

__all__ = ["Event", "publish"]

"""Processes as text: reading and checking them, versions, moving running instances."""

from __future__ import annotations

from xinglin_documents.service.definitions.faults import DefinitionFaults, Fault
from xinglin_documents.service.definitions.parsing import Checked, check, parse
from xinglin_documents.service.definitions.service import DefinitionService
from xinglin_documents.service.definitions.shipped import ensure_shipped

__all__ = ["Checked", "DefinitionFaults", "DefinitionService", "Fault", "check", "ensure_shipped", "parse"]

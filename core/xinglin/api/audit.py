"""The audit trail: `request.audit.record(...)` in a view's service, `context.audit` in a job."""

from __future__ import annotations

from xinglin.audit.looks import Look, Looks, LookService
from xinglin.audit.looks import factory as look_factory
from xinglin.audit.service import Actor, AuditTrail

__all__ = ["Actor", "AuditTrail", "Look", "LookService", "Looks", "look_factory"]

"""All tables of the core, imported so that the one metadata is complete."""

from __future__ import annotations

from xinglin.audit import models as audit_models
from xinglin.auth import models as auth_models
from xinglin.bus import models as bus_models
from xinglin.files import models as files_models
from xinglin.kernel import jobs_models, transactions
from xinglin.kernel.orm import Base
from xinglin.people import models as people_models
from xinglin.push import models as push_models
from xinglin.wecom import models as wecom_models

MODULES = (
    audit_models,
    auth_models,
    bus_models,
    files_models,
    jobs_models,
    people_models,
    push_models,
    transactions,
    wecom_models,
)
METADATA = Base.metadata

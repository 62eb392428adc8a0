"""All tables of the core, imported so that the one metadata is complete."""

from __future__ import annotations

import importlib.util

from xinglin.access import models as access_models
from xinglin.audit import models as audit_models
from xinglin.auth import models as auth_models
from xinglin.backup import models as backup_models
from xinglin.bus import models as bus_models
from xinglin.files import models as files_models
from xinglin.kernel import jobs_models, plugins, transactions
from xinglin.kernel.orm import Base
from xinglin.people import models as people_models
from xinglin.push import models as push_models
from xinglin.wecom import models as wecom_models

MODULES = (
    access_models,
    audit_models,
    auth_models,
    backup_models,
    bus_models,
    files_models,
    jobs_models,
    people_models,
    push_models,
    transactions,
    wecom_models,
)
METADATA = Base.metadata


def import_all_models() -> None:
    """Import the tables of every installed plugin, on or off (for test databases and snapshots)."""
    for point in plugins.discover().values():
        package = point.value.rpartition(".")[0]
        if importlib.util.find_spec(package) and importlib.util.find_spec(f"{package}.models"):
            importlib.import_module(f"{package}.models")

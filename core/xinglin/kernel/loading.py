"""Loading the plugins of a site, leaving out those that fail."""

from __future__ import annotations

import logging

from xinglin.kernel import plugins as plugin_kernel
from xinglin.kernel.plugins import PluginError, PluginSet, Quarantined
from xinglin.kernel.settings import CoreSettings
from xinglin.kernel.site import Site

logger = logging.getLogger(__name__)


def load_plugins(site: Site) -> PluginSet:
    """The plugins without any that fail to load; Pyramid is not needed (worker, commands)."""
    quarantined: dict[str, Quarantined] = {}
    while True:
        try:
            return plugin_kernel.load(site.settings.plugins, site.ini, quarantined)
        except PluginError as error:
            quarantine(site.settings, quarantined, error)


def quarantine(settings: CoreSettings, quarantined: dict[str, Quarantined], error: PluginError) -> None:
    """Note the failed plugin, or raise when the site may not start without it."""
    if settings.strict or error.plugin in settings.required:
        raise error
    logger.error("quarantined %s", error, exc_info=error)
    quarantined[error.plugin] = plugin_kernel.quarantine_of(error)

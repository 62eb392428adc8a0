"""The build loop: read the ini, load the plugins, run the steps; a bad plugin is left out and the build begins anew."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.router import Router

from xinglin.kernel import plugins as plugin_kernel
from xinglin.kernel import site_keys
from xinglin.kernel.blame import PluginViewsChecker, blame
from xinglin.kernel.plugins import PluginError, PluginSet, Quarantined
from xinglin.kernel.settings import CoreSettings
from xinglin.kernel.site import Site, open_site
from xinglin.kernel.steps import STEPS

logger = logging.getLogger(__name__)


def build(site: Site) -> Router:
    """The WSGI application of `site`. Raises `PluginError` for a bad plugin when strict or when it is required."""
    quarantined: dict[str, Quarantined] = {}
    while True:
        try:
            found = plugin_kernel.load(site.settings.plugins, site.ini, quarantined)
            return _assemble(site, found)
        except PluginError as error:
            quarantine(site.settings, quarantined, error)
        except ConfigurationError as error:
            quarantine(site.settings, quarantined, _culprit_of(site, quarantined, error))


def _culprit_of(site: Site, quarantined: Mapping[str, Quarantined], error: ConfigurationError) -> PluginError:
    """Whose error this is when it does not say so: that of the plugin with which it first comes. Raises it if nobody's."""
    names = [name for name in site.settings.plugins if name not in quarantined]
    for number in range(len(names) + 1):
        try:
            _assemble(site, plugin_kernel.load(tuple(names[:number]), site.ini, quarantined))
        except ConfigurationError as same:
            if number:
                return PluginError(names[number - 1], "configure", str(same))
            break
        except PluginError:
            continue
    raise error


def quarantine(settings: CoreSettings, quarantined: dict[str, Quarantined], error: PluginError) -> None:
    """Note the failed plugin, or raise when the site may not start without it."""
    if settings.strict or error.plugin in settings.required:
        raise error
    logger.error("quarantined %s", error, exc_info=error.__cause__)
    quarantined[error.plugin] = plugin_kernel.quarantine_of(error)


def plugins_of(site: Site) -> PluginSet:
    """The plugins that the portal would serve: worker and commands leave out the same ones as the portal."""
    found: PluginSet = build(site).registry.xinglin_plugins
    return found


def _assemble(site: Site, found: PluginSet) -> Router:
    config = Configurator(settings={})
    config.registry.xinglin_site = site
    config.registry.xinglin_plugins = found
    for step in STEPS:
        step(config, site, found)
    for name, function in plugin_kernel.implementations(found.manager, "xinglin_configure"):
        with plugin_kernel.guard(name, "configure"):
            config.include(function, route_prefix=None)
    with blame(found):
        config.commit()
    PluginViewsChecker(config, found).check()
    return config.make_wsgi_app()


def main(global_config: Mapping[str, str], **settings: Any) -> Router:
    """`paste.app_factory`: `[app:main] use = egg:xinglin`; our settings are in `[xinglin]`."""
    site = open_site(Path(global_config["__file__"]))
    site_keys.meet(site.database)
    return build(site)

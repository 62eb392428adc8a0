"""The boot of the portal, read from top to bottom: each step is small and can be understood alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyramid_tm
from pyramid.config import Configurator

from xinglin import kernel
from xinglin.audit.batch import ViewRecorder
from xinglin.kernel import errors, pages, requests, security_headers, services, transactions
from xinglin.kernel.assets import Assets
from xinglin.kernel.i18n import Words
from xinglin.kernel.plugins import PluginSet
from xinglin.kernel.site import Site
from xinglin.wecom.client import WeComClient

CORE = Path(kernel.__file__).resolve().parent.parent
MAX_AGE_SECONDS = 31_536_000


def setup_transactions(config: Configurator, site: Site, found: PluginSet) -> None:
    """One transaction a request; a lost database is tried again; a repeated POST does nothing twice."""
    config.add_settings(
        {
            "tm.manager_hook": pyramid_tm.explicit_manager,
            "tm.activate_hook": transactions.needs_transaction,
            "tm.annotate_user": False,
            "retry.attempts": 4,
        }
    )
    config.include("pyramid_retry")
    config.include("pyramid_tm")
    transactions.includeme(config)


def setup_words(config: Configurator, site: Site, found: PluginSet) -> None:
    """Catalogues of core and of every plugin, found by convention in `locale/`."""
    folders = [CORE / "locale", *(_folder_of(plugin.module, "locale") for plugin in found.plugins.values())]
    config.registry.xinglin_words = Words(folders)


def setup_templates(config: Configurator, site: Site, found: PluginSet) -> None:
    """Search path: the site's theme, each plugin's `templates/`, the core's."""
    config.add_settings(
        {
            "jinja2.trim_blocks": True,
            "jinja2.lstrip_blocks": True,
            "jinja2.undefined": "strict" if site.settings.strict else "",
            "jinja2.auto_reload": False,
        }
    )
    config.include("pyramid_jinja2")
    folders = [site.settings.theme_folder] if site.settings.theme_folder else []
    folders += [_folder_of(plugin.module, "templates") for plugin in found.plugins.values()]
    for folder in (*folders, CORE / "templates"):
        config.add_jinja2_search_path(str(folder), name=".jinja2")
    pages.includeme(config)


def setup_static(config: Configurator, site: Site, found: PluginSet) -> None:
    """`/static/<plugin>/…` from each plugin's `static/`; built assets are found by their logical names."""
    manifests = {}
    for name, plugin in found.plugins.items():
        folder = _folder_of(plugin.module, "static")
        if folder.is_dir():
            config.add_static_view(
                f"static/{name}",
                f"{plugin.package}:static",
                cache_max_age=MAX_AGE_SECONDS,
                content_encodings=["gzip"],
            )
            manifests[f"/static/{name}/dist/"] = folder / "dist" / "manifest.json"
    config.registry.xinglin_assets = Assets.read(manifests)


def setup_requests(config: Configurator, site: Site, found: PluginSet) -> None:
    """What every request knows: session, clock, actor, audit, settings, services."""
    registry = config.registry
    registry.xinglin_recorder = ViewRecorder(site.database, site.clock, site.keyring)
    registry.xinglin_wecom = WeComClient(site.settings, site.keyring, site.database, site.clock)
    registry.xinglin_started_at = site.clock.now()
    services.includeme(config)
    requests.includeme(config, site, found)


def setup_security(config: Configurator, site: Site, found: PluginSet) -> None:
    """Default deny, the session's policy, CSRF on every unsafe method, headers on every response."""
    config.set_default_permission("core:denied")
    security_headers.includeme(config)
    config.include("xinglin.access.routes")
    config.include("xinglin.auth.routes")


def setup_errors(config: Configurator, site: Site, found: PluginSet) -> None:
    """Every error is a sentence with a cure; the log names the culprit."""
    errors.includeme(config)


def setup_core_areas(config: Configurator, site: Site, found: PluginSet) -> None:
    """People, messages, callback of WeCom, admin API, health."""
    config.include("xinglin.people.routes")
    config.include("xinglin.push.routes")
    config.include("xinglin.files.routes")
    config.include("xinglin.wecom.routes")
    config.include("xinglin.admin.routes")
    config.include("xinglin.kernel.health")


def _folder_of(module: object, name: str) -> Path:
    return Path(str(getattr(module, "__file__", ""))).resolve().parent / name


Step = Callable[[Configurator, Site, PluginSet], None]
STEPS: tuple[Step, ...] = (
    setup_transactions,
    setup_words,
    setup_templates,
    setup_static,
    setup_requests,
    setup_security,
    setup_errors,
    setup_core_areas,
)

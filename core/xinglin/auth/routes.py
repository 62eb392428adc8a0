"""The routes of logging in, the policy, and the services of this area."""

from __future__ import annotations

import re

from pyramid.config import Configurator

from xinglin.auth import (
    administrators,
    breakglass,
    confirmation,
    emergency,
    grants,
    mail,
    oauth,
    sessions,
    sms,
)
from xinglin.auth.csrf import CsrfPolicy
from xinglin.auth.policy import SecurityPolicy

ROUTES = (
    ("core.login", "/login"),
    ("core.login_wecom", "/login/wecom"),
    ("core.login_qr", "/login/qr"),
    ("core.login_return", "/login/return"),
    ("core.confirm", "/login/confirm"),
    ("core.break_glass", "/login/break-glass"),
    ("core.emergency", "/login/emergency"),
    ("core.code_login", "/login/code"),
    ("core.logout", "/login/logout"),
    ("core.administrator_logout", "/login/emergency/logout"),
    ("core.logout_everywhere", "/login/logout-everywhere"),
    ("core.logged_out", "/login/out"),
    ("core.session_end", "/login/sessions/{session_id}/end"),
)
SERVICES = (
    (administrators.AdministratorService, administrators.factory),
    (breakglass.BreakGlassService, breakglass.factory),
    (confirmation.ConfirmationService, confirmation.factory),
    (emergency.EmergencyService, emergency.factory),
    (grants.GrantService, grants.factory),
    (mail.MailSender, mail.factory),
    (oauth.OAuthService, oauth.factory),
    (sessions.SessionService, sessions.factory),
    (sms.SmsGateway, sms.factory),
)


def includeme(config: Configurator) -> None:
    config.set_security_policy(SecurityPolicy())
    config.set_csrf_storage_policy(CsrfPolicy())
    config.set_default_csrf_options(require_csrf=True)
    settings = config.registry.xinglin_site.settings
    config.registry.xinglin_wecom_browser = re.compile(settings.wecom_user_agents, re.IGNORECASE)
    for cls, factory in SERVICES:
        config.add_service(cls, factory)
    for name, pattern in ROUTES:
        config.add_route(name, pattern)
    config.scan("xinglin.auth.views")

"""Everything a running simulator knows."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from xinglin_simulators.clock import Clock, Ids
from xinglin_simulators.faults import FaultBook
from xinglin_simulators.mail import Mailbox
from xinglin_simulators.settings import AgentSettings, Settings
from xinglin_simulators.sms import SmsGateway

from .callbacks import CallbackSender
from .devices import Devices
from .directory import Directory, empty_directory, hospital_directory
from .errors import ApiError
from .inbox import Inbox
from .jobs import JobBook
from .limits import RateLimits
from .log import RequestLog
from .logins import LoginBook
from .mediastore import MediaStore
from .replies import apply_reply
from .switches import Switches
from .tokens import Token, TokenBook


class Simulator:
    """The state behind all routes; one per running server."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock()
        self.ids = Ids(settings.seed)
        self.faults = FaultBook()
        self.log = RequestLog()
        self.limits = RateLimits(settings.scale_limits)
        self.switches = Switches(contact_fields=settings.contact_fields)
        self.directory: Directory = (
            hospital_directory() if settings.people == "hospital" else empty_directory()
        )
        self.tokens = TokenBook(settings, self.clock, self.ids)
        self.logins = LoginBook(self.clock, self.ids)
        self.inbox = Inbox(self.clock, self.ids, self.limits)
        self.media = MediaStore(self.clock, self.ids)
        self.jobs = JobBook(self.ids)
        self.devices = Devices()
        self.callbacks = CallbackSender(settings.corp_id, self.clock, self.ids, self.switches)
        self.callbacks.on_reply = partial(apply_reply, self.inbox)
        self.mailbox = Mailbox(self.clock, self.faults)
        self.sms = SmsGateway(self.clock, self.ids, self.faults, settings.sms_token)
        self.menus: dict[int, dict[str, object]] = {}
        self.base_url = ""

    def agent(self, agent_id: int) -> AgentSettings | None:
        """The application with this id."""
        return next((agent for agent in self.settings.agents if agent.agent_id == agent_id), None)

    def visible_to(self, agent: AgentSettings) -> dict[str, None]:
        """Lower-case userids in the application's visible range."""
        keys: dict[str, None] = {user.lower(): None for user in agent.visible_users}
        for party in agent.visible_departments:
            keys.update(dict.fromkeys(self.directory.under(party)))
        for tag_id in agent.visible_tags:
            tag = self.directory.tags.get(tag_id)
            keys.update(dict.fromkeys(user.lower() for user in (tag.users if tag else ())))
        return keys

    def check_agent_of(self, token: Token, agent_id: int | None) -> AgentSettings:
        """The agent that both token and body name. Raises 40056, 301002, 50003."""
        if agent_id is None or self.agent(agent_id) is None:
            raise ApiError(40056)
        if token.agent is None or token.agent.agent_id != agent_id:
            raise ApiError(301002)
        return token.agent

    def reset(self) -> None:
        """Forget messages, mails, log and faults; contacts, tokens and logins stay."""
        self.log.clear()
        self.faults.clear()
        self.inbox.clear()
        self.mailbox.clear()
        self.sms.clear()
        self.callbacks.deliveries.clear()
        self.tokens.forget_wrong_secrets()
        self.limits = RateLimits(self.limits.scale)
        self.inbox.limits = self.limits


SIMULATOR = web.AppKey("simulator", Simulator)

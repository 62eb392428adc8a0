"""First use: choose a way, get a code, type it."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config, view_defaults

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin.auth.answers import draw, logged_in, next_path, origin_of, problem, redirect, text_of
from xinglin.auth.confirmation import Channel, ConfirmationService, Verdict, channels_of
from xinglin.auth.errors import LoginRefused
from xinglin.auth.mail import MailSender
from xinglin.auth.policy import PERSON
from xinglin.auth.sessions import SessionService
from xinglin.auth.sms import SmsGateway
from xinglin.people.models import Person

_ = translator("core")
LABELS = {"mail": _("Hospital e-mail"), "sms": _("Mobile phone")}
SENTENCES = {
    Verdict.WRONG: _("The code is wrong."),
    Verdict.EXPIRED: _("The code is too old. Have another one sent."),
    Verdict.WORN_OUT: _("The code was tried five times and does not work any more. Have another one sent."),
    Verdict.NONE: _("No code is waiting. Have one sent."),
}


@view_defaults(route_name="core.confirm", permission=PERSON)
class ConfirmPage:
    """One address for all steps, so that a reload on the phone shows where one is."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.next_path = next_path(request)
        self.url = request.route_path("core.confirm", _query={"next": self.next_path})

    @view_config(request_method="GET")
    def show(self) -> Response:
        person, service = self._person(), self._service()
        if person.confirmed_at is not None:
            return redirect(self.next_path)
        sent = None if self.request.GET.get("restart") else service.waiting(person)
        return self._code_page(person, sent.channel) if sent else self._choice(person)

    @view_config(request_method="POST", request_param="channel")
    def choose(self) -> Response:
        return self._send(text_of(self.request, "channel", 8))

    @view_config(request_method="POST", request_param="resend")
    def resend(self) -> Response:
        sent = self._service().last_sent(self._person())
        return self._send(sent.channel) if sent else redirect(self.url)

    @view_config(request_method="POST", request_param="code")
    def try_code(self) -> Response:
        person, service = self._person(), self._service()
        if person.confirmed_at is not None:
            return redirect(self.next_path)
        verdict = service.try_code(person, text_of(self.request, "code", 16))
        if verdict is not Verdict.RIGHT:
            return self._after_wrong(person, verdict)
        sessions = self.request.service(SessionService)
        method = sessions.method_of(self.request.identity.session_id)
        sessions.end(self.request.identity.session_id, "confirmed")
        return logged_in(
            self.request, sessions.begin_person(person, method, origin_of(self.request)), self.next_path
        )

    @view_config(request_method="POST")
    def nothing(self) -> Response:
        return redirect(self.url)

    def _send(self, kind: str) -> Response:
        person = self._person()
        if person.confirmed_at is not None:
            return redirect(self.next_path)
        service = self._service()
        try:
            service.check_may_send(person, kind)
            code = service.new_code()
            self._deliver(person, kind, code)
        except DomainError as error:
            return self._choice(self._person(), error)
        self._service().store(self._person(), kind, code)
        return redirect(self.url)

    def _deliver(self, person: Person, kind: str, code: str) -> None:
        """Send while no transaction is open: a slow mail server must not hold the database's one writer."""
        address = str(person.email if kind == "mail" else person.mobile)
        text = self.request.translate(
            _(
                "${site}: your code is ${code}. It is good for ten minutes. Nobody of the hospital asks you for it.",
                mapping={"site": self.request.settings.site_name, "code": code},
            )
        )
        subject = self.request.translate(_("Your code for the office portal"))
        self.request.tm.abort()
        try:
            if kind == "mail":
                self.request.service(MailSender).send(address, subject, text)
            else:
                self.request.service(SmsGateway).send(address, text, self.request.request_id)
        finally:
            self.request.tm.begin()

    def _choice(self, person: Person, error: DomainError | None = None) -> Response:
        channels = channels_of(person)
        if not channels:
            refusal = LoginRefused(
                _("The hospital knows neither an e-mail address nor a mobile of yours."),
                _("Ask the personnel department (人事科) to enter one, then come back."),
            )
            return problem(self.request, refusal, self.next_path, can_retry=False)
        values = {
            "step": "choose",
            "channels": [self._drawn(channel) for channel in channels],
            "error": self._sentence(error) if error else None,
        }
        return self._draw(values, error.status if error else 200)

    def _code_page(self, person: Person, kind: str, error: str | None = None) -> Response:
        masked: dict[str, str] = {channel.kind: channel.masked for channel in channels_of(person)}
        wait = self._service().resend_after(person)
        seconds = _("Another code can be sent in ${seconds} seconds", mapping={"seconds": wait})
        values = {
            "step": "code",
            "sent_to": masked.get(kind, ""),
            "can_resend": wait == 0,
            "resend_text": self.request.translate(seconds if wait else _("Send another code")),
            "restart_url": self.request.route_path(
                "core.confirm", _query={"next": self.next_path, "restart": "1"}
            ),
            "error": error,
        }
        return self._draw(values, 422 if error else 200)

    def _after_wrong(self, person: Person, verdict: Verdict) -> Response:
        sent = self._service().last_sent(person)
        sentence = self.request.translate(SENTENCES[verdict])
        return self._code_page(person, sent.channel if sent else "", sentence)

    def _draw(self, values: dict[str, Any], status: int) -> Response:
        return draw(self.request, "auth/confirm.jinja2", {**values, "action_url": self.url}, status)

    def _drawn(self, channel: Channel) -> dict[str, str]:
        return {
            "key": channel.kind,
            "label": self.request.translate(LABELS[channel.kind]),
            "masked": channel.masked,
        }

    def _sentence(self, error: DomainError) -> str:
        return f"{self.request.translate(error.message)} {self.request.translate(error.cure)}".strip()

    def _person(self) -> Person:
        return self._service().person(self.request.identity.id)

    def _service(self) -> ConfirmationService:
        found: ConfirmationService = self.request.service(ConfirmationService)
        return found

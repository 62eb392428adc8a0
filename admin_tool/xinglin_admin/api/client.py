"""The portal's administration API, one method per operation. Methods block: call them by ``background.run``."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from xinglin_admin.api import errors, models, protection, trail, validation

TIMEOUT_SECONDS = 10.0
_DEFAULT_WAIT_SECONDS = 60
_CSV = "text/csv"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_REFUSALS: Mapping[int, type[errors.Refusal]] = {
    403: errors.NotAllowed,
    404: errors.NotFound,
    409: errors.Conflict,
}


class Client:
    """Safe to use from several threads. The token is kept in memory only, until `logout` or a 401."""

    def __init__(self, server: str, language: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """``server`` as in ``https://portal.example.org``; ``language`` as in Accept-Language."""
        self.server = checked_address(server)
        self._timeout = timeout
        self._token: str | None = None
        self._http = httpx.Client(
            base_url=self.server,
            timeout=timeout,
            headers={"Accept-Language": language},
            # The operating system's certificates (a hospital has its own authority) and no proxy of the environment.
            verify=ssl.create_default_context(),
            trust_env=False,
        )

    def login(self, login: str, password: str, code: str) -> models.Session:
        body = self._call("login", body={"login": login, "password": password, "totp": code})
        self._token = body["token"]
        return models.read_session(body)

    def logout(self) -> None:
        """The client is of no more use afterwards, whatever the server says."""
        try:
            if self._token:
                self._call("logout")
        finally:
            self._token = None
            self._http.close()

    def modules(self) -> tuple[models.Module, ...]:
        return models.read_modules(self._call("listModules"))

    def permissions(self) -> tuple[models.Permission, ...]:
        return models.read_permissions(self._call("listPermissions"))

    def departments(self) -> tuple[models.Department, ...]:
        return models.read_departments(self._call("listDepartments"))

    def people(self, text: str, limit: int) -> models.People:
        return models.read_people(self._call("findPeople", query={"q": text, "limit": limit}))

    def grants(self, state: str, text: str, limit: int, offset: int) -> models.Grants:
        """``state`` is a `GrantState` or ``all``."""
        query: dict[str, str | int] = {"state": state, "q": text, "limit": limit, "offset": offset}
        return models.read_grants(self._call("listGrants", query=query))

    def create_grant(self, request: models.GrantRequest, key: uuid.UUID) -> models.Grant:
        """The same ``key`` with the same request never makes a second grant."""
        body = self._call(
            "createGrant", body=models.write_grant(request), headers={"Idempotency-Key": str(key)}
        )
        return models.read_grant(body)

    def revoke_grant(self, grant_id: str) -> None:
        self._call("revokeGrant", path={"id": grant_id})

    def zones(self) -> protection.Zones:
        return protection.read_zones(self._call("listZones"))

    def replace_zone(self, zone: str, networks: Sequence[tuple[str, str]]) -> protection.Zones:
        """Make these pairs of network and note the networks of ``zone``."""
        return protection.read_zones(self._call("replaceZones", body=protection.write_zone(zone, networks)))

    def end_sessions(self, person_id: str) -> None:
        self._call("endSessions", path={"id": person_id})

    def accounts(self) -> tuple[protection.Account, ...]:
        return protection.read_accounts(self._call("listAdministrators"))

    def unlock(self, account_id: str) -> None:
        self._call("unlockAdministrator", path={"id": account_id})

    def audit(self, query: trail.AuditQuery, limit: int) -> trail.AuditRecords:
        return trail.read_records(self._call("listAudit", query={**trail.write_query(query), "limit": limit}))

    def last_audit_check(self) -> trail.AuditCheck | None:
        """Of the whole trail; None before the first."""
        last = self._call("lastAuditCheck")["last"]
        return trail.read_check(last) if last else None

    def check_audit(self) -> trail.AuditCheck:
        return trail.read_check(self._call("checkAudit"))

    def export_audit(self, query: trail.AuditQuery, reason: str) -> str:
        """The records that fit as a CSV file, with its byte order mark."""
        return str(self._call("exportAudit", query={**trail.write_query(query), "reason": reason}))

    def _call(
        self,
        name: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        operation = validation.contract().operation(name)
        url = operation.path.format(**{key: quote(value, safe="") for key, value in (path or {}).items()})
        request = self._http.build_request(
            operation.method.upper(),
            url,
            params={key: value for key, value in (query or {}).items() if value != ""},
            json=body,
            headers={**(headers or {}), **self._authorization()},
        )
        return self._read(operation, self._send(request))

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _forget_token_of(self, request: httpx.Request) -> None:
        """A late 401 of the former session must not end the new one."""
        if request.headers.get("Authorization") == self._authorization().get("Authorization"):
            self._token = None

    def _send(self, request: httpx.Request) -> httpx.Response:
        if self._http.is_closed:
            raise errors.SessionEnded(detail="")
        try:
            return self._http.send(request)
        except httpx.TimeoutException as error:
            raise errors.TimedOut(self.server, self._timeout) from error
        except httpx.TransportError as error:
            raise errors.Unreachable(self.server, str(error)) from error
        except httpx.DecodingError as error:
            raise errors.ContractBroken(request.url.path, "content-encoding", str(error)) from error

    def _read(self, operation: validation.Operation, response: httpx.Response) -> Any:
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise errors.ServerFault(response.status_code)
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        body = _document(operation, response, media_type)
        validation.contract().check(operation, response.status_code, media_type, body)
        if response.is_error:
            raise self._refusal(operation, response, body)
        return body

    def _refusal(
        self, operation: validation.Operation, response: httpx.Response, problem: Mapping[str, Any]
    ) -> errors.Refusal:
        status, detail = response.status_code, problem["detail"]
        if status == httpx.codes.UNAUTHORIZED:
            self._forget_token_of(response.request)
            return errors.SignInRefused(detail) if operation.name == "login" else errors.SessionEnded(detail)
        if status == httpx.codes.TOO_MANY_REQUESTS:
            wait = response.headers.get("Retry-After", "")
            return errors.TooManyAttempts(detail, int(wait) if wait.isdecimal() else _DEFAULT_WAIT_SECONDS)
        if status in _REFUSALS:
            return _REFUSALS[status](detail)
        fields = tuple(
            errors.FieldError(item["field"], item["message"]) for item in problem.get("errors", ())
        )
        return errors.InvalidFields(detail, fields)


def checked_address(server: str) -> str:
    """The address without a final slash; raises `UnusableAddress` where a password would travel unprotected."""
    try:
        parts = urlsplit(str(httpx.URL(server.strip())))
    except (ValueError, httpx.InvalidURL) as error:
        raise errors.UnusableAddress(server) from error
    is_protected = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not is_protected or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise errors.UnusableAddress(server)
    return server.strip().rstrip("/")


def _document(operation: validation.Operation, response: httpx.Response, media_type: str) -> Any:
    if not response.content:
        return None
    if media_type == _CSV:
        return response.text
    try:
        return response.json()
    except ValueError as error:
        raise errors.ContractBroken(operation.name, str(response.status_code), "not JSON") from error

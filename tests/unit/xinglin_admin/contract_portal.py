"""A small real HTTP server that answers by ``schemas/openapi.yaml`` and holds each request against it."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import uuid
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

PREFIX = "/api/admin/v1"
PASSWORD, CODE = "correct horse", "123456"
HOLD_SECONDS = 8
CONTRACT = OpenAPI.from_dict(
    yaml.safe_load(files("xinglin_schemas").joinpath("openapi.yaml").read_text("utf-8"))
)

NEWS, NOTICE = {"key": "hospital", "title": "医院新闻"}, {"key": "notice", "title": "通知公告"}
PERMISSIONS: list[dict[str, Any]] = [
    {"name": "news:publish", "title": "发布新闻", "summary": "在指定栏目发布、置顶和撤下新闻。", "module": "news",
     "has_object": True, "has_departments": False, "objects": [NEWS, NOTICE]},
    {"name": "contacts:edit", "title": "维护通讯录", "summary": "修改所辖科室人员的联系方式。", "module": "contacts",
     "has_object": False, "has_departments": True, "objects": []},
    {"name": "surveys:manage", "title": "管理问卷", "summary": "在所辖科室内发布问卷并查看结果。", "module": "surveys",
     "has_object": True, "has_departments": True, "objects": [{"key": "staff", "title": "职工满意度"}]},
]  # fmt: skip
DEPARTMENTS: list[dict[str, Any]] = [
    {"id": key, "parent_id": parent, "name": name, "campus": "总院", "people_count": count}
    for key, parent, name, count in [
        ("d1", None, "杏林医院", 1600), ("d2", "d1", "内科系统", 420), ("d3", "d2", "心血管内科", 86),
        ("d4", "d2", "呼吸与危重症医学科", 74), ("d5", "d2", "消化内科", 65), ("d6", "d1", "外科系统", 380),
        ("d7", "d6", "骨科", 72), ("d8", "d6", "神经外科", 58), ("d9", "d1", "职能部门", 210),
        ("d10", "d9", "院长办公室", 18), ("d11", "d9", "宣传科", 12), ("d12", "d9", "信息科", 26),
    ]
]  # fmt: skip
PEOPLE: list[dict[str, Any]] = [
    {"id": key, "name": name, "staff_no": number, "title": title, "position": position,
     "departments": [{"id": "d3", "name": department}], "state": state}
    for key, name, number, title, position, department, state in [
        ("p1", "陈思远", "10231", "主治医师", None, "心血管内科", "active"),
        ("p2", "陈晓梅", "10877", "主管护师", "护士长", "骨科", "active"),
        ("p3", "陈国华", "10012", "主任医师", None, "消化内科", "left"),
        ("p4", "林若溪", "11345", None, "干事", "宣传科", "active"),
    ]
]  # fmt: skip
QUARANTINE_ERROR = "ModuleNotFoundError: No module named 'zeep'"
QUARANTINE_CURE = "在服务器上安装 zeep 后重启门户:pip install zeep"
MODULES: list[dict[str, Any]] = [
    {"name": name, "title": title, "version": version, "summary": summary, "state": state, "is_required": required}
    for name, title, version, summary, state, required in [
        ("portal", "门户", "1.0.0", "首页、待办、搜索和个人中心。", "enabled", True),
        ("contacts", "通讯录", "1.0.0", "组织树和人员查找。", "enabled", True),
        ("news", "新闻", "1.0.2", "新闻栏目、发布和评论。", "enabled", False),
        ("payslips", "工资条", "0.9.0", "工资条发放和查询。", "disabled", False),
    ]
] + [
    {"name": "documents", "title": "公文", "version": "1.1.0", "summary": "收文、发文和督办。", "state": "quarantined",
     "is_required": False, "error": QUARANTINE_ERROR, "cure": QUARANTINE_CURE}
]  # fmt: skip


def grant_document(
    key: str, person: int, permission: int, departments: list[int], last_day: str | None
) -> dict[str, Any]:
    who, what = PEOPLE[person], PERMISSIONS[permission]
    return {
        "id": key,
        "person": {**{name: who[name] for name in ("id", "name", "staff_no")}, "department": who["departments"][0]["name"]},
        "permission": {"name": what["name"], "title": what["title"]},
        "object": what["objects"][0] if what["has_object"] else None,
        "departments": [{name: DEPARTMENTS[index][name] for name in ("id", "name")} for index in departments],
        "expires_on": last_day,
        "can_pass_on": False,
        "granted_by": {"name": "周敏", "kind": "administrator"},
        "granted_at": "2026-11-02T01:20:00Z",
        "state": "active",
        "revoked_at": None,
        "revoked_by": None,
    }  # fmt: skip


def zone_rule(cidr: str, note: str) -> dict[str, Any]:
    return {"cidr": cidr, "note": note, "created_by": "周敏", "created_at": "2026-11-02T01:20:00Z"}


def audit_record(number: int, actor: str, action: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "at": f"2026-11-23T01:{number % 60:02}:00Z", "actor_kind": "administrator", "actor_id": "a1",
        "actor_name": actor, "action": action, "object_kind": "grant", "object_id": f"g{number}", "result": "ok",
        "ip": "10.0.0.9", "session_id": "s1", "request_id": f"r{number}", "details": "{}", "is_intact": True, **more,
    }  # fmt: skip


AUDIT = [
    audit_record(205, "周敏", "grant.create", details='{"after": {"permission": "news:publish", "expires_at": null}}'),
    audit_record(204, "钱伟", "permission.refuse", result="denied"),
    audit_record(203, "周敏", "grant.revoke", is_intact=False, details=None),
    *(audit_record(number, "孙丽", "audit.read") for number in range(202, 0, -1)),
]  # fmt: skip
WHOLE_CHECK = {
    "at": "2026-11-22T18:00:00Z", "by": "core.audit_verify", "is_whole": True, "checked": 120000, "bad_count": 0,
    "bad": [],
}  # fmt: skip
NEWEST_CHECK = {
    "at": "2026-11-23T02:00:00Z", "by": "周敏", "is_whole": False, "checked": 205, "bad_count": 1,
    "bad": [{"id": 203, "reason": "was changed after it was written"}],
}  # fmt: skip
ACCOUNTS = [
    {"id": f"a{number}", "login": login, "name": name, "role": role, "staff_no": staff_no, "is_active": is_active,
     "is_intact": is_intact, "created_at": "2026-10-01T00:00:00Z", "last_used_at": "2026-11-20T01:00:00Z"}
    for number, (login, name, role, staff_no, is_active, is_intact) in enumerate(
        [
            ("qianwei", "钱伟", "security", "N10021", True, True), ("sunli", "孙丽", "audit", None, True, True),
            ("wuhao", "吴昊", "system", "N10033", False, True), ("xx", "某人", "audit", None, True, False),
        ]
    )
]  # fmt: skip


def encoded(answer: Answer) -> bytes:
    if answer.headers.get("Content-Type") == "text/csv":
        return str(answer.body).encode()
    return json.dumps(answer.body, ensure_ascii=False).encode()


def problem(status: int, detail: str, *errors: tuple[str, str]) -> dict[str, Any]:
    listed = [{"field": name, "message": message} for name, message in errors]
    return {"type": "about:blank", "title": "refused", "status": status, "detail": detail, "errors": listed}


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class ContractPortal(ThreadingHTTPServer):
    """``planned`` answers come first; ``complaints`` lists requests that broke the contract."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.planned: deque[tuple[str, Answer]] = deque()
        self.complaints: list[str] = []
        self.seen: list[tuple[str, str]] = []
        self.languages: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.tokens: set[str] = set()
        self.by_key: dict[str, dict[str, Any]] = {}
        self.connections: set[socket.socket] = set()
        self.create_then_fail = False
        self.role = "system"
        self.zones: dict[str, list[dict[str, Any]]] = {
            "office": [zone_rule("10.0.0.0/8", "院内")], "wecom": [], "administration": [], "bus": [],
        }  # fmt: skip
        self.grants = [
            grant_document("g1", 0, 0, [], "2027-06-30"),
            grant_document("g2", 3, 2, [10, 11], "2026-11-30"),
            grant_document("g3", 1, 1, [6], None),
        ]

    def start(self) -> None:
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def stop(self) -> None:
        """Also hangs up on clients that keep their connection open."""
        self.gate.set()
        self.shutdown()
        self.server_close()
        self.thread.join()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def plan(self, operation: str, status: int, body: Any = None, **headers: str) -> None:
        """The next ``operation`` such as ``POST /grants`` gets this answer."""
        self.planned.append(
            (operation, Answer(status, body, {k.replace("_", "-"): v for k, v in headers.items()}))
        )

    def planned_for(self, operation: str) -> Answer | None:
        for entry in list(self.planned):
            if entry[0] == operation:
                self.planned.remove(entry)
                return entry[1]
        return None

    def answer(self, operation: str, query: dict[str, str], body: Any, headers: Any) -> Answer:
        if operation == "POST /login":
            return self.log_in(body)
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Answer(401, problem(401, "登录已过期。"))
        method, _slash, path = operation.partition("/")
        handlers = {
            "POST logout": self.log_out,
            "GET modules": lambda: Answer(200, {"modules": MODULES}),
            "GET permissions": lambda: Answer(200, {"permissions": PERMISSIONS}),
            "GET departments": lambda: Answer(200, {"departments": DEPARTMENTS}),
            "GET people": lambda: self.find_people(query),
            "GET grants": lambda: self.list_grants(query),
            "POST grants": lambda: self.create(body, headers["Idempotency-Key"]),
            "GET zones": lambda: Answer(200, self.zone_list()),
            "PUT zones": lambda: self.replace_zones(body),
            "GET administrators": lambda: Answer(200, {"administrators": ACCOUNTS}),
            "GET audit": lambda: self.list_audit(query),
            "GET audit/verify": lambda: Answer(200, {"last": WHOLE_CHECK}),
            "POST audit/verify": lambda: Answer(200, NEWEST_CHECK),
            "GET audit/export": lambda: Answer(200, "\ufeffid,at\r\n1,x\r\n", {"Content-Type": "text/csv"}),
        }
        if method == "DELETE ":
            return self.revoke(path.removeprefix("grants/"))
        if operation.endswith(("/sessions/end", "/unlock")):
            return Answer(204)
        return handlers[method + path]()

    def log_out(self) -> Answer:
        self.tokens.clear()
        return Answer(204)

    def find_people(self, query: dict[str, str]) -> Answer:
        found = [person for person in PEOPLE if query.get("q", "") in person["name"]]
        return Answer(200, {"people": found, "total": len(found)})

    def log_in(self, body: dict[str, str]) -> Answer:
        if (body["login"], body["password"], body["totp"]) != ("zhoumin", PASSWORD, CODE):
            return Answer(401, problem(401, "登录名、密码或验证码不正确。"))
        token = uuid.uuid4().hex
        self.tokens.add(token)
        administrator = {"login": "zhoumin", "name": "周敏", "role": self.role}
        return Answer(
            200, {"token": token, "expires_at": "2026-11-23T09:00:00Z", "administrator": administrator}
        )

    def list_audit(self, query: dict[str, str]) -> Answer:
        found = [
            record
            for record in AUDIT
            if record["id"] < int(query.get("before", 10**9))
            and query.get("actor", record["actor_name"]) == record["actor_name"]
        ]
        size = int(query["limit"])
        more = found[size - 1]["id"] if len(found) > size else None
        return Answer(200, {"records": found[:size], "next_before": more})

    def zone_list(self) -> dict[str, Any]:
        zones = [{"zone": name, "route_groups": [], "rules": rules} for name, rules in self.zones.items()]
        return {"zones": zones, "openings": [], "your_address": "10.0.0.9"}

    def replace_zones(self, body: dict[str, Any]) -> Answer:
        for zone in body["zones"]:
            self.zones[zone["zone"]] = [zone_rule(rule["cidr"], rule["note"]) for rule in zone["rules"]]
        return Answer(200, self.zone_list())

    def list_grants(self, query: dict[str, str]) -> Answer:
        state, text = query.get("state", "active"), query.get("q", "")
        found = [
            grant
            for grant in self.grants
            if state in ("all", grant["state"]) and text in grant["person"]["name"]
        ]
        first, size = int(query.get("offset", 0)), int(query.get("limit", 50))
        return Answer(200, {"grants": found[first : first + size], "total": len(found)})

    def create(self, body: dict[str, Any], key: str) -> Answer:
        if key not in self.by_key:
            person = next(index for index, item in enumerate(PEOPLE) if item["id"] == body["person_id"])
            permission = next(
                index for index, item in enumerate(PERMISSIONS) if item["name"] == body["permission"]
            )
            departments = [
                index for index, item in enumerate(DEPARTMENTS) if item["id"] in body["department_ids"]
            ]
            made = grant_document(
                f"g{len(self.grants) + 1}", person, permission, departments, body["expires_on"]
            )
            made["object"] = next(
                (item for item in PERMISSIONS[permission]["objects"] if item["key"] == body["object"]), None
            )
            made["can_pass_on"] = body["can_pass_on"]
            self.grants.insert(0, made)
            self.by_key[key] = made
        if self.create_then_fail:
            self.create_then_fail = False
            return Answer(503)
        return Answer(201, self.by_key[key])

    def revoke(self, key: str) -> Answer:
        grant = next((item for item in self.grants if item["id"] == key), None)
        if grant is None or grant["state"] == "revoked":
            return Answer(409 if grant else 404, problem(409 if grant else 404, "这条授权已经撤销。"))
        actor = {"name": "周敏", "kind": "administrator"}
        grant.update(state="revoked", revoked_at="2026-11-23T03:00:00Z", revoked_by=actor)
        return Answer(204)


class Handler(BaseHTTPRequestHandler):
    server: ContractPortal
    protocol_version = "HTTP/1.1"

    def respond(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        operation = f"{self.command} {parts.path.removeprefix(PREFIX)}"
        self.hold_against_contract(parts.path, query, raw)
        self.server.seen.append((operation, parts.query))
        self.server.languages.add(self.headers.get("Accept-Language", ""))
        self.server.gate.wait(HOLD_SECONDS)
        body = json.loads(raw) if raw else None
        answer = self.server.planned_for(operation) or self.server.answer(
            operation, query, body, self.headers
        )
        self.send(answer)

    do_GET = do_POST = do_PUT = do_DELETE = respond  # noqa: N815  (http.server)

    def hold_against_contract(self, path: str, query: dict[str, str], raw: bytes) -> None:
        request = MockRequest(
            self.server.url,
            self.command.lower(),
            path,
            args=query,
            headers=dict(self.headers),
            data=raw or None,
        )
        for error in CONTRACT.unmarshal_request(request).errors:
            if "Authorization" in self.headers or "security" not in type(error).__name__.lower():
                self.server.complaints.append(f"{self.command} {self.path}: {error!r} {error.__cause__!r}")

    def send(self, answer: Answer) -> None:
        content = b"" if answer.body is None else encoded(answer)
        kind = "application/json" if answer.status < 400 else "application/problem+json"
        self.send_response(answer.status)
        if content:
            self.send_header("Content-Type", answer.headers.pop("Content-Type", kind))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Keep the test output quiet."""

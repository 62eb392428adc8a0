"""Error codes of the API with short texts (clients must not depend on the texts)."""

from __future__ import annotations

from typing import Any

TEXTS = {
    -1: "system busy",
    40001: "invalid credential",
    40003: "invalid userid",
    40004: "invalid media file type",
    40005: "invalid media type",
    40006: "invalid media size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40029: "invalid code",
    40031: "some userid in list is invalid",
    40032: "userid list too long",
    40035: "invalid parameter",
    40056: "invalid agentid",
    40058: "invalid request parameter",
    40063: "some parameters are empty",
    40066: "invalid url",
    40068: "invalid tagid",
    40070: "all users or parties are invalid",
    40071: "tag name exists",
    40091: "secret is not of this corp",
    40092: "invalid import file",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    41006: "media_id missing",
    42001: "access_token expired",
    42014: "invalid task_id",
    42016: "task_id not found",
    43001: "require GET method",
    43002: "require POST method",
    43012: "callback url needed",
    44001: "empty media data",
    44004: "empty content",
    45001: "media too big",
    45002: "content size out of limit",
    45008: "too many articles",
    45009: "api freq out of limit",
    45026: "too many members would be deleted",
    45029: "response too large",
    46003: "no menu",
    46004: "user not found",
    48002: "api forbidden",
    50003: "app disabled",
    60001: "invalid department name",
    60003: "department not found",
    60004: "parent department not found",
    60005: "department has members",
    60006: "department has children",
    60007: "root department cannot be deleted",
    60008: "department exists",
    60009: "department name has invalid characters",
    60010: "department cycle",
    60011: "no privilege to access",
    60020: "not allowed to access from your ip",
    60102: "userid exists",
    60103: "invalid mobile",
    60104: "mobile exists",
    60105: "invalid email",
    60106: "email exists",
    60110: "too many departments",
    60111: "userid not found",
    60112: "invalid name",
    60123: "invalid department id",
    60129: "mobile and email missing",
    60140: "response_code spent or expired",
    81011: "no right to this tag",
    81013: "user & party & tag all invalid",
    82001: "touser, toparty and totag are all empty",
    82002: "too many parties",
    82003: "too many tags",
    84014: "user_ticket expired",
    84015: "user_ticket invalid",
    301002: "not allowed to operate another agent with this agentid",
    830002: "too large, use Range",
}


class ApiError(Exception):
    """Ends a call with this errcode; ``extra`` goes into the answer beside errcode and errmsg."""

    def __init__(self, code: int, text: str = "", **extra: Any) -> None:
        self.code = code
        self.text = text or TEXTS.get(code, "error")
        self.extra = extra
        super().__init__(f"{code} {self.text}")

"""`/wecom/callback`: the address that is entered in the WeCom console."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from pyramid.request import Request
from pyramid.response import Response

from xinglin.kernel.settings import SecretMissing
from xinglin.wecom.callbacks import LARGEST_BODY, CallbackDoor, Signed, event_of, store
from xinglin.wecom.crypto import CallbackCrypto, CallbackRefused

View = Callable[[Request], Response]
logger = logging.getLogger(__name__)


def guarded(view: View) -> View:
    """Garbage gets 4xx and one log line without its content, never a traceback."""

    @wraps(view)
    def answer(request: Request) -> Response:
        try:
            return view(request)
        except CallbackRefused as refused:
            logger.warning("callback refused (%s): %s", refused.status, refused.reason)
            return Response(status=refused.status, text="refused", content_type="text/plain")

    return answer


@guarded
def verify(request: Request) -> Response:
    """WeCom checks the address: answer the decrypted `echostr`, nothing around it."""
    signed, query = _signed(request), _query(request)
    if not query.get("echostr"):
        raise CallbackRefused(403, "echostr missing")
    return Response(text=_door(request).echo(signed, query["echostr"]), content_type="text/plain")


@guarded
def receive(request: Request) -> Response:
    """Check, store once, answer at once with an empty 200: WeCom waits 5 s and then calls again."""
    signed, body = _signed(request), _body(request)
    fields, plain = _door(request).receive(signed, body)
    is_new = store(request.db, request.keyring, request.clock, fields, plain)
    logger.info("callback %s %s", event_of(fields), "stored" if is_new else "repeated")
    return Response(status=200)


def _door(request: Request) -> CallbackDoor:
    settings = request.settings
    try:
        crypto = CallbackCrypto(
            settings.secret("wecom_callback_token"),
            settings.secret("wecom_callback_aes_key"),
            settings.wecom_corp_id,
        )
    except (SecretMissing, AssertionError, ValueError):
        raise CallbackRefused(
            404, "wecom_callback_token or wecom_callback_aes_key is not set or malformed"
        ) from None
    return CallbackDoor(crypto, request.clock)


def _query(request: Request) -> dict[str, str]:
    try:
        return dict(request.GET.items())
    except UnicodeDecodeError:
        raise CallbackRefused(400, "query is not UTF-8") from None


def _signed(request: Request) -> Signed:
    return Signed.parse(_query(request))


def _body(request: Request) -> bytes:
    length = request.content_length
    if length is None:
        raise CallbackRefused(411, "no length")
    if length > LARGEST_BODY:
        raise CallbackRefused(413, "too large")
    return bytes(request.body_file.read(LARGEST_BODY + 1))

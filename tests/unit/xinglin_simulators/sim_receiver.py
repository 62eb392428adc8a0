"""A callback endpoint that decrypts with wechatpy, so that our own crypto is checked by another one."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import xmltodict
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatException

CORP_ID = "wx5823bf96d3bd56c7"
CALLBACK_TOKEN = "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


class CallbackReceiver:
    """Collects decrypted events; ``statuses`` answers the next POSTs, then 200."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.rejected: list[str] = []
        self.statuses: list[int] = []
        self.reply = ""
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/callback"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, posts: int) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.bodies) >= posts, 5), self.bodies

    def encrypted_reply(self) -> bytes:
        """``reply`` as an encrypted passive answer, or nothing."""
        crypto = WeChatCrypto(CALLBACK_TOKEN, AES_KEY, CORP_ID)
        return crypto.encrypt_message(self.reply, "nonce-1", "1409659813").encode() if self.reply else b""

    def take(self, query: dict[str, str], body: bytes) -> int:
        crypto = WeChatCrypto(CALLBACK_TOKEN, AES_KEY, CORP_ID)
        with self._arrived:
            self.bodies.append(body)
            try:
                text = crypto.decrypt_message(
                    body, query["msg_signature"], query["timestamp"], query["nonce"]
                )
                self.events.append(xmltodict.parse(text)["xml"])
            except (WeChatException, ValueError, xmltodict.expat.ExpatError) as error:
                self.rejected.append(type(error).__name__)
            self._arrived.notify_all()
            return self.statuses.pop(0) if self.statuses else 200

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = dict(parse_qsl(urlsplit(self.path).query))
                crypto = WeChatCrypto(CALLBACK_TOKEN, AES_KEY, CORP_ID)
                plain = crypto.check_signature(
                    query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
                )
                self._answer(200, plain.encode() if isinstance(plain, str) else plain)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(dict(parse_qsl(urlsplit(self.path).query)), body)
                self._answer(status, receiver.encrypted_reply())

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Quiet."""

        return Handler

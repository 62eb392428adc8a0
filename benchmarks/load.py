"""A small load client over keep-alive sockets: it counts what was answered and how long it took."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

RECEIVE = 65536


@dataclass(frozen=True)
class Answers:
    """Latencies in seconds, sorted, and how long the whole took."""

    latencies: tuple[float, ...]
    seconds: float

    @classmethod
    def of(cls, parts: list[Answers]) -> Answers:
        """Several loads as one."""
        latencies = sorted(latency for part in parts for latency in part.latencies)
        return cls(tuple(latencies), sum(part.seconds for part in parts))

    @property
    def count(self) -> int:
        return len(self.latencies)

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        return 1000 * self.latencies[min(self.count - 1, int(self.count * share))]


class Client:
    """One keep-alive connection; raises on any status but 200."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, request: bytes) -> float:
        """Send a prepared request, read the whole answer, and give the seconds it took."""
        began = time.perf_counter()
        self._socket.sendall(request)
        head, _, body = self._until(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        while len(body) < length:
            body += self._socket.recv(RECEIVE)
        if b" 200 " not in head[:16]:
            raise RuntimeError(f"{request.split()[1].decode()}: {head.splitlines()[0].decode()}")
        return time.perf_counter() - began

    def close(self) -> None:
        self._socket.close()

    def _until(self, mark: bytes) -> tuple[bytes, bytes, bytes]:
        read = b""
        while mark not in read:
            part = self._socket.recv(RECEIVE)
            if not part:
                raise RuntimeError("the server closed the connection")
            read += part
        return read.partition(mark)


def prepared(path: str, cookie: str = "") -> bytes:
    """The bytes of a GET."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "User-Agent: wxwork bench"]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def drive(port: int, requests: Iterator[bytes], *, clients: int, count: int) -> Answers:
    """Send `count` requests over `clients` connections as fast as they are answered."""
    lock, left = threading.Lock(), [count]
    latencies: list[float] = []
    failures: list[Exception] = []

    def take() -> bytes | None:
        with lock:
            if left[0] == 0 or failures:
                return None
            left[0] -= 1
            return next(requests)

    def run() -> None:
        client = Client(port)
        own = []
        try:
            while (request := take()) is not None:
                own.append(client.get(request))
        except (OSError, RuntimeError) as error:
            failures.append(error)
        finally:
            client.close()
        with lock:
            latencies.extend(own)

    seconds = _together(run, clients)
    if failures:
        raise failures[0]
    return Answers(tuple(sorted(latencies)), seconds)


def _together(run: Callable[[], None], clients: int) -> float:
    threads = [threading.Thread(target=run) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began

"""Our client against the real clamd: only its literal word passes a file; everything else means not scanned."""

from __future__ import annotations

import io
import signal
import socket
import threading
import zipfile
from collections.abc import Iterator

import pytest
from tests.integration.clamd_engine import EICAR, STREAM_MAX, WORM, Engine, running

from xinglin.files.clamd import Clamd, NotScannable, ScannerDown


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running() as engine:
        yield engine


def zipped(content: bytes, depth: int = 1) -> bytes:
    for level in range(depth):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"第{level}层𠮷.bin", content)
        content = out.getvalue()
    return content


@pytest.mark.parametrize("content", [b"", b"hello", bytes(3_000_000), b"FOUND stream: OK"])
def test_a_clean_file_is_clean(engine: Engine, content: bytes) -> None:
    assert Clamd(engine.address).scan([content], seconds=10).is_clean


@pytest.mark.parametrize(
    "content", [EICAR, zipped(EICAR), zipped(EICAR, 4), bytes(200_000) + WORM + bytes(9), zipped(WORM)]
)
def test_a_harmful_one_is_named(engine: Engine, content: bytes) -> None:
    verdict = Clamd(engine.address).scan([content], seconds=10)
    assert verdict.signature in ("Eicar.Test.UNOFFICIAL", "Xinglin.Test.Worm.UNOFFICIAL")


def test_a_signature_across_two_pieces_is_found(engine: Engine) -> None:
    assert not Clamd(engine.address).scan([EICAR[:30], EICAR[30:]], seconds=10).is_clean


def test_too_large_a_file_was_not_scanned(engine: Engine) -> None:
    with pytest.raises(NotScannable, match="StreamMaxLength"):
        Clamd(engine.address).scan([bytes(STREAM_MAX)] * 4, seconds=10)


def test_the_engine_finds_the_test_file(engine: Engine) -> None:
    Clamd(engine.address).check_itself()


def test_an_engine_without_signatures_counts_as_down() -> None:
    with running(knows_eicar=False) as engine, pytest.raises(ScannerDown, match="no signatures"):
        Clamd(engine.address).check_itself()


def test_no_engine_at_all() -> None:
    with pytest.raises(ScannerDown, match="FileNotFoundError"):
        Clamd("/run/nothing/here.sock").scan([b"x"], seconds=1)


def test_a_frozen_engine_is_given_up() -> None:
    """It takes the file and never answers: that the call comes back at all is the client's doing."""
    with running() as engine:
        engine.signal(signal.SIGSTOP)
        with pytest.raises(ScannerDown, match=r"Timeout|timed out"):
            Clamd(engine.address).scan([b"x"], seconds=1)
        engine.signal(signal.SIGCONT)
        assert Clamd(engine.address).scan([b"x"], seconds=60).is_clean


def test_an_engine_killed_in_the_middle_says_nothing() -> None:
    with running() as engine:

        def pieces() -> Iterator[bytes]:
            yield bytes(100_000)
            engine.kill()
            yield bytes(100_000)
            yield bytes(100_000)

        with pytest.raises(ScannerDown):
            Clamd(engine.address).scan(pieces(), seconds=10)
        engine.start()  # over the socket that the kill left behind
        assert Clamd(engine.address).scan([b"x"], seconds=10).is_clean


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"", ScannerDown),
        (b"stream: ok\0", ScannerDown),
        (b"stream: OK and more\0", ScannerDown),
        (b"other: OK\0", ScannerDown),
        (b"stream: Can't allocate memory ERROR\0", ScannerDown),
        (b"UNKNOWN COMMAND\0", ScannerDown),
        (b"OK\0", ScannerDown),
        (b"INSTREAM size limit exceeded. ERROR\0", NotScannable),
        (b"stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND\0", NotScannable),
        (b"stream: Heuristics.Encrypted.Zip FOUND\0", NotScannable),
    ],
)
def test_no_other_answer_passes_a_file(answer: bytes, fault: type[Exception]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _address = server.accept()
            with connection:
                while not connection.recv(65536).endswith(b"\0\0\0\0"):
                    pass
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(fault):
            Clamd(f"127.0.0.1:{server.getsockname()[1]}").scan([b"x"], seconds=5)
        thread.join()


@pytest.mark.parametrize("closes", [True, False])
def test_an_answer_before_the_end_passes_nothing(closes: bool) -> None:
    answered = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _address = server.accept()
            with connection:
                connection.recv(10)
                connection.sendall(b"stream: OK\0")
                answered.set()
                while not closes and connection.recv(65536):
                    pass

        def pieces() -> Iterator[bytes]:
            yield bytes(100_000)
            answered.wait(10)
            for _number in range(200):
                yield bytes(100_000)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(ScannerDown, match=r"before it had|reset|Broken"):
            Clamd(f"127.0.0.1:{server.getsockname()[1]}").scan(pieces(), seconds=20)
        thread.join()

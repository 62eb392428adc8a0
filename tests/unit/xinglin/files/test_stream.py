"""A sealed file opens as it was written, anywhere, or says that it is broken; in constant memory."""

from __future__ import annotations

import errno
import io
import os
import random
import threading

import pytest

from xinglin.crypto.suites import suite_of
from xinglin.files.stream import (
    BATCH,
    CHUNK,
    HEADER_BYTES,
    HELPERS,
    MOST_WAITING,
    SEALED_CHUNK,
    FileBroken,
    SealedReader,
    SealedWriter,
    sealed_size,
)

SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 77)


def key_of(suite: str) -> bytes:
    return bytes(range(suite_of(suite).key_bytes))


def sealed(plain: bytes, suite: str = "aes", context: str = "file a a.full", step: int = 10_000) -> bytes:
    out = io.BytesIO()
    writer = SealedWriter(out, suite_of(suite), key_of(suite), context)
    for start in range(0, len(plain), step):
        writer.write(plain[start : start + step])
    writer.close()
    return out.getvalue()


def opened(data: bytes, size: int, suite: str = "aes", context: str = "file a a.full") -> bytes:
    with io.BufferedReader(SealedReader(io.BytesIO(data), key_of(suite), context, size=size)) as reader:
        return reader.read()


@pytest.mark.parametrize("suite", ["aes", "sm"])
@pytest.mark.parametrize("size", SIZES)
def test_what_was_written_is_read_back(suite: str, size: int) -> None:
    plain = os.urandom(size)
    for step in (7_777, CHUNK, 5 * CHUNK):
        data = sealed(plain, suite, step=step)
        assert len(data) == sealed_size(size)
        assert opened(data, size, suite) == plain


@pytest.mark.parametrize("suite", ["aes", "sm"])
def test_a_long_file_comes_back_in_order_whoever_sealed_its_chunks(suite: str) -> None:
    size = (BATCH * (MOST_WAITING + HELPERS + 3)) * CHUNK + 5
    plain = random.Random(2).randbytes(size)
    assert opened(sealed(plain, suite, step=CHUNK), size, suite) == plain


def test_a_full_disk_is_said_and_leaves_no_helper_behind() -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            if self.tell() > BATCH * CHUNK:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)  # type: ignore[arg-type]

    def fill() -> None:
        with SealedWriter(Full(), suite_of("sm"), key_of("sm"), "file a a.full") as writer:
            while True:
                writer.write(b"x" * CHUNK)

    with pytest.raises(OSError, match="No space left"):
        fill()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("seal")] == []


def test_the_suites_do_not_read_each_other() -> None:
    with pytest.raises(FileBroken, match="chunk 0"):
        opened(sealed(b"x" * 100, "sm"), 100, "aes")


def test_a_read_in_the_middle_opens_only_its_chunks() -> None:
    plain = random.Random(1).randbytes(40 * CHUNK)
    source = Counting(sealed(plain))
    with io.BufferedReader(
        SealedReader(source, key_of("aes"), "file a a.full", size=len(plain)), CHUNK
    ) as reader:
        reader.seek(20 * CHUNK - 10)
        assert reader.read(20) == plain[20 * CHUNK - 10 : 20 * CHUNK + 10]
        reader.seek(-5, os.SEEK_END)
        assert reader.read() == plain[-5:]
    assert source.read_bytes <= 4 * SEALED_CHUNK


class Counting(io.BytesIO):
    read_bytes = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data


def chunk(data: bytes, number: int) -> bytes:
    start = HEADER_BYTES + number * SEALED_CHUNK
    return data[start : start + SEALED_CHUNK]


PLAIN = random.Random(2).randbytes(3 * CHUNK)
DATA = sealed(PLAIN)
HEADER = DATA[:HEADER_BYTES]
FIRST, SECOND, THIRD = (chunk(DATA, number) for number in range(3))
OTHER = sealed(PLAIN)


@pytest.mark.parametrize("suite", ["aes", "sm"])
@pytest.mark.parametrize("place", [0, 4, 6, HEADER_BYTES, HEADER_BYTES + CHUNK, -1])
def test_one_changed_bit_is_found(suite: str, place: int) -> None:
    harmed = bytearray(sealed(PLAIN, suite))
    harmed[place] ^= 1
    with pytest.raises(FileBroken, match="Cure: restore"):
        opened(bytes(harmed), len(PLAIN), suite)


@pytest.mark.parametrize(
    ("what", "data", "size"),
    [
        ("cut inside a chunk", DATA[:-100], len(PLAIN)),
        ("last chunk cut off", HEADER + FIRST + SECOND, len(PLAIN)),
        ("last chunk cut off, and the row with it", HEADER + FIRST + SECOND, 2 * CHUNK),
        ("chunks in another order", HEADER + SECOND + FIRST + THIRD, len(PLAIN)),
        ("a chunk twice", HEADER + FIRST + FIRST + THIRD, len(PLAIN)),
        ("a chunk left out", HEADER + FIRST + THIRD, 2 * CHUNK),
        ("a chunk of another file with the same key", HEADER + FIRST + chunk(OTHER, 1) + THIRD, len(PLAIN)),
        ("something appended", DATA + THIRD, len(PLAIN)),
        ("something appended, and the row with it", DATA + THIRD, 4 * CHUNK),
        ("no header", DATA[HEADER_BYTES:], len(PLAIN)),
        ("nothing at all", b"", 0),
    ],
)
def test_every_manipulation_is_found(what: str, data: bytes, size: int) -> None:
    with pytest.raises(FileBroken, match=r"file a a\.full"):
        opened(data, size)


def test_a_whole_file_in_the_place_of_another_is_found() -> None:
    with pytest.raises(FileBroken, match="chunk 0"):
        opened(DATA, len(PLAIN), context="file b b.full")


def test_a_file_whose_writer_died_is_broken() -> None:
    out = io.BytesIO()
    SealedWriter(out, suite_of("aes"), key_of("aes"), "file a a.full").write(PLAIN)
    with pytest.raises(FileBroken):
        opened(out.getvalue(), len(PLAIN))

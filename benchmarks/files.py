"""Storing a file sealed, measured against storing it plain (AES) and against the bare cipher (SM4), in one run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xinglin.crypto.service import Keyring
from xinglin.crypto.suites import suite_of
from xinglin.files.storage import Storage
from xinglin.files.stream import CHUNK
from xinglin.files.vault import Vault

MEBIBYTE = 1024 * 1024
SIZE = 16 * MEBIBYTE
ROUNDS = 40
MEMORY = """
import resource, sys
from pathlib import Path
from benchmarks import files
vault = files.vault_in(Path(sys.argv[1]), "aes")
files.store(vault, 1024 * 1024, is_sealed=True)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
files.store(vault, 16 * files.SIZE, is_sealed=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@dataclass(frozen=True)
class Ratio:
    """Speeds in MB/s of what is measured and of its floor, from the best rounds; at a `ratio` of 1 it is as fast.

    `cpu_ratio` is the same of the processor's time, which tells more where other processes want the processor, too.
    """

    speed: float
    floor: float
    ratio: float
    cpu_ratio: float


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock and of the processor, all threads together."""

    wall: float
    cpu: float


def encrypt(suite: str) -> Ratio:
    """AES against the same file plain, SM4 against its bare cipher; both sides in turn, so that noise hits both."""
    with tempfile.TemporaryDirectory(prefix="xinglin-files-") as folder:
        vault = vault_in(Path(folder), suite)
        bottom = (lambda: bare(suite)) if suite == "sm" else (lambda: store(vault, SIZE, is_sealed=False))
        rounds = [(_cost(bottom), _cost(lambda: store(vault, SIZE, is_sealed=True))) for _ in range(ROUNDS)]
    # The best of many short rounds: what else runs on the machine can only slow a round down.
    floor, sealed = (
        Cost(min(cost.wall for cost in side), min(cost.cpu for cost in side))
        for side in zip(*rounds, strict=True)
    )
    megabytes = SIZE / MEBIBYTE
    return Ratio(
        megabytes / sealed.wall, megabytes / floor.wall, floor.wall / sealed.wall, floor.cpu / sealed.cpu
    )


def memory() -> int:
    """KiB by which a process grows when it seals 256 MiB after it has sealed 1 MiB."""
    with tempfile.TemporaryDirectory(prefix="xinglin-files-") as folder:
        command = [sys.executable, "-W", "ignore", "-c", MEMORY, folder]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def vault_in(folder: Path, suite: str) -> Vault:
    return Vault(Storage(str(folder / "files")), Keyring.create(folder / "keys"), suite)


def store(vault: Vault, size: int, *, is_sealed: bool) -> None:
    """Store a file of `size` bytes, on the disk when this returns, and remove it."""
    lock = vault.new_lock("benchmark", is_sealed=is_sealed)
    vault.put("aa00.full", _pieces(size), lock)
    vault.storage.delete("aa00.full")


def bare(suite: str) -> None:
    """The cipher alone, over the same chunks."""
    cipher = suite_of(suite)
    key = os.urandom(cipher.key_bytes)
    for number, piece in enumerate(_pieces(SIZE)):
        cipher.encrypt(key, number.to_bytes(12, "big"), piece, b"")


def _pieces(size: int) -> Iterator[bytes]:
    piece = os.urandom(CHUNK)
    return (piece for _number in range(size // CHUNK))


def _cost(function: Callable[[], None]) -> Cost:
    began, used = time.perf_counter(), time.process_time()
    function()
    return Cost(time.perf_counter() - began, time.process_time() - used)

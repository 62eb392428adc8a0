"""A converter that was taken over looks for a way out of its file system, under a worker that is root and one that is not."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.documents import docx

import xinglin
from xinglin.files import sandbox
from xinglin.files.converting import scratch_folder
from xinglin.files.newroot import of_python
from xinglin.files.sandbox import Failed, Limits, Sandbox

LIMITS = Limits(seconds=120, memory_mb=2048)
NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig", "KILL")
CALL = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
LOOK = 'for place; do if [ -e "$place" ]; then echo "$place"; cat "$place"; fi; done > seen 2>&1'
WRITE = 'for place; do (echo x > "$place") 2> /dev/null && echo "$place"; done > written; true'
UNDO = (
    "umount /usr/bin",
    "mount -o remount,bind,rw /usr/lib",
    "mount -t proc proc /proc",
    "unshare --user --map-root-user --mount mount -o remount,bind,rw /usr/lib",
    "unshare --user --map-root-user --mount umount /usr/bin",
    "chmod 755 /usr/bin/env",
    "chmod 666 /dev/null",
    "cat /proc/sys/vm/swappiness > /proc/sys/vm/swappiness",
    "ls /proc/1/root/home",
)
PACKAGE = Path(xinglin.__file__).parent


@pytest.fixture
def site() -> Iterator[Path]:
    """A site that everybody may read and write, so that nothing but the sandbox keeps anybody from it."""
    folder = Path(tempfile.mkdtemp())
    for name in ("production.ini", "secrets/master.key", "files/ab/one.full", "backup/last", "site.sqlite"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("secret")
    for place in (folder, *folder.rglob("*")):
        place.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["the worker's user", "nobody"])
def box(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    folder = Path(tempfile.mkdtemp(dir=scratch_folder()))
    if request.param == "nobody":
        if os.geteuid() != 0:
            pytest.skip("the worker's user is no root already")
        monkeypatch.setattr(sandbox, "FOLLOW_THE_WORKER", AS_NOBODY)
        os.chown(folder, NOBODY, NOBODY)
    yield Sandbox(folder, LIMITS)
    shutil.rmtree(folder)


def outside(site: Path) -> list[Path]:
    packages = Path(sysconfig.get_path("purelib"))
    places = ("/", tempfile.gettempdir(), "/dev/shm", "/dev", "/etc", "/run", "/usr/bin", "/usr/lib", "/proc")
    return [*map(Path, places), site, site / "secrets", Path(sys.prefix), packages, PACKAGE]


def test_nothing_of_the_site_can_be_read(box: Sandbox, site: Path) -> None:
    ours = [path for path in site.rglob("*") if path.is_file()]
    others = (site, PACKAGE, __file__, "/etc/passwd", "/etc/hosts", "/root", "/home", "/run", "/sys")
    box.run(["sh", "-c", LOOK, "sh", *ours, *others, "/usr/bin/env"])
    assert (box.folder / "seen").read_bytes().startswith(b"/usr/bin/env\n\x7fELF")


def test_nothing_can_be_written_but_the_folder(box: Sandbox, site: Path) -> None:
    targets = [place / box.folder.name for place in outside(site)]
    try:
        box.run(["sh", "-c", WRITE, "sh", *targets, box.folder / "allowed"])
        assert [str(target) for target in targets if target.is_file()] == []
    finally:
        for target in targets:
            if target.is_file():
                target.unlink()
    assert str(box.folder / "allowed") in (box.folder / "written").read_text().splitlines()


def test_our_own_code_can_be_read_where_it_is_needed_and_not_be_changed(site: Path, tmp_path: Path) -> None:
    box = Sandbox(tmp_path, LIMITS, of_python(PACKAGE))
    targets = [place / tmp_path.name for place in outside(site)]
    box.run([sys.executable, "-c", "import PIL"])
    box.run(["sh", "-c", WRITE, "sh", *targets])
    assert (tmp_path / "written").read_text() == ""
    assert [target for target in targets if target.exists()] == []
    with pytest.raises(Failed):
        box.run(["cat", site / "production.ini"])


def test_no_socket_of_another_program_can_be_called(site: Path, tmp_path: Path) -> None:
    box, place = Sandbox(tmp_path, LIMITS, of_python(PACKAGE)), str(site / "clamd.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen()
        listener.setblocking(False)
        with pytest.raises(Failed):
            box.run([sys.executable, "-c", CALL, place])
        with pytest.raises(BlockingIOError):  # nobody called
            listener.accept()
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(place)  # outside it works


@pytest.mark.parametrize("way_out", UNDO)
def test_what_is_closed_stays_closed(box: Sandbox, way_out: str) -> None:
    box.run(["true"])
    with pytest.raises(Failed):
        box.run(["sh", "-c", way_out])


def test_there_is_no_network_but_an_idle_loopback(box: Sandbox) -> None:
    box.run(
        [
            "sh",
            "-c",
            "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' > devices; cat /proc/net/route >> devices",
        ]
    )
    assert [line for line in (box.folder / "devices").read_text().splitlines() if "Iface" not in line] == [
        "lo"
    ]


def test_a_document_is_drawn(box: Sandbox) -> None:
    (box.folder / "x.docx").write_bytes(docx(["门诊"]))
    profile = f"-env:UserInstallation={(box.folder / 'profile').as_uri()}"
    box.run(
        [
            "soffice",
            "--headless",
            profile,
            "--convert-to",
            "pdf",
            "--outdir",
            box.folder,
            box.folder / "x.docx",
        ]
    )
    box.run(["pdftoppm", "-jpeg", box.folder / "x.pdf", box.folder / "page"])
    assert (box.folder / "page-1.jpg").read_bytes().startswith(b"\xff\xd8\xff")

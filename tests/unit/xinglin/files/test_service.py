"""Pictures as they come from phones and from those who mean harm; what is kept is clean and goes with its row."""

from __future__ import annotations

import random
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from xinglin.crypto.service import Keyring
from xinglin.files.models import StoredFile
from xinglin.files.service import FileRefused, FileStore
from xinglin.files.storage import Storage
from xinglin.files.vault import Vault
from xinglin.kernel.db import Database, Session
from xinglin.testing.clock import FrozenClock

RED, WHITE, BLUE = (200, 30, 30), (255, 255, 255), (20, 20, 220)
BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How the camera held a picture that its EXIF orientation sets upright (CIPA DC-008, Exif 2.3, tag 274)."""


def encoded(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def photo(width: int = 400, height: int = 300, kind: str = "JPEG", **options: object) -> bytes:
    return encoded(Image.new("RGB", (width, height), RED), kind, **options)


def png_of(width: int, height: int, data: bytes = b"\0") -> bytes:
    """A PNG that says it is so large, whatever it carries."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def vault(folder: Path, keyring: Keyring) -> Vault:
    return Vault(Storage(str(folder)), keyring)


@pytest.fixture
def store(vault: Vault, session: Session, clock: FrozenClock) -> FileStore:
    return FileStore(vault, session, clock)


def saved(store: FileStore, content: bytes, name: str = "photo.jpg") -> StoredFile:
    return store.save_picture(name, BytesIO(content), plugin="news", uploaded_by="p-1")


def shown(store: FileStore, stored: StoredFile, variant: str = "full") -> Image.Image:
    with store.open(stored, variant) as stream:
        picture = Image.open(BytesIO(stream.read()))
    picture.load()
    return picture


def content_of(store: FileStore, stored: StoredFile, variant: str) -> bytes:
    with store.open(stored, variant) as stream:
        return stream.read()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_photo_is_kept_in_two_sizes_as_jpeg(
    store: FileStore, session: Session, clock: FrozenClock, folder: Path
) -> None:
    stored = saved(store, photo(4000, 3000))
    full, thumb = shown(store, stored), shown(store, stored, "thumb")
    assert (full.format, full.size, thumb.size) == ("JPEG", (1600, 1200), (240, 180))
    session.expire_all()
    assert (stored.width, stored.height) == (1600, 1200)
    assert (stored.media_type, stored.plugin, stored.uploaded_by) == ("image/jpeg", "news", "p-1")
    assert (stored.size, stored.created_at) == (len(content_of(store, stored, "full")), clock.now())
    assert len(files_in(folder)) == 2


def test_a_small_picture_is_not_blown_up(store: FileStore) -> None:
    assert shown(store, saved(store, photo(120, 90))).size == (120, 90)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_every_common_kind_becomes_a_jpeg_whatever_its_name_says(store: FileStore, kind: str) -> None:
    picture = shown(store, saved(store, photo(kind=kind), "scan.exe"))
    assert picture.format == "JPEG"
    assert abs(picture.getpixel((50, 50))[0] - RED[0]) < 8


def test_place_and_camera_are_gone_and_the_picture_stands_upright(store: FileStore) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "Phone of Nurse Li"
    exif.get_ifd(0x8825)[1] = "N"
    upload = photo(400, 200, exif=exif, comment=b"secret remark")
    assert b"Nurse Li" in upload
    stored = saved(store, upload)
    kept = content_of(store, stored, "full") + content_of(store, stored, "thumb")
    assert b"Nurse Li" not in kept
    assert b"secret remark" not in kept
    assert not shown(store, stored).getexif()
    assert shown(store, stored).size == (200, 400)


def test_transparency_becomes_white(store: FileStore) -> None:
    clear = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    clear.paste((*BLUE, 255), (0, 0, 50, 100))
    picture = shown(store, saved(store, encoded(clear, "PNG")))
    assert min(picture.getpixel((90, 50))) > 245
    assert picture.getpixel((10, 50))[2] > 200


def test_of_an_animation_the_first_picture_is_kept(store: FileStore) -> None:
    frames = [Image.new("RGB", (80, 60), colour) for colour in (RED, BLUE, WHITE)]
    upload = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    picture = shown(store, saved(store, upload))
    assert getattr(picture, "n_frames", 1) == 1
    assert picture.getpixel((40, 30))[0] > 150


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "CMYK", "I;16"])
def test_unusual_colours(store: FileStore, mode: str) -> None:
    upload = encoded(Image.new(mode, (60, 40)), "JPEG" if mode == "CMYK" else "PNG")
    assert shown(store, saved(store, upload)).mode == "RGB"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00" + b"\0" * 500,
        b"<svg onload='alert(1)'/>",
        b"%PDF-1.7",
        b"GIF89a",
        b"BM" + b"\0" * 60,
    ],
)
def test_what_is_no_picture_is_refused_whatever_its_name_says(
    store: FileStore, folder: Path, content: bytes
) -> None:
    with pytest.raises(FileRefused) as refused:
        saved(store, content, "holiday.jpg")
    assert refused.value.status == 422
    assert "JPEG, PNG, WebP or GIF" in refused.value.cure
    assert files_in(folder) == []


def test_a_picture_that_breaks_off_is_refused(store: FileStore, folder: Path) -> None:
    noise = Image.effect_noise((300, 300), 90)
    with pytest.raises(FileRefused, match="damaged"):
        saved(store, encoded(noise)[:4000])
    assert files_in(folder) == []


def test_more_than_20_megabytes_are_refused_without_being_read_to_the_end(store: FileStore) -> None:
    class Endless(BytesIO):
        given = 0

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert size > 0
            self.given += size
            return b"\xff" * size

    stream = Endless()
    with pytest.raises(FileRefused, match="larger than 20 MB"):
        store.save_picture("film.jpg", stream, plugin="news", uploaded_by="p-1")
    assert stream.given < 21 * 1024 * 1024


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (8_000, 5_001), (65_500, 2_000)])
def test_a_bomb_of_pixels_is_refused_by_its_header(
    store: FileStore, width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = png_of(width, height)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _image: pytest.fail("it was unpacked"))
    with pytest.raises(FileRefused, match="more than 40 million pixels"):
        saved(store, content)


@pytest.mark.parametrize("turn", range(10))
def test_every_way_of_holding_the_phone(store: FileStore, turn: int) -> None:
    upright = Image.new("RGB", (90, 60), WHITE)
    upright.paste(RED, (0, 0, 30, 20))
    exif = Image.Exif()
    exif[0x0112] = turn
    turned = upright.transpose(BACK[turn]) if turn in BACK else upright
    picture = shown(store, saved(store, encoded(turned, "PNG", exif=exif)))
    assert picture.size == (90, 60)
    assert picture.getpixel((8, 8))[1] < 60
    assert picture.getpixel((80, 50))[1] > 240


@pytest.mark.filterwarnings("ignore")  # Pillow warns of damaged metadata before it reads on
def test_damage_anywhere_is_refused_or_shown_but_never_fails(store: FileStore) -> None:
    chance = random.Random(7)
    noise = Image.effect_noise((40, 40), 90)
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds = [
        encoded(noise, "JPEG", exif=exif),
        encoded(noise, "PNG"),
        encoded(noise, "WEBP", exif=exif),
        encoded(noise.convert("P"), "GIF"),
    ]
    refused = 0
    for upload in kinds:
        for _turn in range(60):
            harmed = bytearray(upload)
            for _bit in range(chance.randint(1, 6)):
                harmed[chance.randrange(len(harmed))] = chance.randrange(256)
            try:
                saved(store, bytes(harmed[: chance.randrange(1, len(harmed) + 1)]))
            except FileRefused:
                refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\li\\门诊.jpg", "门诊.jpg"),
        ("a\x00b\r\n\u202egpj.exe", "abgpj.exe"),
        ("🏥 照片.png", "🏥 照片.png"),
        ("", "picture"),
        ("  /  ", "picture"),
        ("x" * 300 + ".jpg", "x" * 251 + ".jpg"),
    ],
)
def test_a_name_is_for_people_only(store: FileStore, folder: Path, given: str, kept: str) -> None:
    stored = saved(store, photo(20, 20), given)
    assert stored.name == kept
    assert {path.name.partition(".")[0] for path in files_in(folder)} == {stored.storage_key}
    assert stored.storage_key not in given


class TestDiscard:
    @pytest.fixture
    def stored(self, database: Database, folder: Path, vault: Vault, clock: FrozenClock) -> StoredFile:
        with database.session() as session:
            return saved(FileStore(vault, session, clock), photo())

    def discard(self, session: Session, vault: Vault, stored: StoredFile, clock: FrozenClock) -> None:
        row = session.get_one(StoredFile, stored.id)
        FileStore(vault, session, clock).discard(row)

    def test_bytes_go_with_the_commit(
        self, database: Database, vault: Vault, folder: Path, stored: StoredFile, clock: FrozenClock
    ) -> None:
        with database.session() as session:
            self.discard(session, vault, stored, clock)
            session.flush()
            assert len(files_in(folder)) == 2
        assert files_in(folder) == []

    def test_bytes_stay_when_the_transaction_fails(
        self, database: Database, vault: Vault, folder: Path, stored: StoredFile, clock: FrozenClock
    ) -> None:
        with Session(database.writer) as session:
            self.discard(session, vault, stored, clock)
            session.rollback()
            session.commit()
        assert len(files_in(folder)) == 2

    def test_the_end_of_a_savepoint_is_no_commit(
        self, database: Database, vault: Vault, folder: Path, stored: StoredFile, clock: FrozenClock
    ) -> None:
        with Session(database.writer) as session:
            with session.begin_nested():
                self.discard(session, vault, stored, clock)
            assert len(files_in(folder)) == 2
            session.rollback()
        assert len(files_in(folder)) == 2

    def test_a_savepoint_that_is_rolled_back_keeps_the_bytes(
        self, database: Database, vault: Vault, folder: Path, stored: StoredFile, clock: FrozenClock
    ) -> None:
        with Session(database.writer) as session:
            savepoint = session.begin_nested()
            self.discard(session, vault, stored, clock)
            savepoint.rollback()
            session.commit()
        assert len(files_in(folder)) == 2

    def test_bytes_go_with_the_commit_after_a_savepoint(
        self, database: Database, vault: Vault, folder: Path, stored: StoredFile, clock: FrozenClock
    ) -> None:
        with database.session() as session, session.begin_nested():
            self.discard(session, vault, stored, clock)
        assert files_in(folder) == []

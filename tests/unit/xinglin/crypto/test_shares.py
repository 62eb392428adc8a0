"""Two of three custodians bring the keys back onto a bare machine; one alone, or a wrong one, does not."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinglin.crypto import shamir, shares
from xinglin.crypto.errors import KeyRefused
from xinglin.crypto.service import Keyring

DAY = datetime(2026, 11, 23, tzinfo=UTC)


@settings(deadline=None, max_examples=40)
@given(secret=st.binary(min_size=1, max_size=40), count=st.integers(2, 7), data=st.data())
def test_any_threshold_of_shares_gives_the_secret(secret: bytes, count: int, data: st.DataObject) -> None:
    threshold = data.draw(st.integers(2, count))
    parts = shamir.split(secret, count, threshold)
    for chosen in combinations(parts, threshold):
        assert shamir.combine({x: parts[x] for x in chosen}) == secret


def test_one_share_less_tells_nothing() -> None:
    """Every value of the secret is as likely: for one share, each second share gives another secret."""
    part = shamir.split(b"\x2a", 3, 2)[1]
    assert {shamir.combine({1: part, 2: bytes([guess])}) for guess in range(256)} == {
        bytes([value]) for value in range(256)
    }


def test_the_field_is_that_of_the_aes_standard() -> None:
    """FIPS 197, 4.2: {57} x {83} = {c1}: two points on the line 10 + 83 x."""
    assert shamir.combine({0x57: bytes([0x10 ^ 0xC1]), 1: bytes([0x10 ^ 0x83])}) == b"\x10"


@pytest.mark.parametrize(("count", "threshold"), [(3, 1), (2, 3), (256, 2), (1, 1)])
def test_impossible_splits_are_refused(count: int, threshold: int) -> None:
    with pytest.raises(ValueError, match="Cure: 2 <= threshold"):
        shamir.split(b"x", count, threshold)


class TestCeremony:
    @pytest.fixture
    def ring(self, tmp_path: Path) -> Keyring:
        return Keyring.create(tmp_path / "secrets")

    def split(self, ring: Keyring, target: Path) -> list[Path]:
        return [*shares.split(ring, target, shares=3, threshold=2, at=ring.keys.active.created_at)]

    @pytest.mark.parametrize("chosen", [(0, 1), (0, 2), (2, 1)])
    def test_two_of_three_on_a_bare_machine(
        self, ring: Keyring, tmp_path: Path, chosen: tuple[int, int]
    ) -> None:
        paths = self.split(ring, tmp_path / "shares")
        assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
        master = (ring.folder / "master.key").read_text().strip()
        assert not any(master in path.read_text() for path in paths)
        shares.recover([shares.read(paths[number]) for number in chosen], tmp_path / "bare", DAY)
        sealed = ring.seal(b"x", context="c")
        assert Keyring(tmp_path / "bare").open(sealed, context="c") == b"x"
        assert (tmp_path / "bare" / "master.key").read_text().strip() == master

    def test_what_gave_the_keys_back_is_known_afterwards(self, ring: Keyring, tmp_path: Path) -> None:
        held = [shares.read(path) for path in self.split(ring, tmp_path / "shares")[:2]]
        bare = tmp_path / "bare"
        assert shares.recover(held, bare, DAY) == 1
        noted = shares.last(bare)
        assert noted is not None
        assert (noted.at, noted.threshold, noted.covers(Keyring(bare))) == (DAY, 2, True)
        (bare / "master.key").unlink()
        assert shares.recover(held, bare, DAY) is None, "keys.json was there"

    def test_newer_keys_that_were_restored_stay(self, ring: Keyring, tmp_path: Path) -> None:
        paths = self.split(ring, tmp_path / "shares")
        ring.rotate(ring.keys.active.created_at)
        sealed = ring.seal(b"x", context="c")
        (ring.folder / "master.key").unlink()
        shares.recover([shares.read(path) for path in paths[:2]], ring.folder, DAY)
        assert Keyring(ring.folder).open(sealed, context="c") == b"x"

    def test_what_is_wrong_is_said(self, ring: Keyring, tmp_path: Path) -> None:
        first = [shares.read(path) for path in self.split(ring, tmp_path / "one")]
        second = [shares.read(path) for path in self.split(ring, tmp_path / "two")]
        bare = tmp_path / "bare"
        for given_shares, sentence in (
            (first[:1], r"1 of 2 shares\. Cure"),
            ([first[0], first[0]], r"1 of 2 shares\. Cure"),
            ([first[0], second[1]], r"different splittings\. Cure"),
        ):
            with pytest.raises(KeyRefused, match=sentence):
                shares.recover(given_shares, bare, DAY)
        assert not bare.exists()

    def test_a_forged_share_is_found_by_the_check_value(self, ring: Keyring, tmp_path: Path) -> None:
        paths = self.split(ring, tmp_path / "shares")
        forged = json.loads(paths[0].read_text()) | {"share": "00" * 32, "seal": ""}
        share = shares.Share(**forged).sealed()
        with pytest.raises(KeyRefused, match="do not give the master key"):
            shares.recover([share, shares.read(paths[1])], tmp_path / "bare", DAY)

    def test_a_damaged_share_is_named(self, ring: Keyring, tmp_path: Path) -> None:
        path = self.split(ring, tmp_path / "shares")[0]
        text = path.read_text()
        path.write_text(text.replace('"number": 1', '"number": 2'))
        with pytest.raises(KeyRefused, match=r"share-1\.json was damaged or changed"):
            shares.read(path)
        path.write_text("{}")
        with pytest.raises(KeyRefused, match=r"share-1\.json is no share"):
            shares.read(path)

    def test_nothing_is_ever_replaced(self, ring: Keyring, tmp_path: Path) -> None:
        paths = self.split(ring, tmp_path / "shares")
        with pytest.raises(KeyRefused, match=r"share-1\.json exists"):
            self.split(ring, tmp_path / "shares")
        both = [shares.read(path) for path in paths[:2]]
        with pytest.raises(KeyRefused, match=r"master\.key exists"):
            shares.recover(both, ring.folder, DAY)
        other = Keyring.create(tmp_path / "other")
        (other.folder / "master.key").unlink()
        with pytest.raises(KeyRefused, match="of another site"):
            shares.recover(both, other.folder, DAY)

"""The master key in a real PKCS#11 token: made there, used there, never out; what is missing is said with a cure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType
from tests.unit.xinglin.crypto.conftest import MODULE, PIN, SoftToken

from xinglin.crypto.errors import KeyMissing, KeyRefused, SealBroken
from xinglin.crypto.providers import TokenAccess
from xinglin.crypto.service import Keyring
from xinglin.crypto.tokens import TokenKey, make_key
from xinglin.testing.clock import FrozenClock

CONTEXT = "core_person.mobile:x"


@pytest.fixture(params=("aes", "sm"))
def ring(request: pytest.FixtureRequest, tmp_path: Path, soft_token: SoftToken) -> Keyring:
    """A new site whose master key is in the token from the first day."""
    return Keyring.create(tmp_path / "s", suite=request.param, provider="pkcs11", token=soft_token.access())


class TestASiteOnAToken:
    def test_nothing_of_the_master_key_is_on_the_disk(self, ring: Keyring, soft_token: SoftToken) -> None:
        assert [path.name for path in ring.folder.iterdir()] == ["keys.json"]
        assert soft_token.keys() == ["xinglin-master"]
        sealed = ring.seal(b"x", context=CONTEXT)
        again = Keyring(ring.folder, provider="pkcs11", token=soft_token.access())
        assert again.open(sealed, context=CONTEXT) == b"x"
        assert again.provider_name == "pkcs11"

    def test_the_key_cannot_be_read_out(self, ring: Keyring, soft_token: SoftToken) -> None:
        with pkcs11.lib(str(MODULE)).get_token(token_label=soft_token.label).open(user_pin=PIN) as session:
            key = session.get_key(label="xinglin-master")
            assert (key[Attribute.EXTRACTABLE], key[Attribute.SENSITIVE]) == (False, True)
            with pytest.raises(pkcs11.AttributeSensitive):
                _ = key[Attribute.VALUE]

    def test_rotated_and_retired(self, ring: Keyring, soft_token: SoftToken, clock: FrozenClock) -> None:
        before = ring.seal(b"old", context=CONTEXT)
        assert ring.rotate(clock.now()).version == 2
        after = ring.seal(b"new", context=CONTEXT)
        again = Keyring(ring.folder, provider="pkcs11", token=soft_token.access())
        assert [again.open(sealed, context=CONTEXT) for sealed in (before, after)] == [b"old", b"new"]

    def test_a_second_init_makes_no_second_key(self, ring: Keyring, soft_token: SoftToken) -> None:
        assert not make_key(soft_token.access())
        assert soft_token.keys() == ["xinglin-master"]

    def test_many_threads_share_one_login(self, ring: Keyring) -> None:
        wrapped = ring.provider.wrap(b"k" * 32, suite="aes", context=CONTEXT)
        with ThreadPoolExecutor(8) as pool:
            opened = list(pool.map(lambda _: ring.provider.unwrap(wrapped, context=CONTEXT), range(40)))
        assert opened == [b"k" * 32] * 40

    def test_a_forked_process_uses_it_too(self, ring: Keyring) -> None:
        wrapped = ring.provider.wrap(b"k" * 32, suite="aes", context=CONTEXT)
        child = os.fork()
        if child == 0:
            is_same = ring.provider.unwrap(wrapped, context=CONTEXT) == b"k" * 32
            os._exit(0 if is_same else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    def test_what_was_changed_or_moved_does_not_open(self, ring: Keyring) -> None:
        wrapped = ring.provider.wrap(b"k" * 32, suite="aes", context=CONTEXT)
        for changed, context in (
            (wrapped, "another context"),
            (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), CONTEXT),
            (wrapped[:20], CONTEXT),
            (b"\x01" + wrapped[1:], CONTEXT),
        ):
            with pytest.raises(SealBroken):
                ring.provider.unwrap(changed, context=context)


class TestWhatIsMissing:
    """Each ends the start: nothing is read or written without the key."""

    def refused(self, ring: Keyring, access: TokenAccess | None, sentence: str) -> None:
        for use in (Keyring, Keyring.create):
            with pytest.raises(KeyMissing, match=sentence):
                use(ring.folder, provider="pkcs11", token=access)

    def test_the_pin_is_wrong(self, ring: Keyring, soft_token: SoftToken) -> None:
        self.refused(
            ring, soft_token.access(pin="0000"), r"refused the PIN\. Cure: put the right one into the secret"
        )

    def test_the_token_has_another_name(self, ring: Keyring, soft_token: SoftToken) -> None:
        self.refused(ring, soft_token.access(token="other"), r"no token is called 'other'\. Cure: connect it")

    def test_the_token_is_gone(self, ring: Keyring, soft_token: SoftToken) -> None:
        sealed = ring.seal(b"x", context=CONTEXT)
        soft_token.remove()
        self.refused(ring, soft_token.access(), r"no token is called 'hospital-\w+'\. Cure: connect it")
        assert ring.open(sealed, context=CONTEXT) == b"x", "who has opened the data keys goes on"

    def test_the_key_has_another_name(self, ring: Keyring, soft_token: SoftToken) -> None:
        self.refused(ring, soft_token.access(key="other"), r"has no key called 'other'\. Cure: name it")

    def test_the_key_is_another_one(self, ring: Keyring, soft_token: SoftToken) -> None:
        make_key(soft_token.access(key="second"))
        self.refused(ring, soft_token.access(key="second"), r"does not open under this master key\. Cure")

    def test_the_label_is_there_twice(self, ring: Keyring, soft_token: SoftToken) -> None:
        token = pkcs11.lib(str(MODULE)).get_token(token_label=soft_token.label)
        with token.open(rw=True, user_pin=PIN) as session:
            session.generate_key(KeyType.AES, 256, label="xinglin-master", store=True)
        self.refused(ring, soft_token.access(), r"is there more than once\. Cure")

    def test_the_settings(self, ring: Keyring, soft_token: SoftToken, tmp_path: Path) -> None:
        whole = soft_token.access()
        self.refused(ring, replace(whole, module=None), r"needs pkcs11_module\. Cure: set it in the ini")
        self.refused(ring, replace(whole, token=""), r"needs pkcs11_token\. Cure")
        self.refused(ring, replace(whole, key=""), r"needs pkcs11_key\. Cure")
        self.refused(ring, replace(whole, module=tmp_path / "x.so"), r"x\.so is missing\. Cure: install")
        self.refused(ring, None, r"knows no token\. Cure")

    def test_the_module_is_no_module(self, ring: Keyring, soft_token: SoftToken, tmp_path: Path) -> None:
        (tmp_path / "x.so").write_text("no library")
        self.refused(
            ring, replace(soft_token.access(), module=tmp_path / "x.so"), r"cannot be used \(.*Cure: see that"
        )

    def test_the_package(self, ring: Keyring, soft_token: SoftToken, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pkcs11", None)
        monkeypatch.delitem(sys.modules, "xinglin.crypto.tokens")
        self.refused(ring, soft_token.access(), r"not installed: pkcs11\. Cure: pip install python-pkcs11")

    def test_a_key_that_could_be_read_out_is_not_used(self, soft_token: SoftToken, tmp_path: Path) -> None:
        token = pkcs11.lib(str(MODULE)).get_token(token_label=soft_token.label)
        template = {Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False}
        with token.open(rw=True, user_pin=PIN) as session:
            session.generate_key(KeyType.AES, 256, label="xinglin-master", store=True, template=template)
        with pytest.raises(KeyMissing, match=r"may be read out of its token\. Cure: make one"):
            Keyring.create(tmp_path / "s", provider="pkcs11", token=soft_token.access())
        assert not (tmp_path / "s" / "keys.json").exists()


class TestMoving:
    @pytest.fixture
    def old(self, tmp_path: Path, soft_token: SoftToken) -> Keyring:
        """A site with its master key in a file, two data keys, and the token in its settings."""
        made = Keyring.create(tmp_path / "s")
        made.rotate(made.keys.active.created_at)
        return Keyring(made.folder, token=soft_token.access())

    def test_from_the_file_to_the_token(self, old: Keyring, soft_token: SoftToken) -> None:
        running, sealed = Keyring(old.folder, token=soft_token.access()), old.seal(b"x", context=CONTEXT)
        old.move_master("pkcs11")
        assert (old.provider_name, running.provider_name) == ("pkcs11", "pkcs11")
        (old.folder / "master.key").unlink()
        for one in (old, running, Keyring(old.folder, provider="pkcs11", token=soft_token.access())):
            assert one.open(sealed, context=CONTEXT) == b"x"
            assert (one.key_id, one.keys.active.version) == (old.key_id, 2)
        with pytest.raises(KeyRefused, match=r"at 'pkcs11' already\. Cure"):
            old.move_master("pkcs11")

    def test_and_back(self, old: Keyring, soft_token: SoftToken) -> None:
        sealed = old.seal(b"x", context=CONTEXT)
        old.move_master("pkcs11")
        (old.folder / "master.key").unlink()
        old.move_master("file")
        soft_token.remove()
        assert Keyring(old.folder).open(sealed, context=CONTEXT) == b"x"

    def test_a_token_that_fails_changes_nothing(
        self, old: Keyring, soft_token: SoftToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = (old.folder / "keys.json").read_bytes()
        with pytest.raises(KeyMissing, match="refused the PIN"):
            Keyring(old.folder, token=soft_token.access(pin="0")).move_master("pkcs11")
        monkeypatch.setattr(TokenKey, "unwrap", lambda *_, **__: b"another")
        with pytest.raises(KeyMissing, match=r"came back changed\. Cure: nothing was changed"):
            old.move_master("pkcs11")
        assert (old.folder / "keys.json").read_bytes() == before
        assert old.provider_name == "file"

    @pytest.mark.parametrize("moment", ["in the token", "before the switch", "after the switch"])
    def test_killed_on_the_way_nothing_is_lost(
        self, old: Keyring, soft_token: SoftToken, moment: str
    ) -> None:
        sealed = old.seal(b"x", context=CONTEXT)
        command = [sys.executable, "-W", "ignore", "-c", KILLED, str(old.folder), soft_token.label, moment]
        killed = subprocess.run(command, env=os.environ | {"PIN": PIN}, capture_output=True, check=False)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        for name in ("file", "pkcs11"):
            again = Keyring(old.folder, provider=name, token=soft_token.access())
            assert again.open(sealed, context=CONTEXT) == b"x"
        if again.provider_name == "file":
            again.move_master("pkcs11")
        (old.folder / "master.key").unlink()
        finished = Keyring(old.folder, provider="pkcs11", token=soft_token.access())
        assert finished.open(sealed, context=CONTEXT) == b"x"
        assert soft_token.keys() == ["xinglin-master"]


KILLED = textwrap.dedent(
    f"""
    import os, signal, sys
    from pathlib import Path
    from xinglin.crypto import providers, service, tokens

    folder, label, moment = sys.argv[1:]
    wrap, replace = tokens.TokenKey.wrap, Path.replace
    wraps = 0

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    def second_wrap_dies(self, *given, **named):
        global wraps
        wraps += 1
        return wrap(self, *given, **named) if wraps < 2 else die()

    def switch_dies(self, target):
        if moment == "after the switch":
            replace(self, target)
        die()

    if moment == "in the token":
        tokens.TokenKey.wrap = second_wrap_dies
    else:
        Path.replace = switch_dies
    access = providers.TokenAccess(Path({str(MODULE)!r}), label, "xinglin-master", lambda: os.environ["PIN"])
    service.Keyring(Path(folder), token=access).move_master("pkcs11")
    """
)

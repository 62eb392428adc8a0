"""Callbacks are opened exactly as WeCom's published vectors say, and nothing else is."""

import base64

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from xinglin.wecom.callbacks import parse_event
from xinglin.wecom.crypto import CallbackCrypto, CallbackRefused

A = CallbackCrypto("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
B = CallbackCrypto("123456", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a")
POSTED = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/s"
    "YYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJ"
    "YuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGU"
    "callcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDY"
    "A5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)


def test_vector_a_of_the_address_check():
    echo = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    signature = "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    opened = A.open(echo, signature=signature, timestamp="1409659589", nonce="263014780")
    assert opened == "1616140317555161061"


def test_vector_a_of_a_message():
    signature = "477715d11cdb4164915debcba66cb864d751f3e6"
    plain = A.open(POSTED, signature=signature, timestamp="1409659813", nonce="1372623149")
    fields = parse_event(plain)
    assert fields["Content"] == "hello"
    assert fields["FromUserName"] == "mycreate"
    assert fields["MsgId"] == "4561255354251345929"
    assert fields["AgentID"] == "218"


def test_vector_b():
    echo = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="
    signature = "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96"
    assert (
        B.open(echo, signature=signature, timestamp="1411443780", nonce="437374425") == "5927782489442352469"
    )


@pytest.mark.parametrize("signature", ["", "0" * 40, "477715d11cdb4164915debcba66cb864d751f3e7", "é" * 40])
def test_a_wrong_signature_is_refused(signature):
    with pytest.raises(CallbackRefused, match="signature") as refused:
        A.open(POSTED, signature=signature, timestamp="1409659813", nonce="1372623149")
    assert refused.value.status == 403


def test_a_message_to_another_corp_is_refused():
    other = CallbackCrypto("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx0000000000000000")
    with pytest.raises(CallbackRefused, match="receiveid"):
        _open(A, other.seal("<xml/>"))


@pytest.mark.parametrize("tail", [b"\0" * 32, b"\x21" * 33, b"\x01\x02\x03\x03\x04"])
def test_wrong_padding_is_refused(tail):
    plain = b"r" * 16 + (5).to_bytes(4, "big") + b"hello" + b"wx5823bf96d3bd56c7"
    padded = (plain + b"\0" * 64)[: 96 - len(tail)] + tail
    encryptor = Cipher(algorithms.AES(A.key), modes.CBC(A.key[:16])).encryptor()
    sealed = base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
    with pytest.raises(CallbackRefused, match=r"padding|receiveid"):
        _open(A, sealed)


@given(st.text(max_size=200))
def test_whatever_is_sealed_can_be_opened(text):
    assert _open(A, A.seal(text)) == text


@given(
    st.one_of(st.text(max_size=80), st.binary(max_size=96).map(lambda raw: base64.b64encode(raw).decode()))
)
def test_garbage_is_refused_and_never_crashes(garbage):
    with pytest.raises(CallbackRefused):
        _open(A, garbage)


def _open(crypto: CallbackCrypto, sealed: str) -> str:
    return crypto.open(sealed, signature=crypto.signature("1", "2", sealed), timestamp="1", nonce="2")

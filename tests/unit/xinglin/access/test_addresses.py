from __future__ import annotations

import pytest

from xinglin.access.addresses import Proxies, address_of, is_inside, network_of, subscriber_of

PROXIES = Proxies.of(("10.20.0.0/24", "10.30.0.5", "fd00:20::/64"))


def unwrapped(remote: str, forwarded: str | None = None, scheme: str | None = None) -> dict[str, str]:
    environ = {"REMOTE_ADDR": remote, "wsgi.url_scheme": "http"}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    if scheme is not None:
        environ["HTTP_X_FORWARDED_PROTO"] = scheme
    PROXIES.unwrap(environ)
    assert "HTTP_X_FORWARDED_FOR" not in environ
    assert "HTTP_X_FORWARDED_PROTO" not in environ
    return environ


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("203.0.113.7", "10.0.0.1", "203.0.113.7"),
        ("10.20.0.9", "10.0.0.1", "10.0.0.1"),
        ("10.20.0.9", "1.2.3.4, 10.0.0.1", "10.0.0.1"),
        ("10.20.0.9", "1.2.3.4, 10.0.0.1, 10.30.0.5", "10.0.0.1"),
        ("10.20.0.9", "1.2.3.4, nonsense", ""),
        ("10.20.0.9", "1.2.3.4, nonsense, 10.30.0.5", ""),
        ("10.20.0.9", "unix:", ""),
        ("10.20.0.9", "10.0.0.1:5555", "10.0.0.1"),
        ("10.20.0.9", "[2001:db8::7]:443", "2001:db8::7"),
        ("10.20.0.9", "", "10.20.0.9"),
        ("10.20.0.9", None, "10.20.0.9"),
        ("10.30.0.6", "10.0.0.1", "10.30.0.6"),
        ("fd00:20::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.20.0.9", "10.0.0.1", "10.0.0.1"),
        ("10.20.0.9", "10.20.0.8, 10.20.0.7", "10.20.0.8"),
    ],
)
def test_only_a_trusted_proxy_says_who_the_client_is(remote: str, forwarded: str | None, client: str) -> None:
    assert unwrapped(remote, forwarded)["REMOTE_ADDR"] == client


def test_only_a_trusted_proxy_says_that_it_was_https() -> None:
    assert unwrapped("10.20.0.9", "10.0.0.1", "https")["wsgi.url_scheme"] == "https"
    assert unwrapped("203.0.113.7", None, "https")["wsgi.url_scheme"] == "http"
    assert unwrapped("10.20.0.9", "10.0.0.1", "gopher")["wsgi.url_scheme"] == "http"


def test_what_is_no_address_is_inside_of_nothing() -> None:
    everything = [network_of("0.0.0.0/0"), network_of("::/0")]
    assert is_inside(address_of("10.1.2.3"), everything)
    assert is_inside(address_of("fe80::1%eth0"), everything)
    assert not is_inside(address_of("unix:"), everything)


def test_neighbours_of_ipv6_count_as_one_client() -> None:
    assert subscriber_of("2001:db8:1:2::1") == subscriber_of("2001:db8:1:2:ffff::9")
    assert subscriber_of("2001:db8:1:2::1") != subscriber_of("2001:db8:1:3::1")
    assert subscriber_of("10.0.0.1") != subscriber_of("10.0.0.2")
    assert subscriber_of("") == "unknown"

"""Separate cookie jars for phones that share one browser and one host.

Browsers share cookies between ports of 127.0.0.1, so without this every simulated phone in one browser
would be logged in to the portal as the same person.
"""

from __future__ import annotations

from collections import defaultdict

from aiohttp import web

BROWSER, HOLDER, OWN_PREFIX = "sim_browser", "sim_holder", "sim_"
COMPUTER = "@pc"


class Devices:
    """The portal's cookies of each device, per browser."""

    def __init__(self) -> None:
        self._jars: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)

    def swap(self, browser: str, previous: str, holder: str, cookies: dict[str, str]) -> dict[str, str]:
        """Keep ``cookies`` for the previous device and return the new device's jar."""
        self._jars[browser, previous or COMPUTER] = cookies
        return dict(self._jars[browser, holder])

    def forget(self, browser: str, holder: str) -> None:
        """Empty one jar, as after clearing a phone's browser data."""
        self._jars.pop((browser, holder), None)


def holder_of(request: web.Request) -> str:
    """Who holds the phone in this browser; empty when nobody chose a person yet."""
    holder = request.cookies.get(HOLDER, "")
    return "" if holder == COMPUTER else holder


def portal_cookies(request: web.Request) -> dict[str, str]:
    """Cookies that are not the simulator's, byte for byte: parsing and quoting again could change them."""
    pairs = (part.strip().partition("=") for part in request.headers.get("Cookie", "").split(";"))
    return {name: value for name, _, value in pairs if name and not name.startswith(OWN_PREFIX)}


def _set(response: web.StreamResponse, name: str, value: str, *, is_gone: bool = False) -> None:
    age = "; Max-Age=0" if is_gone else ""
    response.headers.add("Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}")


def switch_device(
    devices: Devices, request: web.Request, response: web.StreamResponse, holder: str, browser_id: str
) -> None:
    """Make ``holder`` the active device: swap the portal's cookies on ``response``."""
    browser = request.cookies.get(BROWSER, browser_id)
    previous = request.cookies.get(HOLDER, "")
    if BROWSER not in request.cookies:
        _set(response, BROWSER, browser)
    if previous == holder:
        return
    current = portal_cookies(request)
    jar = devices.swap(browser, previous, holder, current)
    for name in current.keys() - jar.keys():
        _set(response, name, "", is_gone=True)
    for name, value in jar.items():
        _set(response, name, value)
    _set(response, HOLDER, holder)

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


def switch_device(
    devices: Devices, request: web.Request, response: web.StreamResponse, holder: str, browser_id: str
) -> None:
    """Make ``holder`` the active device: swap the portal's cookies on ``response``."""
    browser = request.cookies.get(BROWSER, browser_id)
    previous = request.cookies.get(HOLDER, "")
    if BROWSER not in request.cookies:
        response.set_cookie(BROWSER, browser, path="/", httponly=True, samesite="Lax")
    if previous == holder:
        return
    current = {name: value for name, value in request.cookies.items() if not name.startswith(OWN_PREFIX)}
    jar = devices.swap(browser, previous, holder, current)
    for name in current.keys() - jar.keys():
        response.del_cookie(name, path="/")
    for name, value in jar.items():
        response.set_cookie(name, value, path="/", httponly=True, samesite="Lax")
    response.set_cookie(HOLDER, holder, path="/", httponly=True, samesite="Lax")

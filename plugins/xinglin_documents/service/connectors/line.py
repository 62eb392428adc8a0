"""The line to a source: reads are tried again, writes never; too many failures open the circuit."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from xinglin_documents.service.connectors.breaker import Breaker
from xinglin_documents.service.connectors.errors import CallFailed, OutcomeUnknown, Trouble
from xinglin_documents.service.connectors.soap import SoapService

TRIES = 3
FIRST_DELAY_SECONDS = 0.1
LEAST_SECONDS = 0.2
PASSING = (Trouble.DOWN, Trouble.SLOW)
logger = logging.getLogger(__name__)


class Line:
    """`sleep` and `jitter` (0 to 1) are injected for tests."""

    def __init__(
        self,
        service: SoapService,
        breaker: Breaker,
        *,
        headers: Callable[[], Sequence[Any]] = tuple,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._service = service
        self._breaker = breaker
        self._headers = headers
        self._sleep = sleep
        self._jitter = jitter

    def has(self, operation: str) -> bool:
        """Whether the site's WSDL names it. Raises `SourceDown` when there is no usable WSDL."""
        try:
            return self._service.has(operation)
        except CallFailed as error:
            raise self._failed(operation, error) from None

    def read(self, operation: str, *arguments: Any) -> Any:
        """Ask; twice more when the connection failed, all within the seconds of the service. Raises `SourceDown`."""
        self._breaker.check()
        ends = time.monotonic() + self._service.seconds
        for attempt in range(1, TRIES + 1):
            try:
                result = self._ask(operation, arguments, ends - time.monotonic())
            except CallFailed as error:
                delay = FIRST_DELAY_SECONDS * 2**attempt * (0.5 + self._jitter())
                has_time = time.monotonic() + delay + LEAST_SECONDS < ends
                if error.trouble not in PASSING or attempt == TRIES or not has_time:
                    raise self._failed(operation, error) from None
                self._sleep(delay)
            else:
                self._breaker.well()
                return result
        raise AssertionError("the last try returns or raises")

    def write(self, operation: str, *arguments: Any) -> Any:
        """Ask once. Raises `SourceDown` when it surely was not carried out, else `OutcomeUnknown`."""
        self._breaker.check()
        try:
            result = self._ask(operation, arguments, self._service.seconds)
        except CallFailed as error:
            down = self._failed(operation, error)
            raise (OutcomeUnknown() if error.is_uncertain else down) from None
        self._breaker.well()
        return result

    def _ask(self, operation: str, arguments: tuple[Any, ...], seconds: float) -> Any:
        return self._service.call(operation, *arguments, seconds=seconds, headers=self._headers())

    def _failed(self, operation: str, error: CallFailed) -> Exception:
        logger.warning("OA %s: %s. Cure: see docs/operations.md, the OA behind", operation, error)
        return self._breaker.ill(error)

"""Our own deadlines for one model call: first token, between tokens, all of it."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from frontdesk.domain.errors import ModelFailed
from frontdesk.ports.model import ModelRequest

T = TypeVar("T")


class Deadlines:
    """Runs from its creation; `again` starts another attempt within the same total."""

    def __init__(self, request: ModelRequest) -> None:
        self._request = request
        self._loop = asyncio.get_running_loop()
        self.started = self._loop.time()
        self._end = self.started + request.total
        self._next = self._end
        self._waiting_for = "the whole answer"
        self.again()

    def again(self) -> None:
        self._expect("the first token", self._request.first_token)

    def token(self) -> None:
        """A token came, and whoever wanted it has it."""
        self._expect("the next token", self._request.between_tokens)

    def tail(self, seconds: float) -> None:
        """The answer is whole; what may still follow is waited for this long."""
        self._expect("the end of the stream", seconds)

    def _expect(self, what: str, within: float) -> None:
        soonest = self._loop.time() + within
        self._waiting_for, self._next = (what, soonest) if soonest < self._end else ("the whole answer", self._end)

    @property
    def elapsed(self) -> float:
        return self._loop.time() - self.started

    @property
    def left(self) -> float:
        return self._end - self._loop.time()

    async def wait(self, result: Awaitable[T]) -> T:
        """What is awaited, or ModelFailed("slow") at the deadline that runs now."""
        try:
            async with asyncio.timeout_at(self._next):
                return await result
        except TimeoutError:
            raise ModelFailed("slow", f"waited too long for {self._waiting_for}") from None

"""Keeps the desk below Slack's rate limits before Slack has to say so."""

from collections import deque

from frontdesk.domain.errors import Retry
from frontdesk.ports.clock import Clock

MINUTE = 60.0
POST_PATIENCE = 5.0
"""Seconds a post may wait for its turn in a busy channel; after that the whole turn waits instead."""


class Budget:
    """At most `limit` calls in any `seconds`, and none while Slack has asked for a pause."""

    def __init__(self, clock: Clock, limit: int, seconds: float = MINUTE) -> None:
        self._clock = clock
        self._limit = limit
        self._seconds = seconds
        self._spent: deque[float] = deque()
        self._closed_until = 0.0

    @property
    def left(self) -> int:
        """How many calls could be made at once now."""
        if self._clock.elapsed() < self._closed_until:
            return 0
        self._forget()
        return self._limit - len(self._spent)

    @property
    def share_left(self) -> float:
        """What is left of the budget, 0 to 1."""
        return self.left / self._limit

    def wait(self) -> float:
        """Seconds until a call is free."""
        now = self._clock.elapsed()
        self._forget()
        pause = max(0.0, self._closed_until - now)
        if len(self._spent) >= self._limit:
            pause = max(pause, self._spent[0] + self._seconds - now)
        return pause

    def take(self) -> bool:
        """Spend one call if it is free."""
        if self.left <= 0:
            return False
        self._spent.append(self._clock.elapsed())
        return True

    async def acquire(self, patience: float = MINUTE) -> None:
        """Spend one call, as soon as it is free. Raises Retry when that is further away than `patience`."""
        until = self._clock.elapsed() + patience
        while not self.take():
            pause = self.wait()
            if self._clock.elapsed() + pause > until:
                raise Retry("over Slack's rate limit", after=pause)
            await self._clock.sleep(max(pause, 0.01))

    def close_for(self, seconds: float) -> None:
        """Slack said: not before so many seconds."""
        self._closed_until = max(self._closed_until, self._clock.elapsed() + seconds)

    def _forget(self) -> None:
        horizon = self._clock.elapsed() - self._seconds
        while self._spent and self._spent[0] <= horizon:
            self._spent.popleft()


class Budgets:
    """All budgets of one workspace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.start_stream = Budget(clock, 20)
        self.append_stream = Budget(clock, 100)
        self.stop_stream = Budget(clock, 20)
        self.update = Budget(clock, 50)
        self.session = Budget(clock, 50)
        self._posts: dict[str, Budget] = {}

    def post(self, channel: str) -> Budget:
        """One message a second in a channel, with room for a short burst."""
        if len(self._posts) > 1000:
            self._posts = {name: budget for name, budget in self._posts.items() if budget.share_left < 1}
        return self._posts.setdefault(channel, Budget(self._clock, 5, 5.0))

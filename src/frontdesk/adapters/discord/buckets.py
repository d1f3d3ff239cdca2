"""One rate limit of Discord's, as its answers tell of it."""

import math
from collections.abc import Mapping

ASSUMED_LIMIT = 5
ASSUMED_SECONDS = 5.0
"""What is believed of a limit until the first answer says better."""
MARGIN = 0.05
"""Seconds a window is believed to last longer than Discord says: clocks round."""
LONGEST_CLOSED = 30.0
"""Seconds after which it is tried again, however long a refusal says: it may be for one message alone."""
_SAME_WINDOW = 0.5
"""Seconds by which two answers may differ about the end of one window."""


class Bucket:
    """So many calls in a window that begins with its first call; nothing is known before the first answer."""

    def __init__(self) -> None:
        self.limit = ASSUMED_LIMIT
        self.name = ""
        """Discord's own; routes with the same name share the limit."""
        self._left = ASSUMED_LIMIT
        self._ends: float | None = None
        """None: no window has begun."""
        self._flying = 0
        """Calls whose answer is not here yet."""
        self._is_known = False

    @property
    def is_idle(self) -> bool:
        return not self._flying and self._ends is None

    def left(self, now: float) -> int:
        """Calls that may be made at once."""
        self._roll(now)
        if not self._is_known and self._flying:
            return 0
        return max(0, self._left)

    def ends_in(self, now: float) -> float:
        """Seconds until the window is over; infinite when none has begun."""
        self._roll(now)
        return math.inf if self._ends is None else self._ends - now

    def wait(self, now: float, keep: int = 0) -> float:
        """Seconds until a call may be made that leaves `keep` for others; infinite: not before an answer came."""
        if self.left(now) > keep:
            return 0.0
        if not self._is_known and self._flying:
            return math.inf
        return self.ends_in(now)

    def take(self, now: float) -> None:
        """A call is made now."""
        self._roll(now)
        self._flying += 1
        self._left -= 1
        if self._ends is None:
            self._ends = now + ASSUMED_SECONDS

    def landed(self) -> None:
        """A call that was made has ended, with an answer or without."""
        self._flying -= 1

    def learn(self, now: float, headers: Mapping[str, str], status: int) -> None:
        """What an answer's headers say."""
        told = _told(headers, status)
        if told is None:
            return
        limit, remaining, seconds = told
        ends = now + seconds + MARGIN
        if self._ends is not None and ends <= self._ends + _SAME_WINDOW:
            self._left = min(self._left, remaining)
        else:
            # Those in flight may not be counted in this answer yet.
            self._left = remaining - max(0, self._flying - 1)
        self._ends = ends
        self.limit = limit or self.limit
        self.name = headers.get("X-RateLimit-Bucket", self.name)
        self._is_known = True

    def _roll(self, now: float) -> None:
        if self._ends is None or now >= self._ends:
            self._ends = None
            self._left = self.limit - self._flying


def _told(headers: Mapping[str, str], status: int) -> tuple[int | None, int, float] | None:
    """Limit, calls left and seconds until the window ends; None when nothing is said of them."""
    try:
        remaining = int(headers.get("X-RateLimit-Remaining", 0))
        if status == 429 and not remaining:
            after = float(headers.get("X-RateLimit-Reset-After") or headers["Retry-After"])
            return None, 0, min(after, LONGEST_CLOSED)
        # A refusal that leaves some is of another limit, such as the one of old messages.
        return int(headers["X-RateLimit-Limit"]), remaining, float(headers["X-RateLimit-Reset-After"])
    except (KeyError, ValueError):
        return None

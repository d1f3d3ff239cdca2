"""Ids that carry their time, unique and increasing as Discord's are."""

from datetime import UTC, datetime

from frontdesk.sandbox.discord.clock import Clock

EPOCH = 1_420_070_400_000


class Snowflakes:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        moment = int(self._clock.now() * 1000) - EPOCH
        self._last = max(self._last + 1, moment << 22)
        return str(self._last)


def time_of(snowflake: str) -> float:
    """The second at which this id was made."""
    return ((int(snowflake) >> 22) + EPOCH) / 1000


def stamp(seconds: float) -> str:
    """A moment as Discord writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")

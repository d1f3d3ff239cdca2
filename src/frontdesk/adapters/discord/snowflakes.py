"""Discord's ids hold a time (docs: Reference, Snowflakes)."""

EPOCH = 1_420_070_400_000
"""Milliseconds; the first second of 2015."""
_LOW = 22


def order(snowflake: str) -> int:
    """Microseconds since the epoch, which keep the order of ids made within one millisecond."""
    number = int(snowflake)
    return ((number >> _LOW) + EPOCH) * 1000 + min((number & ((1 << _LOW) - 1)) * 1000 >> _LOW, 999)


def at(seconds: float) -> str:
    """The smallest id of that moment."""
    return str(max(0, int(seconds * 1000) - EPOCH) << _LOW)


def seconds(snowflake: str) -> float:
    """When it was made."""
    return ((int(snowflake) >> _LOW) + EPOCH) / 1000

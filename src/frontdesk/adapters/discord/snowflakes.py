"""Discord's ids tell when they were made."""

EPOCH = 1_420_070_400_000
"""Milliseconds from which Discord counts: the first second of 2015."""


def order(snowflake: str) -> int:
    """Microseconds since the epoch; of two ids the later one never comes first."""
    number = int(snowflake)
    milliseconds, low = number >> 22, number & 0x3FFFFF
    return (milliseconds + EPOCH) * 1_000 + (low * 1_000 >> 22)

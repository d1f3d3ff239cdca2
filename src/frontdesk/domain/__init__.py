"""Pure values in the desk's own words: no I/O, no clock, no asyncio."""

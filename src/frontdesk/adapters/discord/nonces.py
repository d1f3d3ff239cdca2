"""Gives every message of the desk a nonce of its own, so that Discord posts it once however often it is asked to."""

import hashlib
from base64 import urlsafe_b64encode

KNOWN_FOR = 120.0
"""Seconds for which we trust Discord to know a nonce again; it promises a few minutes."""


def nonce(marker: str, part: int, again: int = 0) -> str:
    """At most 25 characters; `again` counts the posts that were meant to be new ones."""
    name = f"{marker}\0{part}\0{again}".encode()
    return urlsafe_b64encode(hashlib.blake2b(name, digest_size=18).digest()).decode()

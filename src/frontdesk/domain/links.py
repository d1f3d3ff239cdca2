"""Whether a link goes where its label says."""

import re

_LOOKS_LIKE_ADDRESS = re.compile(r"(?:https?://|www\.|^)([\w-]+(?:\.[\w-]+)+)", re.IGNORECASE)
_HOST = re.compile(r"^[a-z][a-z0-9+.-]*://(?:[^/@?#]*@)?([^/?#:]+)", re.IGNORECASE)


def is_honest(label: str, url: str) -> bool:
    """False when the label is an address on another host than the link's own."""
    shown = _LOOKS_LIKE_ADDRESS.search(label)
    host = _HOST.match(url)
    if shown is None or host is None or "." not in shown[1]:
        return True
    is_same = host[1].casefold().removeprefix("www.") == shown[1].casefold().removeprefix("www.")
    looks_like_address = "://" in label or label.casefold().startswith("www.")
    return is_same or not looks_like_address

"""Words of somebody's choosing, put into a text of ours or of somebody else's."""

import re

_MARK = re.compile(r"[\\`*_\[\]<>~|#]")
_LINK = re.compile(r":(?=//)|\](?=\()")
_JOINER = "\u2060"
"""Invisible, and keeps from being a link what looks like one."""


def as_words(text: str) -> str:
    """One line of Markdown that shows the words as they are: no mark in them works, and no address can be followed."""
    line = _LINK.sub(lambda mark: f"{mark[0]}{_JOINER}", " ".join(text.split()))
    return _MARK.sub(lambda mark: f"\\{mark[0]}", line)

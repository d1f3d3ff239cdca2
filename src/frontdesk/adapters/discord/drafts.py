"""How much of a reply that is still being written can be shown: nothing half open, nothing that will look different."""

import re

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_OPEN_LINK = re.compile(r"\[[^\[\]]*(?:\]\([^)]*)?\Z")
"""A link that is being written; a citation is none."""
_BEGINS_A_BLOCK = ("`", "~", "|", ">")
_HELD_BACK = 200
"""Characters for which the end of an emphasis is waited for."""
_LONGEST_LINK = 2_000
_LOOKED_AT = 100
"""Places to stop at that are tried, from the end: each is a look through the whole line."""


def settled(said: str, since: int = 0) -> int:
    """How many characters of a growing text can be shown; never fewer than `since`, what it was before."""
    start = said.rfind("\n") + 1
    line = said[start:]
    seen = max(0, since - start)
    gaps = list(re.finditer(r"\s", line[seen:]))[-_LOOKED_AT:]
    for found in reversed(gaps):
        end = seen + found.end()
        if not _is_open(line[:end], held=len(line) - end):
            return start + end
    return max(start, since)


def shown(text: str) -> str:
    """Settled text as it can stand in a message: a code fence that is open is closed, an empty one is left out."""
    fence, at = "", 0
    place = 0
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line.rstrip("\n"))
        if mark and fence:
            if mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence, at = mark[1], place
        place += len(line)
    if not fence:
        return text.rstrip()
    _, _, inside = text[at:].partition("\n")
    return f"{text.rstrip()}\n{fence}" if inside.strip() else text[:at].rstrip()


def _is_open(head: str, held: int) -> bool:
    """Whether something begins in this piece of a line that has not ended."""
    if head.lstrip().startswith(_BEGINS_A_BLOCK) or not re.search(r"\w", head):
        return True
    if head.count("`") % 2 or _OPEN_LINK.search(head[-_LONGEST_LINK:]) or head.rfind("<") > head.rfind(">"):
        return True
    return held < _HELD_BACK and bool(head.count("**") % 2 or head.count("~~") % 2)

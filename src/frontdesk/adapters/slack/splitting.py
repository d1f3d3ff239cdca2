"""Splits Markdown into parts that each fit a message and read well on their own."""

import re
from typing import NamedTuple

LIMIT = 11_000
"""Characters of Markdown in one message; Slack takes 12,000, and a little must remain for what stands below."""

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)\n?$")
_DELIMITER = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*\n?$")
_WHOLE = re.compile(r"!?\[[^\[\]\n]*\]\([^()\n]*\)|(?<!`)(`++).{1,2000}?(?<!`)\1(?!`)|https?://\S+|&#?\w{1,32};")


class Part(NamedTuple):
    """One message's worth; the `text` of all parts together is the whole text, unchanged."""

    text: str
    opened: str = ""
    """Put in front to go on with a code fence or a table."""
    closed: str = ""
    """Put behind to end a code fence that goes on in the next part."""

    @property
    def markdown(self) -> str:
        return f"{self.opened}{self.text}{self.closed}"


class _Unit(NamedTuple):
    """What is never split, with what a part needs that begins or ends in front of it."""

    text: str
    opened: str = ""
    closed: str = ""
    is_good_start: bool = False
    """A paragraph begins here."""


def split(text: str, limit: int = LIMIT) -> tuple[Part, ...]:
    """The parts of `text`; one, when it fits."""
    if len(text) <= limit:
        return (Part(text),)
    units = _units(text, limit)
    parts = []
    start = 0
    while start < len(units):
        end = _end(units, start, limit)
        closed = units[end].closed if end < len(units) else ""
        parts.append(Part("".join(u.text for u in units[start:end]), units[start].opened, closed))
        start = end
    return tuple(parts)


def _end(units: list[_Unit], start: int, limit: int) -> int:
    """Where the part that begins at `start` ends: at a paragraph if one ends late enough."""
    size = len(units[start].opened)
    end = start
    good = calm = 0
    while end < len(units):
        size += len(units[end].text)
        closed = len(units[end + 1].closed) if end + 1 < len(units) else 0
        if size + closed > limit and end > start:
            break
        end += 1
        if end < len(units) and size > limit // 2:
            good = end if units[end].is_good_start else good
            calm = end if not units[end].opened and not units[end].closed else calm
    if end == len(units):
        return end
    return good or calm or end


def _units(text: str, limit: int) -> list[_Unit]:
    units: list[_Unit] = []
    fence = opened = ""
    header = ""
    lines = text.splitlines(keepends=True)
    lines = _only_newlines(lines)
    was_blank = True
    i = 0
    while i < len(lines):
        line = lines[i]
        mark = _FENCE.match(line)
        if fence:
            units += _in_fence(line, opened, fence, limit)
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence = mark[1]
            opened = line if line.endswith("\n") and len(line) <= limit // 8 else f"{fence}\n"
            units += _pieces(line, limit, is_good_start=was_blank)
        elif header and "|" in line:
            units += _pieces(line, limit, opened=header)
        elif "|" in line and i + 1 < len(lines) and "|" in lines[i + 1] and _DELIMITER.match(lines[i + 1]):
            whole = line + lines[i + 1]
            header = whole if len(whole) <= limit // 8 and whole.endswith("\n") else ""
            units += _pieces(whole, limit, is_good_start=True)
            i += 1
        else:
            header = ""
            units += _pieces(line, limit, is_good_start=was_blank and bool(line.strip()))
        was_blank = not line.strip()
        i += 1
    return units


def _only_newlines(lines: list[str]) -> list[str]:
    """`splitlines` also breaks at characters that Markdown takes for text: join those again."""
    joined: list[str] = []
    for line in lines:
        if joined and not joined[-1].endswith("\n"):
            joined[-1] += line
        else:
            joined.append(line)
    return joined


def _in_fence(line: str, opened: str, fence: str, limit: int) -> list[_Unit]:
    pieces = _cut(line, limit // 2)
    first = _Unit(pieces[0], opened, fence)
    return [first, *(_Unit(piece, opened, f"\n{fence}") for piece in pieces[1:])]


def _pieces(line: str, limit: int, *, opened: str = "", is_good_start: bool = False) -> list[_Unit]:
    first, *rest = _cut(line, limit // 2)
    return [_Unit(first, opened, "", is_good_start), *(_Unit(piece) for piece in rest)]


def _cut(line: str, most: int) -> list[str]:
    """A line in pieces of at most `most`, cut at spaces and outside links, code, addresses and entities."""
    pieces = []
    while len(line) > most:
        at = _cut_at(line, most)
        pieces.append(line[:at])
        line = line[at:]
    return [*pieces, line] if line or not pieces else pieces


def _cut_at(line: str, most: int) -> int:
    spans = [span.span() for span in _WHOLE.finditer(line[: most * 2])]
    inside = {at for start, end in spans for at in range(start + 1, end)}
    for at in range(most, most // 2, -1):
        if line[at - 1].isspace() and at not in inside:
            return at
    for at in range(most, 1, -1):
        if at not in inside:
            return at
    return most

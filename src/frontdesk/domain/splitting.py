"""Splits Markdown into parts that each fit a message and read well on their own."""

import re
from collections.abc import Callable
from typing import NamedTuple

Measure = Callable[[str], int]
"""How long a platform thinks a text is; never less than its characters, never more than twice as much."""

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)\n?$")
_DELIMITER = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*\n?$")
_WHOLE = re.compile(
    r"!?\[[^\[\]\n]*\]\((?:<[^<>\n]*>|[^()\n]*)\)|(?<!`)(`++).{1,2000}?(?<!`)\1(?!`)"
    r"|<[^<>\s]{1,2000}>|\\[^\w\s]|https?://\S+|&#?\w{1,32};"
)


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


class _Room(NamedTuple):
    """What fits into a part."""

    limit: int
    measure: Measure

    def prefix(self, text: str, most: int) -> int:
        """How many characters of `text` fit into `most`."""
        at = min(len(text), most)
        while (excess := self.measure(text[:at]) - most) > 0:
            at -= -(-excess // 2)
        return max(at, 1)


class _Unit(NamedTuple):
    """What is never split, with what a part needs that begins or ends in front of it."""

    text: str
    opened: str = ""
    closed: str = ""
    is_good_start: bool = False
    """A paragraph begins here."""


def utf16(text: str) -> int:
    """The length in units of UTF-16, in which a character outside the basic plane counts twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int, measure: Measure = len) -> tuple[Part, ...]:
    """The parts of `text`; one, when it fits."""
    if measure(text) <= limit:
        return (Part(text),)
    units = _units(text, _Room(limit, measure))
    parts = []
    start = 0
    while start < len(units):
        end = _end(units, start, _Room(limit, measure))
        closed = units[end].closed if end < len(units) else ""
        parts.append(Part("".join(u.text for u in units[start:end]), units[start].opened, closed))
        start = end
    return tuple(parts)


def _end(units: list[_Unit], start: int, room: _Room) -> int:
    """Where the part that begins at `start` ends: at a paragraph if one ends late enough."""
    size = room.measure(units[start].opened)
    end = start
    good = calm = 0
    while end < len(units):
        size += room.measure(units[end].text)
        closed = room.measure(units[end + 1].closed) if end + 1 < len(units) else 0
        if size + closed > room.limit and end > start:
            break
        end += 1
        if end < len(units) and size > room.limit // 2:
            good = end if units[end].is_good_start else good
            calm = end if not units[end].opened and not units[end].closed else calm
    if end == len(units):
        return end
    return good or calm or end


def _units(text: str, room: _Room) -> list[_Unit]:
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
            units += _in_fence(line, opened, fence, room)
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence = mark[1]
            opened = line if line.endswith("\n") and room.measure(line) <= room.limit // 8 else f"{fence}\n"
            units += _pieces(line, room, is_good_start=was_blank)
        elif header and "|" in line:
            units += _pieces(line, room, opened=header)
        elif "|" in line and i + 1 < len(lines) and "|" in lines[i + 1] and _DELIMITER.match(lines[i + 1]):
            whole = line + lines[i + 1]
            header = whole if room.measure(whole) <= room.limit // 8 and whole.endswith("\n") else ""
            units += _pieces(whole, room, is_good_start=True)
            i += 1
        else:
            header = ""
            units += _pieces(line, room, is_good_start=was_blank and bool(line.strip()))
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


def _in_fence(line: str, opened: str, fence: str, room: _Room) -> list[_Unit]:
    pieces = _cut(line, room)
    first = _Unit(pieces[0], opened, fence)
    return [first, *(_Unit(piece, opened, f"\n{fence}") for piece in pieces[1:])]


def _pieces(line: str, room: _Room, *, opened: str = "", is_good_start: bool = False) -> list[_Unit]:
    first, *rest = _cut(line, room)
    return [_Unit(first, opened, "", is_good_start), *(_Unit(piece) for piece in rest)]


def _cut(line: str, room: _Room) -> list[str]:
    """A line in pieces of at most half a part, cut at spaces and outside links, code, addresses and entities."""
    most = room.limit // 2
    pieces = []
    while room.measure(line) > most:
        at = _cut_at(line, room.prefix(line, most))
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

"""Splits an article's Markdown into passages that know which heading they stand under."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from semantic_text_splitter import MarkdownSplitter

from frontdesk.domain.ids import ArticleId
from frontdesk.domain.knowledge import Passage

CHARACTERS: Final = (600, 1200)
"""How long a passage should and may be."""

BETWEEN: Final = " › "
_MARKDOWN: Final = MarkdownIt("commonmark")
_BLOCKS: Final = MarkdownIt("commonmark").disable("inline")
"""What stands within paragraphs is not looked at: it tells nothing here, and can be written to take for ever."""
_LONGEST_HEADING: Final = 300


class _Heading(NamedTuple):
    start: int
    """Character offset of its line."""
    end: int
    level: int
    text: str


def first_heading(markdown: str) -> str | None:
    return next((heading.text for heading in _headings(markdown) if heading.text), None)


def split(article: ArticleId, title: str, url: str | None, markdown: str) -> Iterator[Passage]:
    headings = _headings(markdown)
    for start, piece in MarkdownSplitter(CHARACTERS).chunk_indices(markdown):
        spoken = _places_with_text(piece, start, headings)
        if not spoken:
            continue
        paths = [_path(headings, place) for place in spoken]
        shared = [parts[0] for parts in takewhile(_is_one, zip(*paths, strict=False))]
        below = [part for part in shared if part != title]
        yield Passage(article=article, title=BETWEEN.join((title, *below)), text=piece.strip(), url=url)


def _headings(markdown: str) -> Sequence[_Heading]:
    starts = [0]
    for line in markdown.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    tokens = _BLOCKS.parse(markdown)
    found = []
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open" or opening.map is None:
            continue
        first, behind = opening.map
        text = "".join(part.content for part in _in_line(inline.content) if part.type in ("text", "code_inline"))
        last = min(behind, len(starts) - 1)
        found.append(_Heading(starts[min(first, len(starts) - 1)], starts[last], int(opening.tag[1:]), text.strip()))
    return found


def _in_line(heading: str) -> Sequence[Token]:
    return _MARKDOWN.parseInline(heading[:_LONGEST_HEADING])[0].children or ()


def _places_with_text(piece: str, start: int, headings: Sequence[_Heading]) -> list[int]:
    """Offsets of the piece's lines that say something and are no headings."""
    places = []
    at = start
    for line in piece.splitlines(keepends=True):
        inside = bisect_right(headings, at, key=lambda h: h.start) - 1
        if line.strip() and not (inside >= 0 and at < headings[inside].end):
            places.append(at)
        at += len(line)
    return places


def _path(headings: Sequence[_Heading], place: int) -> list[str]:
    """The headings in force at a place, outermost first."""
    path: list[_Heading] = []
    for heading in headings[: bisect_right(headings, place, key=lambda h: h.start)]:
        path = [outer for outer in path if outer.level < heading.level] + [heading]
    return [heading.text for heading in path if heading.text]


def _is_one(parts: Sequence[str]) -> bool:
    return len(set(parts)) == 1

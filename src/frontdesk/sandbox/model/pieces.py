"""Cuts an article passage into the pieces an answer may quote: sentences, list items, table rows, code."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from markdown_it import MarkdownIt

from frontdesk.sandbox.model.words import stems

Kind = Literal["sentence", "step", "item", "row", "table head", "code"]


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    kind: Kind
    block: int
    """Pieces of one paragraph, list or table share the number of their block."""
    heading: str
    words: frozenset[str]


_MARKDOWN = MarkdownIt("commonmark").enable("table")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”')]*\s+(?=[\"“„'(*\[]*[A-ZÄÖÜÀÉÈÊÇÑ0-9¿¡])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|z\.\s?B|d\.\s?h|u\.\s?a|bzw|ca|approx|etc|no|Nr|St|Mr|Ms|Dr|inkl|incl|\d))\.$"
)


@lru_cache(maxsize=2048)
def pieces_of(text: str, language: str) -> tuple[Piece, ...]:
    """Every piece of a Markdown text in its order."""
    lines = text.splitlines()
    heading = ""
    found: list[Piece] = []
    block = 0
    ordered = False
    columns: frozenset[str] = frozenset()
    for token in _MARKDOWN.parse(text):
        if token.map is None:
            continue
        source = "\n".join(lines[token.map[0] : token.map[1]]).strip()
        parts: list[tuple[str, Kind]] = []
        match token.type:
            case "heading_open":
                heading = source.lstrip("#").strip()
            case "paragraph_open" if token.level == 0:
                parts = [(sentence, "sentence") for sentence in sentences(source)]
            case "bullet_list_open" | "ordered_list_open" if token.level == 0:
                ordered = token.type.startswith("ordered")
            case "list_item_open" if token.level == 1:
                parts = [(source, "step" if ordered else "item")]
            case "table_open":
                head, rows = source.splitlines()[:2], source.splitlines()[2:]
                columns = stems(head[0], language)
                parts = [("\n".join(head), "table head"), *((row, "row") for row in rows)]
            case "fence" if token.level == 0:
                parts = [(source, "code")]
            case _:
                continue
        if token.type != "list_item_open":
            block += 1
        for part, kind in parts:
            words = stems(part, language)
            found.append(Piece(part, kind, block, heading, words | columns if kind == "row" else words))
    return tuple(found)


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph, without breaking after common abbreviations and ordinals."""
    found: list[str] = []
    for part in _SENTENCE_END.split(" ".join(paragraph.split())):
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] += " " + part
        else:
            found.append(part)
    return [sentence for sentence in found if sentence]

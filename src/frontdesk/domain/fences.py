"""Puts a block of code on lines of its own, as Markdown wants it and chat platforms do not."""

import re

_RUN = re.compile(r"`{3,}")


def fenced(code: str, language: str = "") -> str:
    """The block, its fence longer than any in the code."""
    fence = "`" * max([3, *(len(run) + 1 for run in _RUN.findall(code))])
    inside = code.removeprefix("\n").removesuffix("\n")
    return f"{fence}{language}\n{inside}\n{fence}"


def with_blocks(pieces: list[tuple[str, bool]]) -> str:
    """Prose and blocks (True) one after the other, each block on lines of its own."""
    text = ""
    was_block = False
    for piece, is_block in pieces:
        if not piece:
            continue
        beside_block = bool(text) and (is_block or was_block)
        words = piece.lstrip(" \t") if beside_block and not is_block else piece
        if beside_block:
            text = text.rstrip(" \t")
            text += "" if text.endswith("\n") or words.startswith("\n") else "\n"
        text += words
        was_block = is_block
    return text

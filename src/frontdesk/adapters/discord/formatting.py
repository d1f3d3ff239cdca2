"""Writes the desk's Markdown as Discord shows it: what Discord has not becomes what reads well there."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.tree import SyntaxTreeNode

from frontdesk.adapters.discord import escaping
from frontdesk.domain.splitting import split, utf16

_AT_ONCE = 6000
"""Characters that are read in one go; the parser's effort grows faster than the text."""
_TABLE_WIDTH = 60
"""Columns of a table that still reads well as code on a small screen."""
_TABLE_SIZE = 1500
"""Of one block; a longer table goes on in the next, with its header."""
_SPOILER = "\ue001"
"""Stands for `||` until its partner is found; `escaping.tidy` has taken it out of what others write."""
_HIDDEN = re.compile(rf"{_SPOILER}(?=\S)([^{_SPOILER}]+)(?<=\S){_SPOILER}")
_ADDRESS = re.compile(r"://(?:[^\s<>\[\]()`\"|*\\]|\([^\s<>\[\]()`\"|*\\]*\))+")
_MARKS = {"strong": "**", "em": "*", "s": "~~"}


class _Line(NamedTuple):
    text: str
    is_code: bool = False
    """Stays at the left margin: Discord knows a block of code only there."""


def markdown(text: str, *, masked: bool = True) -> str:
    """Discord's Markdown. With `masked` a link may have a label in place of its address."""
    written = ""
    for piece in split(escaping.tidy(text), _AT_ONCE):
        written += _written(piece.markdown, masked=masked) + ("\n\n" if piece.text.endswith("\n\n") else "\n")
    return written.strip("\n")


def _written(text: str, *, masked: bool) -> str:
    tree = SyntaxTreeNode(_parser.parse(text))
    writer = _Writer(text.split("\n"), masked=masked)
    return "\n".join(line.text for line in writer.blocks(tree.children))


class _Writer:
    """One text's way to Discord."""

    def __init__(self, source: Sequence[str], *, masked: bool) -> None:
        self._source = source
        self._masked = masked

    def blocks(self, nodes: Sequence[SyntaxTreeNode], *, in_list: bool = False) -> list[_Line]:
        lines: list[_Line] = []
        for node in nodes:
            if lines and not in_list and self._stands_apart(node):
                lines.append(_Line(""))
            lines += self._block(node, in_list=in_list)
        return lines

    def _stands_apart(self, node: SyntaxTreeNode) -> bool:
        """A blank line is above it."""
        first = node.map[0] if node.map else 0
        return first > 0 and not self._source[first - 1].strip(" >\t")

    def _block(self, node: SyntaxTreeNode, *, in_list: bool) -> Iterator[_Line]:
        match node.type:
            case "paragraph":
                yield from self._paragraph(node)
            case "heading":
                yield from self._heading(node, in_list=in_list)
            case "bullet_list" | "ordered_list":
                yield from self._list(node)
            case "blockquote":
                for line in self.blocks(node.children):
                    yield line if line.is_code else _Line(f"> {line.text.removeprefix('> ')}")
            case "fence" | "code_block":
                yield from _code(node.content, node.info)
            case "hr":
                yield _Line("───")
            case "table":
                yield from self._table(node)
            case _:
                for child in node.children:
                    yield from self._block(child, in_list=in_list)

    def _paragraph(self, node: SyntaxTreeNode) -> Iterator[_Line]:
        written = "".join(self._inline(child) for child in node.children)
        for line in escaping.line_starts(written).split("\n"):
            yield _Line(line)

    def _heading(self, node: SyntaxTreeNode, *, in_list: bool) -> Iterator[_Line]:
        title = " ".join("".join(self._inline(child) for child in node.children).split())
        level = int(node.tag[1:])
        if title and level <= 3 and not in_list:
            yield _Line(f"{'#' * level} {title}")
        elif title:
            yield _Line(title if "**" in title else f"**{title}**")

    def _list(self, node: SyntaxTreeNode) -> Iterator[_Line]:
        number = int(node.attrs.get("start", 1))
        for item in node.children:
            mark = "- " if node.type == "bullet_list" else f"{number}. "
            number += 1
            lines = self.blocks(item.children, in_list=True)
            if not lines or lines[0].is_code:
                lines.insert(0, _Line(""))
            yield _Line(f"{mark}{lines[0].text}")
            for line in lines[1:]:
                yield line if line.is_code else _Line(" " * len(mark) + line.text)

    def _table(self, node: SyntaxTreeNode) -> Iterator[_Line]:
        rows = [row.children for section in node.children for row in section.children]
        cells = [[_plain(cell) for cell in row] for row in rows]
        widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
        has_links = any(n.type in ("link", "image", "address") for row in rows for cell in row for n in cell.walk())
        if has_links or len(widths) < 2 or sum(widths) + 2 * len(widths) > _TABLE_WIDTH:
            yield from self._rows_as_list(rows)
            return
        is_right = ["right" in str(cell.attrs.get("style", "")) for cell in rows[0]]
        aligned = ["  ".join(map(_padded, row, widths, is_right)).rstrip() for row in cells]
        header = [aligned[0], "  ".join("-" * width for width in widths)]
        block = list(header)
        for row in aligned[1:]:
            if utf16("\n".join([*block, row])) > _TABLE_SIZE:
                yield from _code("\n".join(block))
                block = list(header)
            block.append(row)
        yield from _code("\n".join(block))

    def _rows_as_list(self, rows: Sequence[Sequence[SyntaxTreeNode]]) -> Iterator[_Line]:
        header, *rest = [[" ".join(self._cell(cell).split()) for cell in row] for row in rows]
        for row in rest or [header]:
            first = row[0] if "**" in row[0] or not row[0] else f"**{row[0]}**"
            yield _Line(f"- {first}")
            for name, cell in list(zip(header, row, strict=True))[1:]:
                if cell:
                    yield _Line(f"  - {name}: {cell}" if name and rest else f"  - {cell}")

    def _cell(self, node: SyntaxTreeNode) -> str:
        return "".join(self._inline(child) for child in node.children)

    def _inline(self, node: SyntaxTreeNode) -> str:
        """The words of one paragraph, heading or cell."""
        written = self._words(node.children)
        written = _HIDDEN.sub(r"||\1||", written)
        return written.replace(_SPOILER, r"\|\|")

    def _words(self, nodes: Sequence[SyntaxTreeNode]) -> str:
        written = ""
        for node in nodes:
            word = self._word(node)
            # Two neighbours must not make a link, a mention or a longer run of backticks that none of them is.
            parted = written.endswith("<") or (written[-1:], word[:1]) in (("]", "("), ("`", "`"))
            written += f"{escaping.JOINER}{word}" if parted else word
        return written

    def _word(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "text":
                return _SPOILER.join(escaping.words(part) for part in node.content.split("||"))
            case "softbreak" | "hardbreak":
                return "\n"
            case "code_inline":
                return escaping.code(node.content)
            case "address":
                return escaping.link(node.content, "")
            case "link":
                return escaping.link(str(node.attrs.get("href") or ""), self._words(node.children), masked=self._masked)
            case "image":
                return escaping.link(str(node.attrs.get("src") or ""), self._words(node.children), masked=self._masked)
            case kind if kind in _MARKS:
                inside = self._words(node.children)
                return f"{_MARKS[kind]}{inside}{_MARKS[kind]}" if inside.strip() else inside
            case _:
                return escaping.words(node.content) + self._words(node.children)


def _code(text: str, info: str = "") -> Iterator[_Line]:
    for line in escaping.code_block(text, info.strip()):
        yield _Line(line, is_code=True)


def _plain(node: SyntaxTreeNode) -> str:
    return " ".join("".join(n.content for n in node.walk() if n.type in ("text", "code_inline")).split())


def _width(text: str) -> int:
    """Columns on a screen."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )  # fmt: skip


def _padded(text: str, width: int, is_right: bool) -> str:
    room = " " * (width - _width(text))
    return f"{room}{text}" if is_right else f"{text}{room}"


def _bare_address(state: StateInline, silent: bool) -> bool:
    """An address in prose: no sign in it is a mark of formatting."""
    if not state.src.startswith("://", state.pos):
        return False
    scheme = re.search(r"https?\Z", state.src[max(0, state.pos - 5) : state.pos], re.IGNORECASE)
    found = _ADDRESS.match(state.src, state.pos, state.posMax)
    if scheme is None or found is None or (not silent and not state.pending.endswith(scheme[0])):
        return False
    rest = found[0].rstrip(".,;:!?'_~")
    if len(rest) <= len("://"):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        token = state.push("address", "", 0)
        token.content = scheme[0] + rest
    state.pos += len(rest)
    return True


_parser = (
    MarkdownIt("commonmark")
    .enable(["strikethrough", "table"])
    .disable(["entity", "html_inline", "html_block", "reference", "lheading"])  # in a chat these are just words
)
_parser.inline.ruler.after("text", "address", _bare_address)

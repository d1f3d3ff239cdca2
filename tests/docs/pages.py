"""The pages that people read, and what stands in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = sorted([README, ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    kind: str
    text: str


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(kind: str, pages: list[Path] = PAGES) -> list[Block]:
    return [block for page in pages for block in _blocks(page) if block.kind == kind]


def _blocks(page: Path) -> Iterator[Block]:
    for indent, kind, text in _FENCE.findall(page.read_text(encoding="utf-8")):
        lines = [line.removeprefix(indent) for line in text.splitlines()]
        yield Block(name_of(page), kind, "\n".join(lines))


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    return _LINK.findall(prose(page))


def code_spans(page: Path) -> list[str]:
    return _CODE.findall(prose(page))


def commands(page: Path) -> list[str]:
    """Every line of the page's shell blocks."""
    return [line.strip() for block in blocks("sh", [page]) for line in block.text.splitlines() if line.strip()]

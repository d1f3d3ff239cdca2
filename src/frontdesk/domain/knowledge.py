"""Articles, the passages they are split into, and citations of them."""

from typing import Literal

from frontdesk.domain.ids import ArticleId
from frontdesk.domain.value import Value

Audience = Literal["public", "staff"]


class Passage(Value):
    """A piece of an article, small enough to quote to the model."""

    article: ArticleId
    title: str
    """The article's title, with the heading the passage stands under where there is one."""
    text: str
    url: str | None = None


class Article(Value):
    """One article of the team's own knowledge."""

    id: ArticleId
    title: str
    url: str | None = None
    """Where a customer can read it."""
    audience: Audience = "public"
    language: str = ""
    """ISO 639-1, empty when unknown."""
    digest: str
    """SHA-256 of the source, to see what changed."""
    passages: tuple[Passage, ...]


class Found(Value):
    """A passage that search brought up."""

    passage: Passage
    score: float
    """The ranking's own figure; comparable within one search only."""
    coverage: float
    """0 to 1: how much of what the question asks about, weighted by rarity, the passage speaks of."""


class Citation(Value):
    """A pointer to an article, as the customer sees it."""

    number: int
    title: str
    article: ArticleId
    url: str | None = None


class IngestReport(Value):
    """What reading a folder of articles changed."""

    version: str
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    """(path, why) of each file that could not be used."""
    passages: int = 0

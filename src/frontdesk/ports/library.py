"""The team's articles, as the desk asks them."""

from collections.abc import Collection, Sequence
from typing import Protocol

from frontdesk.domain.ids import ArticleId
from frontdesk.domain.knowledge import Article, Audience, Found


class Library(Protocol):
    async def search(self, query: str, audience: Audience = "public", limit: int = 6) -> Sequence[Found]:
        """The passages that speak of the query, best first; from the articles as they are at this moment."""
        ...

    async def held(self, articles: Collection[ArticleId]) -> frozenset[ArticleId]:
        """Those of the articles that are still there."""
        ...


class Shelf(Protocol):
    """Where the articles are kept for every process to read."""

    async def version(self) -> str | None:
        """Name of the present edition; None when nothing was ever put there."""
        ...

    async def read(self, version: str) -> Sequence[Article] | None:
        """All articles of an edition; None when it is gone."""
        ...

    async def replace(self, version: str, articles: Sequence[Article]) -> None:
        """Make this the edition everybody reads, in one step."""
        ...

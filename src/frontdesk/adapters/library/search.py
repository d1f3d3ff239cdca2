"""The library as the desk asks it: always the edition that is on the shelf at this moment."""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from frontdesk.adapters.library import language
from frontdesk.domain.errors import Retry
from frontdesk.domain.ids import ArticleId
from frontdesk.domain.knowledge import Article, Audience, Found
from frontdesk.ports.library import Shelf

if TYPE_CHECKING:
    from frontdesk.adapters.library.index import Index

LOOKS = 5
"""How often an edition may vanish between its name and its articles before we give up."""


class LibrarySearch:
    """Implements `ports.library.Library`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._index: Index | None = None
        self._building = asyncio.Lock()

    async def prepare(self) -> None:
        """Load and build all that the first question needs. A courtesy: never raises."""
        await asyncio.to_thread(language.load)
        with contextlib.suppress(Retry):
            await self._current()

    async def search(self, query: str, audience: Audience = "public", limit: int = 6) -> Sequence[Found]:
        index = await self._current()
        return index.search(query, audience, limit)

    async def held(self, articles: Collection[ArticleId]) -> frozenset[ArticleId]:
        return (await self._current()).articles.intersection(articles)

    async def _current(self) -> "Index":
        """The index of the present edition; whoever comes while it is built waits for it. Raises Retry."""
        if self._index is not None and await self._shelf.version() == self._index.version:
            return self._index
        async with self._building:
            for _ in range(LOOKS):
                version = await self._shelf.version()
                if self._index is not None and version == self._index.version:
                    return self._index
                articles = await self._shelf.read(version) if version is not None else ()
                if articles is not None:
                    self._index = await asyncio.to_thread(_built, version, articles)
        raise Retry("the articles change faster than they can be read")


def _built(version: str | None, articles: Sequence[Article]) -> "Index":
    from frontdesk.adapters.library.index import Index  # noqa: PLC0415 - brings numpy, which no start waits for

    return Index(version, articles)

"""The library as the desk asks it: always the edition that is on the shelf at this moment."""

import asyncio
import contextlib
from collections.abc import Collection, Sequence

from frontdesk.adapters.library import language
from frontdesk.adapters.library.index import Index
from frontdesk.domain.errors import Retry
from frontdesk.domain.ids import ArticleId
from frontdesk.domain.knowledge import Audience, Found
from frontdesk.ports.library import Shelf

LOOKS = 5
"""How often an edition may vanish between its name and its articles before we give up."""


class LibrarySearch:
    """Implements `ports.library.Library`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._index = Index(None, ())
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

    async def _current(self) -> Index:
        """The index of the present edition; whoever comes while it is built waits for it. Raises Retry."""
        if await self._shelf.version() == self._index.version:
            return self._index
        async with self._building:
            for _ in range(LOOKS):
                version = await self._shelf.version()
                if version == self._index.version:
                    return self._index
                articles = await self._shelf.read(version) if version is not None else ()
                if articles is not None:
                    self._index = await asyncio.to_thread(Index, version, articles)
        raise Retry("the articles change faster than they can be read")

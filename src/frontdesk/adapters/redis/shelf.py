"""The articles in Redis: editions that every process reads, and a pointer to the present one."""

from collections.abc import Sequence
from typing import cast

from frontdesk.adapters.redis import codec, keys
from frontdesk.adapters.redis.connection import Connection
from frontdesk.domain.errors import Retry
from frontdesk.domain.knowledge import Article

_OLD_EDITION_SECONDS = 3600
"""Long enough for a reader that asked for the version just before it was replaced."""
_TITLE_PAGE = ""
"""A field that every edition has, so that an edition without articles is not an edition that is gone."""
_AT_ONCE = 100


class RedisShelf:
    """Implements `frontdesk.ports.library.Shelf`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def version(self) -> str | None:
        found = await self._connection.do("GET", keys.LIBRARY_CURRENT)
        return None if found is None else codec.text(found)

    async def read(self, version: str) -> Sequence[Article] | None:
        fields = cast(Sequence[bytes], await self._connection.do("HVALS", keys.edition(version)))
        if not fields:
            return None
        articles = codec.readable(Article, (field for field in fields if field))
        return sorted(articles, key=lambda article: article.id)

    async def replace(self, version: str, articles: Sequence[Article]) -> None:
        edition = keys.edition(version)
        pages = [word for article in articles for word in (article.id, codec.packed(article))]
        batches = [pages[at : at + 2 * _AT_ONCE] for at in range(0, len(pages), 2 * _AT_ONCE)]
        await self._connection.do_all(
            [
                ("DEL", edition),
                ("HSET", edition, _TITLE_PAGE, ""),
                *(("HSET", edition, *batch) for batch in batches),
                ("EXPIRE", edition, _OLD_EDITION_SECONDS),
            ]
        )
        shelved = await self._connection.run_on(
            "shelve", (keys.LIBRARY_CURRENT, edition), version, keys.LIBRARY_EDITION, _OLD_EDITION_SECONDS
        )
        if not shelved:
            raise Retry("the edition went away while it was put on the shelf")
